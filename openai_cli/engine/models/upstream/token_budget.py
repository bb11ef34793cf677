"""The completion budget of a run, and estimates if a server reports no usage."""

from collections.abc import Generator, Iterator

from openai_cli.engine.models.model_events import (
    Finished,
    ModelEvent,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from openai_cli.engine.models.prompt import Prompt
from openai_cli.engine.models.truncation import cost
from openai_cli.engine.strict_json import dumps


def estimate(text: str) -> int:
    """Estimated tokens of a text: one per four bytes of UTF-8."""
    return _tokens(_size(text))


def metered(prompt: Prompt, events: Iterator[ModelEvent]) -> Generator[ModelEvent, None, None]:
    """The events of an answer; ends the answer when the budget is certainly used up.

    If the server reports no usage, the engine reports an estimate.
    """
    budget = prompt.completion_budget
    pieces = size = 0
    counted = False
    for event in events:
        if isinstance(event, UsageReported):
            if not event.total_tokens:
                continue  # a server that reports zero has not counted
            counted = True
        tokens = _tokens(size)
        # A token may arrive in several pieces, or several tokens in one: use the lower count.
        over = budget is not None and min(pieces, tokens) > budget
        if over or isinstance(event, Finished):
            if not counted:
                asked = _prompt_tokens(prompt)
                yield UsageReported(asked, tokens, asked + tokens, estimated=True)
            yield Finished("max_completion_tokens") if over else event
            return
        yield event
        if isinstance(event, TextDelta | RefusalDelta | ToolCallDelta):
            pieces += 1
            size += _size(event.text)


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def _tokens(size: int) -> int:
    return (size + 3) // 4


def _prompt_tokens(prompt: Prompt) -> int:
    texts = [prompt.instructions, *(dumps(tool) for tool in prompt.tools)]
    return sum(map(estimate, texts)) + sum(cost(entry, estimate) for entry in prompt.history)
