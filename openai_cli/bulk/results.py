"""The interface of a destination for results: a journal, or a stream."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol


class RunReference(NamedTuple):
    """A run that was started and has no result yet."""

    thread_id: str
    run_id: str


class Earlier(NamedTuple):
    """Counts of the results of earlier calls, and the tokens that their runs used."""

    done: int = 0
    failed: int = 0
    tokens: int = 0
    repaired: bool = False


class Results(Protocol):
    """Takes one result for each line, from any thread, and knows the results of earlier calls.

    `job_id` is the same for all calls that work on the same results. `lasting`: a later call can
    continue from them. Methods raise JournalError if something cannot be written.
    """

    job_id: str
    earlier: Earlier
    lasting: bool

    def is_done(self, number: int, /) -> bool:
        """Whether the line has a result and is not to be repeated."""
        ...

    def started(self, number: int, /) -> RunReference | None:
        """The unfinished run that an earlier call started for the line, if any."""
        ...

    def turn(self, number: int, /) -> int:
        """The number of requests for the line that ended definitely."""
        ...

    def compare(self, number: int, digest: bytes, /) -> bool:
        """Record a line of standard input; False if an earlier call read a different line here."""
        ...

    def begin(self, number: int, stopped: Callable[[], bool], /) -> None:
        """Announce a line, which `finish` or `leave_out` ends; called in the order of the lines."""
        ...

    def leave_out(self, number: int, /) -> None:
        """End a line that has no result."""
        ...

    def start(self, number: int, run: RunReference, /) -> None:
        """Record that the line's run was started."""
        ...

    def finish(self, number: int, text: str, /, *, definite: bool) -> None:
        """Add the line's result. If `definite`, trying again needs a new idempotency key."""
        ...

    def sync(self) -> None:
        """Wait until everything written so far is on the disk."""
        ...

    def put_in_order(self) -> None:
        """Sort the results by line, once all work has ended."""
        ...
