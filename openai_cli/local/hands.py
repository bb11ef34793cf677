"""Who works on the runs that requests start.

In process, it is the request itself: nobody else could. A server has workers.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Protocol

from openai_cli.local.http import Frames
from openai_cli.local.runs import events
from openai_cli.local.runs.driver import Driver
from openai_cli.local.runs.events import StreamEvent


class Hands(Protocol):
    """What the engine asks of whoever works on runs."""

    @property
    def at_once(self) -> bool:
        """Whether a request that starts a run is answered while the run is still queued."""
        ...

    def work(self, driver: Driver) -> None:
        """See to it that the run is driven; unless `at_once`, return when it has stopped."""
        ...

    def stream(self, beginning: Sequence[StreamEvent], driver: Driver) -> Frames:
        """The run's frames as they come, after those of its beginning."""
        ...

    def tell(self, told: Iterator[StreamEvent]) -> Frames:
        """The frames of a run that is told again."""
        ...


class OwnHands:
    """The request that starts a run drives it to where it stops."""

    at_once = False

    def work(self, driver: Driver) -> None:
        """Drive the run."""
        for _ in driver.events():
            pass

    def stream(self, beginning: Sequence[StreamEvent], driver: Driver) -> Frames:
        """Frames that drive the run by being read."""
        return _RunFrames(beginning, driver)

    def tell(self, told: Iterator[StreamEvent]) -> Frames:
        """Frames from the store."""
        return _ToldFrames(told)


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
        yield events.DONE

    def close(self) -> None:
        """End the run if it has not ended yet."""
        self._events.close()
        self._driver.abandon()


class _ToldFrames:
    """The frames of a run that is told again; closing them changes nothing."""

    def __init__(self, told: Iterator[StreamEvent]) -> None:
        self._told = told

    def __iter__(self) -> Iterator[bytes]:
        for event in self._told:
            yield event.frame()
        yield events.DONE

    def close(self) -> None:
        """Nothing is held."""
