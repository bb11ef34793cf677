"""Executors run the runs that requests start.

In process, the request itself drives its run. `local serve` has worker threads.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Protocol

from openai_cli.engine.handlers import StartedRun
from openai_cli.engine.http import Frames
from openai_cli.engine.lease import new_lease_owner
from openai_cli.engine.runs import stream_events
from openai_cli.engine.runs.driver import Driver
from openai_cli.engine.runs.stream_events import StreamEvent
from openai_cli.engine.store import Transaction
from openai_cli.engine.strict_json import JsonObject


class Executor(Protocol):
    """Interface between the engine and the code that executes runs."""

    @property
    def background(self) -> bool:
        """Whether a request that starts a run is answered while the run is still queued."""
        ...

    def begins_at_once(self, *, stream: bool) -> bool:
        """Whether this process starts to execute a run, with or without a stream, immediately."""
        ...

    def new_owner(self) -> str | None:
        """The lease owner of a run that starts now; None if not known yet."""
        ...

    def queued(self, tx: Transaction, started: StartedRun) -> None:
        """Store what executing the run later needs, in the transaction that starts the run."""
        ...

    def work(self, driver: Driver) -> None:
        """Execute the run. Returns when the run has stopped, or immediately if `background`."""
        ...

    def stream(self, beginning: Sequence[StreamEvent], driver: Driver) -> Frames:
        """Frames of `beginning`, then of the run as it produces them."""
        ...

    def replay(self, events: Iterator[StreamEvent]) -> Frames:
        """Frames of a run that is replayed from the store."""
        ...

    def follow(self, run_id: str, last: int) -> Frames | None:
        """Frames of a run after the event with the id `last`; None if events are not stored."""
        ...


class InlineExecutor:
    """Executes a run inside the request that starts it.

    `watch` gets the run at each change; the request's answer has only the final state.
    """

    background = False

    def __init__(self, watch: Callable[[JsonObject], None] = lambda _run: None) -> None:
        self._watch = watch

    def new_owner(self) -> str | None:
        """A new owner in this process."""
        return new_lease_owner()

    def begins_at_once(self, *, stream: bool) -> bool:
        """True, except for streams: reading the stream starts the run."""
        return not stream

    def queued(self, tx: Transaction, started: StartedRun) -> None:
        """Does nothing: this process executes the run immediately."""

    def work(self, driver: Driver) -> None:
        """Drive the run until it stops."""
        for event in driver.events():
            if event.data.get("object") == "thread.run":
                self._watch(event.data)

    def stream(self, beginning: Sequence[StreamEvent], driver: Driver) -> Frames:
        """Frames that drive the run while they are read."""
        return _RunFrames(beginning, driver)

    def replay(self, events: Iterator[StreamEvent]) -> Frames:
        """Frames from the store."""
        return _ReplayFrames(events)

    def follow(self, run_id: str, last: int) -> Frames | None:  # noqa: ARG002
        """None: only a shared store has events."""
        return None


class _RunFrames:
    """Frames of a run that advances while they are read.

    No other process can continue the run, so closing the frames early cancels it.
    """

    def __init__(self, beginning: Sequence[StreamEvent], driver: Driver) -> None:
        self._driver = driver
        self._events = driver.events()
        self._beginning = beginning

    def __iter__(self) -> Iterator[bytes]:
        for event in chain(self._beginning, self._events):
            yield event.frame()
        yield stream_events.DONE

    def close(self) -> None:
        """End the run if it has not ended yet."""
        self._events.close()
        self._driver.abandon()


class _ReplayFrames:
    """Frames of a replayed run; closing them changes nothing."""

    def __init__(self, events: Iterator[StreamEvent]) -> None:
        self._events = events

    def __iter__(self) -> Iterator[bytes]:
        for event in self._events:
            yield event.frame()
        yield stream_events.DONE

    def close(self) -> None:
        """Do nothing: there is nothing to release."""
