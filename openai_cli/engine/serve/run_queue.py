"""The queue of runs in a shared store: any process with a free worker takes the oldest run.

    request ─▶ run, queued, without an owner ─▶ claimed by a worker process ─▶ driver
                                                       events ─▶ store ─▶ `StreamRelay` ─▶ client

A process notifies the others when it queues a run or changes a run that another process executes.
Notifications only reduce the delay: every process also polls the store.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol
from weakref import WeakSet

from openai_cli.engine.handlers import StartedRun
from openai_cli.engine.http import Frames
from openai_cli.engine.refusals import RefusalError
from openai_cli.engine.runs import event_log, lifecycle
from openai_cli.engine.runs.driver import Driver
from openai_cli.engine.runs.event_log import EventLog
from openai_cli.engine.runs.expiry import expire_stale_runs
from openai_cli.engine.runs.stream_events import StreamEvent
from openai_cli.engine.serve.frame_queue import FrameQueue
from openai_cli.engine.serve.reports import RunReport
from openai_cli.engine.serve.stream_relay import StreamRelay
from openai_cli.engine.serve.workers import Log, Workers
from openai_cli.engine.store import QUEUED, RunRecord, Store, Transaction
from openai_cli.errors import StoreError

_LOOK_EVERY = 1.0
"""Seconds between polls of the queue without a notification."""
_BATCH = 16
"""Maximum runs claimed in one transaction."""
_TEND_EVERY = 5.0
"""Seconds between checks for runs of dead processes."""
_SWEEP_EVERY = 300.0
"""Seconds between deletions of old events."""
_GLANCE = 0.1
"""Seconds between checks for open streams while the process stops."""
_FLUSH_EVERY = 0.05
"""Seconds for which pieces of text are collected before they are written."""


class Drivers(Protocol):
    """The part of the engine that this module needs: makes drivers."""

    def driver(self, log: EventLog) -> Driver:
        """The driver for a run. Raises RefusalError if this process has no model for the run."""
        ...

    def wake(self) -> None:
        """Check the runs in progress immediately."""
        ...


class RunQueue:
    """Executor of a process that shares its store with others."""

    background = True

    def __init__(
        self,
        store: Store,
        loop: asyncio.AbstractEventLoop,
        log: Log,
        limit: int,
        report: Callable[[RunReport], None],
    ) -> None:
        """`limit` is the number of concurrent runs in this process; 0 leaves runs to others.

        `report` is called whenever a run has stopped.
        """
        self._store = store
        self._loop = loop
        self._log = log
        self._limit = limit
        self._clock = store.clock()
        self._awake = threading.Event()
        self._workers = Workers(store, loop, log, limit, report, self._awake.set)
        self._relay = StreamRelay(store, log)
        self._starts: dict[str, int] = {}
        """For each run to be streamed, the number of the last event before the stream."""
        self._draining = threading.Event()
        self._stopped = threading.Event()
        self._hurried = threading.Event()
        self._lock = threading.Lock()
        self._logs: WeakSet[EventLog] = WeakSet()
        """The logs of the runs in progress; the driver keeps its log alive."""
        self._threads: list[threading.Thread] = []
        self._taken: list[RunRecord] = []
        """Runs that were claimed (or may have been) and are not executing yet."""

    def start(self, drivers: Drivers) -> None:
        """Start claiming runs."""
        self._drivers = drivers
        self._listener = self._store.listen(self._on_notification)
        works = [self._maintain, *([self._claim, self._flush] if self._limit else [])]
        for work in works:
            thread = threading.Thread(target=work, name=work.__name__.strip("_"), daemon=True)
            self._threads.append(thread)
            thread.start()

    # The interface of `Executor`

    def new_owner(self) -> str | None:
        """None: a process with a free worker will claim the run."""
        return None

    def begins_at_once(self, *, stream: bool) -> bool:  # noqa: ARG002
        """False: runs wait in the queue."""
        return False

    def queued(self, tx: Transaction, started: StartedRun) -> None:
        """Store the first events of a stream, and notify the other processes of the run."""
        if started.stream:
            last = event_log.keep_beginning(tx, started.run, started.beginning)
            self._starts[started.run.id] = last
        tx.notify(QUEUED)

    def work(self, driver: Driver) -> None:
        """Does nothing: the run is in the queue."""

    def stream(self, _beginning: Sequence[StreamEvent], driver: Driver) -> Frames:
        """The events of the run, as they are stored."""
        return self._frames(driver.run.id, self._starts.pop(driver.run.id, 0))

    def replay(self, events: Iterator[StreamEvent]) -> Frames:
        """Send the events of a replayed run."""
        return self._workers.replay(events)

    def follow(self, run_id: str, last: int) -> Frames | None:
        """The events of a run after number `last`; 0 stands for the start of the latest stream.

        None if there are no events.
        """
        part = self._store.view(lambda tx: tx.events.last_part(run_id))
        if part is None:
            return None
        last = last or part.first - 1
        # A client that already has all events still gets the end event: a stream must have one.
        return self._frames(run_id, min(last, part.last - part.is_over))

    def _frames(self, run_id: str, last: int) -> Frames:
        queue = FrameQueue(self._loop)
        self._relay.follow(run_id, last, queue)
        return queue

    # Stopping, as `Workers` do

    def stop(self, grace: float) -> int:
        """Claim no more runs, wait for the runs in this process, and fail those left.

        The remaining time is given to streams of runs that other processes execute.
        """
        until = time.monotonic() + grace
        self._draining.set()
        self._awake.set()
        late = self._workers.stop(grace)
        self._stopped.set()
        self._store.stop_waiting()
        for thread in self._threads:
            thread.join()
        self._write_events()
        while self._relay.streams and time.monotonic() < until and not self._hurried.wait(_GLANCE):
            pass  # other processes execute these runs
        self._listener.close()
        self._relay.close()
        return late

    def end_grace_period(self) -> None:
        """End the grace period."""
        self._hurried.set()
        self._workers.end_grace_period()

    @property
    def busy(self) -> int:
        """Number of runs that this process executes."""
        return self._workers.busy

    # Threads

    def _on_notification(self, payload: str) -> None:
        if payload in ("", QUEUED):
            self._awake.set()
        if payload != QUEUED:
            self._drivers.wake()
            self._relay.wake()

    def _claim(self) -> None:
        """Claim runs while workers are free."""
        while not self._draining.is_set():
            self._awake.wait(_LOOK_EVERY)
            self._awake.clear()
            try:
                while not self._draining.is_set() and self._take():
                    pass
            except StoreError as error:
                self._log("no run could be taken from the queue", error)
                self._draining.wait(_LOOK_EVERY)

    def _take(self) -> bool:
        """Claim some runs; returns whether there may be more runs and free workers."""
        room = min(self._workers.room, _BATCH)
        if room <= 0:
            return False

        def claim(tx: Transaction) -> list[EventLog]:
            # After a lost connection, runs that this process had claimed must not be forgotten.
            ours = [run for run in self._taken if tx.runs.get(run.id, owner=run.owner or "")]
            self._taken = ours or tx.runs.claim(room, self._clock.now())
            return [EventLog(run, tx.events.last(run.id)) for run in self._taken]

        logs = self._store.transact(claim, idempotent=True)
        for log in logs:
            self._execute(log)
            self._taken.remove(log.run)
        return len(logs) == room

    def _execute(self, log: EventLog) -> None:
        try:
            driver = self._drivers.driver(log)
        except RefusalError as error:
            self._refuse(log.run, error)
            return
        if log.kept:
            with self._lock:
                self._logs.add(log)
        self._workers.work(driver)

    def _refuse(self, run: RunRecord, error: RefusalError) -> None:
        """Fail a run that this process has no model for."""
        reason = {"code": "server_error", "message": error.message}

        def fail(tx: Transaction) -> None:
            lifecycle.fail(tx, run, reason, self._clock.now(), owned_by=run.owner)

        self._store.transact(fail, idempotent=True)

    def _flush(self) -> None:
        """Write collected events at short intervals."""
        while not self._stopped.wait(_FLUSH_EVERY):
            self._write_events()

    def _write_events(self) -> None:
        with self._lock:
            logs = list(self._logs)
        try:
            event_log.write_all(self._store, logs)
        except StoreError as error:
            self._log("events could not be written yet", error)
            self._stopped.wait(_LOOK_EVERY)

    def _maintain(self) -> None:
        """Expire stale runs, and delete old events."""
        swept = 0.0
        while not self._stopped.wait(_TEND_EVERY):
            try:
                expire_stale_runs(self._store, self._clock.now())
                if time.monotonic() - swept > _SWEEP_EVERY:
                    swept = time.monotonic()
                    self._store.transact(self._delete_old_events, idempotent=True)
            except StoreError as error:
                self._log("stale runs and old events could not be removed yet", error)

    def _delete_old_events(self, tx: Transaction) -> None:
        tx.events.forget_before(self._clock.now() - event_log.KEPT_FOR)
