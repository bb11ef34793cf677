"""Formats the entries of a conversation: author, time, text or tool calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openai_cli.cli.run_outcome import why_ended
from openai_cli.engine import serialize
from openai_cli.engine.store import MessageRecord, StepRecord
from openai_cli.errors import MESSAGE_LIMIT, shortened
from openai_cli.output.json_layout import Number
from openai_cli.output.phrases import calls, inline, moment
from openai_cli.output.reply import message_text
from openai_cli.output.terminal import harmless

if TYPE_CHECKING:
    from openai_cli.engine.conversation import Entry
    from openai_cli.engine.store import RunRecord, ThreadRecord


class ConversationText:
    """Lays out entries. With `safe`, control characters are escaped, for terminals.

    Texts are indented, so that a message cannot imitate the heading of another one.
    """

    def __init__(self, *, safe: bool, colour: bool) -> None:
        self._safe = safe
        self._colour = colour

    def head(self, thread: ThreadRecord) -> str:
        """The heading of the thread: its id and time."""
        return self._line(thread.id, thread.created_at)

    def entry(self, entry: Entry) -> str:
        """An entry, with an empty line before it."""
        if isinstance(entry, MessageRecord):
            return self._message(entry)
        if isinstance(entry, StepRecord):
            tools = "\n".join(map(_call, entry.details.get("tool_calls", ())))
            return self._block("tool calls", entry.created_at, tools)
        return self._run(entry)

    def _message(self, message: MessageRecord) -> str:
        state = "" if message.status == "completed" else message.status.replace("_", " ")
        reason = f": {message.incomplete_reason}" if message.incomplete_reason else ""
        said = message_text(serialize.message(message))
        return self._block(message.role, message.created_at, said, state + reason)

    def _run(self, run: RunRecord) -> str:
        shown = serialize.run(run)
        about = "\n".join([f"{run.id}{why_ended(shown)}", *calls(run.required_action)])
        return self._block(f"run {run.status.replace('_', ' ')}", run.created_at, about)

    def _block(self, who: str, time: int, text: str, more: str = "") -> str:
        shown = harmless(text) if self._safe else text
        lines = [f"  {line}\n" if line else "\n" for line in shown.splitlines()]
        return "\n" + self._line(who, time, more) + "".join(lines)

    def _line(self, who: str, time: int, more: str = "") -> str:
        shown = harmless(who, lines=False) if self._safe else who
        name = f"\x1b[1m{shown}\x1b[0m" if self._colour else shown
        words = [name, moment(Number(time)), more]
        return "  ".join(word for word in words if word) + "\n"


def _call(call: Any) -> str:
    """A tool call on one line, with its output if there is one."""
    kind = str(call.get("type"))
    inner = call.get(kind)
    if kind != "function" or not isinstance(inner, dict):
        return shortened(" ".join(f"{kind} {inline(inner)}".split()), MESSAGE_LIMIT)
    made = f"{inline(inner.get('name'))}({inline(inner.get('arguments', ''))})"
    output = inner.get("output")
    given = "" if output is None else f" → {inline(output)}"
    return shortened(" ".join(f"{made}{given}".split()), MESSAGE_LIMIT)
