"""The documented commands in `tests/data/facts/operations.json`, with a value for every flag."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FACTS = Path(__file__).parents[1] / "data" / "facts"
_CONTENT_FIELD = "step_details.tool_calls[*].file_search.results[*].content"

_VALUES: dict[str, tuple[str, Any]] = {
    "--metadata": ("{team: core, n: '1'}", {"team": "core", "n": "1"}),
    "--response-format": ("{type: json_object}", {"type": "json_object"}),
    "--tool-choice": ("{type: function, function: {name: f}}",
                      {"type": "function", "function": {"name": "f"}}),
    "--tool-resources": ("{code_interpreter: {file_ids: [f1]}}",
                         {"code_interpreter": {"file_ids": ["f1"]}}),
    "--tool-resources.code-interpreter": ("{file_ids: [f1]}", {"file_ids": ["f1"]}),
    "--tool-resources.file-search": ("{vector_store_ids: [v1]}", {"vector_store_ids": ["v1"]}),
    "--truncation-strategy": ("{type: last_messages, last_messages: 3}",
                              {"type": "last_messages", "last_messages": 3}),
    "--truncation-strategy.last-messages": ("5", 5),
    "--thread": ("{messages: [{role: user, content: Hi}], metadata: {a: b}}",
                 {"messages": [{"role": "user", "content": "Hi"}], "metadata": {"a": "b"}}),
    "--thread.messages": ("[{role: user, content: Hi}]", [{"role": "user", "content": "Hi"}]),
    "--thread.metadata": ("{a: b}", {"a": "b"}),
    "--thread.tool-resources": ("{code_interpreter: {file_ids: [f1]}}",
                                {"code_interpreter": {"file_ids": ["f1"]}}),
    "--content": ("[{type: text, text: Hi}]", [{"type": "text", "text": "Hi"}]),
    "--include": (_CONTENT_FIELD, _CONTENT_FIELD),
    "--tool": ("{type: function, function: {name: f}}",
               {"type": "function", "function": {"name": "f"}}),
    "--message": ("{role: user, content: Hi}", {"role": "user", "content": "Hi"}),
    "--attachment": ("{file_id: f1, tools: [{type: file_search}]}",
                     {"file_id": "f1", "tools": [{"type": "file_search"}]}),
    "--tool-output": ("{tool_call_id: c1, output: '5'}", {"tool_call_id": "c1", "output": "5"}),
    "--attachment.tools": ("{type: file_search}", [{"type": "file_search"}]),
    "--message.attachments": ("{file_id: f1, tools: [{type: file_search}]}",
                              [{"file_id": "f1", "tools": [{"type": "file_search"}]}]),
    "--message.metadata": ("{a: b}", {"a": "b"}),
}  # fmt: skip


@dataclass(frozen=True)
class FactFlag:
    """A documented flag, with a sample text and the value that must be sent for it."""

    command: str
    facts: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.command} {self.name}"

    def __getattr__(self, key: str) -> Any:
        """The flag's entry in the facts, or None."""
        return self.facts.get(key)

    @property
    def name(self) -> str:
        return str(self.facts["flag"])

    @property
    def enum_words(self) -> list[str]:
        return self.facts.get("enum") or self.facts.get("item_enum") or []

    @property
    def is_list(self) -> bool:
        return str(self.facts.get("type", "")).startswith("array")

    @property
    def inner(self) -> list[FactFlag]:
        return [FactFlag(self.command, f) for f in self.facts.get("inner_flags") or ()]

    def sample(self) -> tuple[str, Any]:
        """A text for the flag, and the value (for a list, the element) it means."""
        name = self.name.replace("--additional-message", "--message")
        if name in _VALUES:
            return _VALUES[name]
        if self.enum_words:
            return self.enum_words[0], self.enum_words[0]
        kind = {"integer": ("7" if self.maximum else "300", 7 if self.maximum else 300),
                "number": ("0.5", 0.5), "boolean": ("true", True)}  # fmt: skip
        text = f"some {self.field} = of: mine"
        if self.field.endswith("_id") or self.field in ("after", "before"):
            text = text.replace(" ", "-")
        return kind.get(str(self.facts.get("type")), (text, text))


@dataclass(frozen=True)
class Command:
    """A documented command."""

    facts: dict[str, Any]

    def __str__(self) -> str:
        return str(self.facts["command"])

    def __getattr__(self, key: str) -> Any:
        return self.facts[key]

    @property
    def words(self) -> list[str]:
        return str(self).split()

    @property
    def flags(self) -> list[FactFlag]:
        """Its flags, without those that are never sent."""
        found = [FactFlag(str(self), facts) for facts in self.facts["flags"]]
        return [flag for flag in found if flag.location != "client"]

    @property
    def required(self) -> list[FactFlag]:
        return [flag for flag in self.flags if flag.facts["required"]]

    def args(self, flags: list[FactFlag]) -> list[str]:
        """`--flag=text` for each of the flags."""
        return [f"{flag.name}={flag.sample()[0]}" for flag in flags]

    def expected(self, flags: list[FactFlag], location: str) -> dict[str, Any]:
        """The path, query or body fields that these flags set."""
        found = {}
        for flag in flags:
            if flag.location == location:
                value = flag.sample()[1]
                found[flag.field] = [value] if flag.is_list else value
        return found


def load_commands() -> tuple[Command, ...]:
    text = (_FACTS / "operations.json").read_text(encoding="utf-8")
    return tuple(map(Command, json.loads(text)))


COMMANDS = load_commands()


def all_flags() -> Iterator[FactFlag]:
    """Every documented flag of every command, followed by its inner flags."""
    for command in COMMANDS:
        for flag in command.flags:
            yield flag
            yield from flag.inner


def command_named(name: str) -> Command:
    return next(command for command in COMMANDS if str(command) == name)
