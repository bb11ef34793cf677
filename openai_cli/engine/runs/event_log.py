"""The events of streamed runs, kept in a shared store for clients of other processes.

Events of a run are written while its row is locked, so that they are numbered without a gap, and a
worker that has lost its lease adds none. Those that come with no change of the store, pieces of
text mostly, are gathered and written a little later; the end of a run is written together with its
events.
"""

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from openai_cli.engine.runs import stream_events
from openai_cli.engine.runs.stream_events import Closed, StreamEvent
from openai_cli.engine.store import RunRecord, Store, Transaction
from openai_cli.engine.store.tables import STREAM_END

KEPT_FOR = 3600
"""Seconds for which a client may come back for the events of a run."""


class EventLog:
    """The events of one run, as its worker tells them."""

    def __init__(self, run: RunRecord, last: int) -> None:
        """`last` is the number of the last event that is kept; of a run without any, none are."""
        self.run = run
        self.kept = last > 0
        """Whether somebody follows the run."""
        self._last = self._written = last
        self._lock = threading.Lock()
        self._pending: list[str] = []
        """Frames that are yet to be written."""
        self.concluded = False
        """Whether all its events are written."""

    def record(self, event: StreamEvent) -> None:
        """Take an event, to be written soon; none comes after the end."""
        with self._lock:
            if self.kept and not self.concluded:
                self._pending.append(event.frame().decode())

    @property
    def waits(self) -> bool:
        """Whether there are events to write."""
        return bool(self._pending)

    @contextmanager
    def writing(self, *, end: bool = False) -> Iterator[None]:
        """Keep others from writing; what is written inside counts if nothing is raised.

        `end`: all events of the run are written inside.
        """
        with self._lock:
            yield
            self._last = self._written
            self._pending.clear()
            self.concluded |= end

    def write(self, tx: Transaction, events: Iterable[StreamEvent] = ()) -> None:
        """Write the gathered events, and then these; the run is locked.

        What an earlier attempt wrote, of which nobody knew whether it was committed, is left out.
        """
        if not self.kept:
            return
        last = tx.events.last(self.run.id)
        frames = [*self._pending, *(event.frame().decode() for event in events)]
        tx.events.append(self.run.id, last, frames[last - self._last :])
        self._written = self._last + len(frames)

    def write_end(self, tx: Transaction, events: Iterable[StreamEvent]) -> None:
        """Write the gathered events, these, and that there are no more."""
        if self.kept:
            self.write(tx, events)
            tx.events.append(self.run.id, self._written, [STREAM_END])

    def drop(self) -> None:
        """Forget all events: the run is another worker's."""
        with self._lock:
            self._pending.clear()
            self.concluded = True


def keep_beginning(tx: Transaction, run: RunRecord, events: Sequence[StreamEvent]) -> int:
    """Write the events that come before a worker's; gives the number of the one before them."""
    last = tx.events.last(run.id)
    frames = [event.frame().decode() for event in events]
    tx.events.append(run.id, last, frames)
    return last


def keep_end(tx: Transaction, closed: Closed) -> None:
    """Write the events at the end of a run whose events are kept, whoever ends it."""
    if not tx.shared or not (last := tx.events.last(closed.run.id)):
        return
    events = list(stream_events.of_end(closed))
    if closed.run.status == "cancelled":
        events.insert(0, stream_events.of_cancelling(closed.run))
    frames = [event.frame().decode() for event in events]
    tx.events.append(closed.run.id, last, [*frames, STREAM_END])


def write_all(store: Store, logs: Sequence[EventLog]) -> None:
    """Write what all these logs have gathered, in one transaction. Raises StoreError."""
    waiting = sorted((log for log in logs if log.waits), key=lambda log: log.run.id)
    if not waiting:
        return
    lost: list[EventLog] = []

    def write(tx: Transaction) -> None:
        lost.clear()
        for log in waiting:
            if tx.runs.get(log.run.id, owner=log.run.owner or "") is None:
                lost.append(log)
            else:
                log.write(tx)
                tx.notify(log.run.id)

    with ExitStack() as held:
        for log in waiting:
            held.enter_context(log.writing())
        store.transact(write, idempotent=True)
    for log in lost:
        log.drop()
