"""Where results go: a journal, or a stream."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol


class RunReference(NamedTuple):
    """A run that was started and whose end is not in the results."""

    thread_id: str
    run_id: str


class Earlier(NamedTuple):
    """What earlier calls left: counts of results, and the tokens that their runs used."""

    done: int = 0
    failed: int = 0
    tokens: int = 0
    repaired: bool = False


class Results(Protocol):
    """Takes one result for each line, from any thread, and knows those of earlier calls.

    `job_id` is the same for all calls that work on the same results. `lasting` says that a later
    call can go on with them. Methods raise JournalError if something cannot be written.
    """

    job_id: str
    earlier: Earlier
    lasting: bool

    def is_done(self, number: int, /) -> bool:
        """Whether the line has a result that stays."""
        ...

    def started(self, number: int, /) -> RunReference | None:
        """The run that an earlier call started for the line, if its end is not known."""
        ...

    def turn(self, number: int, /) -> int:
        """How many requests for the line came to a definite end."""
        ...

    def compare(self, number: int, digest: bytes, /) -> bool:
        """Record what was read from standard input; False if an earlier call read otherwise."""
        ...

    def begin(self, number: int, stopped: Callable[[], bool], /) -> None:
        """The line will have a result, or be left out; lines begin in their order."""
        ...

    def leave_out(self, number: int, /) -> None:
        """The line has no result after all."""
        ...

    def start(self, number: int, run: RunReference, /) -> None:
        """Record that the line's run was started."""
        ...

    def finish(self, number: int, text: str, /, *, definite: bool) -> None:
        """Add the line's result. `definite`: to try again, a new request is needed."""
        ...

    def sync(self) -> None:
        """Wait until everything so far is on the disk."""
        ...

    def put_in_order(self) -> None:
        """Sort the results by line, once all work has ended."""
        ...
