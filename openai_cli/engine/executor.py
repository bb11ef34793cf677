"""Who works on the runs that requests start.

In process, it is the request itself: nobody else could. A server has workers.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Protocol

from openai_cli.engine.http import Frames
from openai_cli.engine.runs import stream_events
from openai_cli.engine.runs.driver import Driver
from openai_cli.engine.runs.stream_events import StreamEvent


class Executor(Protocol):
    """What the engine asks of whoever works on runs."""

    @property
    def background(self) -> bool:
        """Whether a request that starts a run is answered while the run is still queued."""
        ...

    def work(self, driver: Driver) -> None:
        """See to it that the run is driven; unless `background`, return when it has stopped."""
        ...

    def stream(self, beginning: Sequence[StreamEvent], driver: Driver) -> Frames:
        """The run's frames as they come, after those of its beginning."""
        ...

    def replay(self, events: Iterator[StreamEvent]) -> Frames:
        """The frames of a run that is told again."""
        ...


class InlineExecutor:
    """The request that starts a run drives it to where it stops."""

    background = False

    def work(self, driver: Driver) -> None:
        """Drive the run."""
        for _ in driver.events():
            pass

    def stream(self, beginning: Sequence[StreamEvent], driver: Driver) -> Frames:
        """Frames that drive the run by being read."""
        return _RunFrames(beginning, driver)

    def replay(self, events: Iterator[StreamEvent]) -> Frames:
        """Frames from the store."""
        return _ReplayFrames(events)


class _RunFrames:
    """The frames of a run that goes on while they are read.

    Nobody else can go on with a run of this process: closing the frames before the end cancels it.
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
    """The frames of a run that is told again; closing them changes nothing."""

    def __init__(self, events: Iterator[StreamEvent]) -> None:
        self._events = events

    def __iter__(self) -> Iterator[bytes]:
        for event in self._events:
            yield event.frame()
        yield stream_events.DONE

    def close(self) -> None:
        """Nothing is held."""
