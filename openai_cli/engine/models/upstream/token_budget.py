"""The completion budget of a run, kept even where the upstream does not keep or count it."""

from collections.abc import Generator, Iterator, Mapping

from openai_cli.engine.models.model_events import (
    Finished,
    ItemKept,
    ModelEvent,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from openai_cli.engine.models.prompt import Prompt

_SPENT = "spent"


def estimate(text: str) -> int:
    """Tokens of a text, roughly: one for every four bytes of UTF-8."""
    return (len(text.encode("utf-8", "surrogatepass")) + 3) // 4


def budget_left(turn: Prompt) -> int | None:
    """The completion tokens left: the engine's number, less what no server has counted."""
    if turn.completion_budget is None:
        return None
    kept = (item for entry in turn.history for item in entry.kept)
    return max(0, turn.completion_budget - sum(map(_uncounted, kept)))


def metered(turn: Prompt, events: Iterator[ModelEvent]) -> Generator[ModelEvent, None, None]:
    """The events of an answer, ended when the budget is certainly used up.

    If the server reports no usage, an estimate is kept for the run's next answer.
    """
    budget = budget_left(turn)
    pieces = tokens = 0
    counted = False
    for event in events:
        counted = counted or isinstance(event, UsageReported)
        over = budget is not None and min(pieces, tokens) > budget
        if over or isinstance(event, Finished):
            if budget is not None and not counted:
                yield ItemKept({"type": _SPENT, "tokens": tokens})
            yield Finished("max_completion_tokens") if over else event
            return
        yield event
        if isinstance(event, TextDelta | RefusalDelta | ToolCallDelta):
            # A token may come in several pieces, or several in one: the lower count is safe.
            pieces += 1
            tokens += estimate(event.text)


def _uncounted(item: Mapping[str, object]) -> int:
    tokens = item.get("tokens")
    return tokens if item.get("type") == _SPENT and isinstance(tokens, int) else 0
