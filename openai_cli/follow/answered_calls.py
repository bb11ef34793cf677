"""Remembers the answered calls of a run until the command ends."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from openai_cli.follow.run import RequiredCall, Run, tool_calls

if TYPE_CHECKING:
    from openai_cli.follow.commands import CommandOutput


class AnsweredCalls:
    """The outputs of all calls so far, by id.

    A lagging replica may still show answered calls, even after another one showed the run in
    progress. The commands of these calls must not run again.
    """

    def __init__(self) -> None:
        self._outputs: dict[str, str] = {}
        self.turns = 0
        """The number of turns, each with one call of `add`."""

    def add(self, outputs: Iterable[CommandOutput]) -> None:
        """Remember the outputs of one turn."""
        self._outputs |= {output.call.id: output.text for output in outputs}
        self.turns += 1

    def cover(self, run: Run) -> bool:
        """Whether the run waits for calls, and all of them have been answered."""
        calls = tool_calls(run)
        return bool(calls) and not self.missing(calls)

    def missing(self, calls: Sequence[RequiredCall]) -> list[RequiredCall]:
        """The calls without an output."""
        return [call for call in calls if call.id not in self._outputs]

    def tool_outputs(self, calls: Sequence[RequiredCall]) -> list[dict[str, Any]]:
        """The outputs of these calls, in the form of the request."""
        return [{"tool_call_id": call.id, "output": self._outputs[call.id]} for call in calls]
