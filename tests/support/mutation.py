"""Request bodies: valid ones, and ones with random errors."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from random import Random
from typing import Any

from tests.engine.support import FUNCTION

Body = dict[str, Any]

_PARTS = [
    {"type": "text", "text": "Hi"},
    {"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": "low"}},
    {"type": "image_file", "image_file": {"file_id": "file-1", "detail": "auto"}},
]
_ATTACHMENT = {"file_id": "file-1", "tools": [{"type": "file_search"}]}
MESSAGE: Body = {
    "role": "user",
    "content": _PARTS,
    "attachments": [_ATTACHMENT],
    "metadata": {"a": "b"},
}
_RESOURCES = {
    "code_interpreter": {"file_ids": ["file-1", "file-2"]},
    "file_search": {"vector_store_ids": ["vs_1"]},
}
_SEARCH = {
    "type": "file_search",
    "file_search": {
        "max_num_results": 5,
        "ranking_options": {"ranker": "auto", "score_threshold": 0.5},
    },
}
_SCHEMA = {"name": "a-name", "description": "x", "schema": {"type": "object"}, "strict": None}
_CALL = {
    "type": "function",
    "function": {
        "name": "look_up",
        "description": "x",
        "parameters": {"type": "object"},
        "strict": True,
    },
}
_ASSISTANT: Body = {
    "model": "echo",
    "name": "n",
    "description": "d",
    "instructions": "i",
    "reasoning_effort": "low",
    "tools": [_CALL, _SEARCH, {"type": "code_interpreter"}],
    "tool_resources": _RESOURCES,
    "metadata": {"a": "b"},
    "temperature": 0.5,
    "top_p": 1,
    "response_format": "auto",
}
_RUN: Body = {
    "assistant_id": "asst_demo",
    "model": "echo",
    "instructions": "x",
    "tools": [_CALL, _SEARCH],
    "metadata": {"a": "b"},
    "max_prompt_tokens": 1000,
    "max_completion_tokens": 1000,
    "truncation_strategy": {"type": "last_messages", "last_messages": 3},
    "tool_choice": {"type": "function", "function": {"name": "look_up"}},
    "parallel_tool_calls": True,
    "temperature": 1,
    "top_p": 0.5,
    "response_format": {"type": "json_schema", "json_schema": _SCHEMA},
    "stream": False,
}
_OUTPUTS = [{"tool_call_id": "call_1", "output": "x"}]
BODIES: dict[str, Body] = {
    "beta:assistants create": _ASSISTANT,
    "beta:assistants update": _ASSISTANT,
    "beta:threads create": {
        "messages": [MESSAGE, {"role": "assistant", "content": "Hi"}],
        "metadata": {"a": "b"},
        "tool_resources": _RESOURCES,
    },
    "beta:threads update": {"metadata": {"a": "b"}, "tool_resources": _RESOURCES},
    "beta:threads create-and-run": {
        **_RUN,
        "thread": {"messages": [MESSAGE], "metadata": None, "tool_resources": _RESOURCES},
        "tool_resources": _RESOURCES,
    },
    "beta:threads:runs create": {
        **_RUN,
        "additional_instructions": "x",
        "additional_messages": [MESSAGE],
        "reasoning_effort": "high",
    },
    "beta:threads:runs update": {"metadata": {"a": "b"}},
    "beta:threads:runs submit-tool-outputs": {"tool_outputs": _OUTPUTS, "stream": False},
    "beta:threads:messages create": MESSAGE,
    "beta:threads:messages update": {"metadata": {"a": "b"}},
}
"""A body for each operation that takes one, with every field set."""

_VALUES: list[Any] = [
    None, True, False, 0, 1, -1, 2, 255, 256, 300.0, 300.5, 0.5, 1e30, 10**25, [], {}, [1], [[]],
    [{}], "", "x", "auto", "text", "function", "file_search", "none", "low", "user", "a b",
    "x" * 65, "x" * 257, "x" * 513, "x" * 256_001, ["x"], ["x"] * 2, ["x"] * 21, [FUNCTION] * 21,
    [FUNCTION] * 129, {"type": "function"}, {"type": 7}, {"type": "auto"}, {"type": "text"},
    {"type": "code_interpreter"}, {"a": 1}, {"x": "y"}, {"k" * 65: "v"}, {"k": "v" * 513},
    {"k": None}, {f"k{n}": "v" for n in range(17)},
]  # fmt: skip


def broken(body: Body, random: Random) -> Body:
    """The body with one to three random changes: values set, left out, added or repeated."""
    changed = copy.deepcopy(body)
    for _ in range(random.choice([1, 1, 1, 2, 3])):
        _change(changed, random)
    return changed


def _change(body: Body, random: Random) -> None:
    places = list(_places(body))
    if not places or random.random() < 0.05:
        body["bogus"] = 1
        return
    holder, key = random.choice(places)
    match random.choice(["set", "set", "set", "omit", "add", "repeat"]):
        case "omit":
            del holder[key]
        case "add" if isinstance(holder[key], dict):
            holder[key][random.choice(["bogus", "detail", "description"])] = _value(random)
        case "repeat" if isinstance(holder[key], list):
            holder[key] *= random.choice([2, 15, 70])
        case _:
            holder[key] = _value(random)


def _value(random: Random) -> Any:
    """A copy: a later change may be inside of it."""
    return copy.deepcopy(random.choice(_VALUES))


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every position inside a value, as container and key or index."""
    keys: list[Any] = []
    if isinstance(value, dict):
        keys = [*value]
    if isinstance(value, list):
        keys = [*range(len(value))]
    for key in keys:
        yield value, key
        yield from _places(value[key])
