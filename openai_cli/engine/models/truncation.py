"""Estimates the size of a prompt, and selects which history to drop."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from openai_cli.engine.models.prompt import (
    Prompt,
    PromptMessage,
    PromptRefusal,
    PromptText,
    ToolTurn,
)

Entry = PromptMessage | ToolTurn
Count = Callable[[str], int]


def messages_of(prompt: Prompt) -> list[PromptMessage]:
    """The messages of the history."""
    return [entry for entry in prompt.history if isinstance(entry, PromptMessage)]


def cost(entry: Entry, count: Count) -> int:
    """Estimated tokens of one entry."""
    if isinstance(entry, ToolTurn):
        texts = [f"{call.name} {call.arguments} {call.output}" for call in entry.calls]
    else:
        texts = [part.text for part in entry.parts if isinstance(part, PromptText | PromptRefusal)]
    return sum(count(text) for text in texts)


def first_that_stays(history: Sequence[Entry]) -> int:
    """Index of the last user message: it and everything after it is kept."""
    users: list[int] = [
        index
        for index, entry in enumerate(history)
        if isinstance(entry, PromptMessage) and entry.role == "user"
    ]
    return users[-1] if users else max(0, len(history) - 1)


def halved(prompt: Prompt, count: Count) -> Prompt | None:
    """The prompt without its oldest messages, about half as long; None if nothing may be
    dropped.
    """
    history = prompt.history
    costs = [cost(entry, count) for entry in history]
    last = first_that_stays(history)
    left, start = sum(costs), 0
    while start < last and (start == 0 or left > sum(costs) / 2):
        left -= costs[start]
        start += 1
    return replace(prompt, history=history[start:]) if start else None
