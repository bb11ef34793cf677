"""Writes the events of streamed runs to a shared store, for clients of other processes.

A run's row is locked while its events are written, so that they are numbered without gaps and a
worker without the lease adds none. Events without another change of the store (mostly pieces of
text) are collected and written shortly after. The end of a run and its events are one transaction.
"""

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from openai_cli.engine.runs import stream_events
from openai_cli.engine.runs.stream_events import Closed, StreamEvent
from openai_cli.engine.store import RunRecord, Store, Transaction
from openai_cli.engine.store.tables import STREAM_END

KEPT_FOR = 3600
"""Seconds for which events are kept, so that a client can reconnect."""


class EventLog:
    """Collects and writes the events of one run, for the worker that executes the run."""

    def __init__(self, run: RunRecord, last: int) -> None:
        """`last` is the number of the last stored event; 0 if the run is not streamed."""
        self.run = run
        self.kept = last > 0
        """Whether events are stored, because the run is streamed."""
        self._last = self._written = last
        self._lock = threading.Lock()
        self._pending: list[str] = []
        """Frames that are not written yet."""
        self.concluded = False
        """Whether all events of the run are written."""

    def record(self, event: StreamEvent) -> None:
        """Add an event, to be written soon; ignored after the end."""
        with self._lock:
            if self.kept and not self.concluded:
                self._pending.append(event.frame().decode())

    @property
    def waits(self) -> bool:
        """Whether there are events to be written."""
        return bool(self._pending)

    @contextmanager
    def writing(self, *, end: bool = False) -> Iterator[None]:
        """Hold the lock while writing; the writes count as done if the block raises nothing.

        `end`: the block writes the last events of the run.
        """
        with self._lock:
            yield
            self._last = self._written
            self._pending.clear()
            self.concluded |= end

    def write(self, tx: Transaction, events: Iterable[StreamEvent] = ()) -> None:
        """Write the collected events, then `events`. The caller has locked the run.

        Events that an earlier attempt has committed, although its commit seemed to fail, are
        skipped.
        """
        if not self.kept:
            return
        last = tx.events.last(self.run.id)
        frames = [*self._pending, *(event.frame().decode() for event in events)]
        tx.events.append(self.run.id, last, frames[last - self._last :])
        self._written = self._last + len(frames)

    def write_end(self, tx: Transaction, events: Iterable[StreamEvent]) -> None:
        """Write the collected events, `events`, and the end of the stream."""
        if self.kept:
            self.write(tx, events)
            tx.events.append(self.run.id, self._written, [STREAM_END])

    def drop(self) -> None:
        """Discard all events: another worker has the run."""
        with self._lock:
            self._pending.clear()
            self.concluded = True


def keep_beginning(tx: Transaction, run: RunRecord, events: Sequence[StreamEvent]) -> int:
    """Write the events before the run is executed; returns the number of the event before them."""
    last = tx.events.last(run.id)
    frames = [event.frame().decode() for event in events]
    tx.events.append(run.id, last, frames)
    return last


def keep_end(tx: Transaction, closed: Closed) -> None:
    """Write the final events of a streamed run, whichever process ends it."""
    if not tx.shared or not (last := tx.events.last(closed.run.id)):
        return
    events = list(stream_events.of_end(closed))
    if closed.run.status == "cancelled":
        events.insert(0, stream_events.of_cancelling(closed.run))
    frames = [event.frame().decode() for event in events]
    tx.events.append(closed.run.id, last, [*frames, STREAM_END])


def write_all(store: Store, logs: Sequence[EventLog]) -> None:
    """Write the collected events of all logs in one transaction. Raises StoreError."""
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
