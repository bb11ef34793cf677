"""The queue of runs in a shared store: whichever process has room takes the oldest.

    request ─▶ run, queued, without an owner ─▶ claimed by a worker process ─▶ driver
                                                       events ─▶ store ─▶ `StreamRelay` ─▶ client

A process tells the others when it queues a run or changes one that another works on. That saves
waiting, and nothing more: each also looks by itself now and then.
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
"""Seconds between looks at the queue if nothing is told."""
_AT_ONCE = 16
"""Runs that are taken by one transaction."""
_TEND_EVERY = 5.0
"""Seconds between looks for runs of dead processes."""
_SWEEP_EVERY = 300.0
"""Seconds between removals of old events."""
_GLANCE = 0.1
"""Seconds between looks whether the last stream has ended, when the process stops."""
_FLUSH_EVERY = 0.05
"""Seconds for which pieces of text are gathered."""


class Drivers(Protocol):
    """Makes drivers: the engine."""

    def driver(self, log: EventLog) -> Driver:
        """What executes the run. Raises RefusalError if there is no model for it here."""
        ...

    def wake(self) -> None:
        """Look at once at the runs that are worked on."""
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
        """At most `limit` runs are worked on here at the same time; 0 leaves them to others.

        `report` is called whenever one has stopped.
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
        """By run, the number of the event before the stream that was asked for."""
        self._draining = threading.Event()
        self._stopped = threading.Event()
        self._hurried = threading.Event()
        self._lock = threading.Lock()
        self._logs: WeakSet[EventLog] = WeakSet()
        """Of the runs that are worked on; a driver has its log for as long as it works."""
        self._threads: list[threading.Thread] = []
        self._taken: list[RunRecord] = []
        """Runs that were taken, or may have been, and that nobody here works on yet."""

    def start(self, drivers: Drivers) -> None:
        """Begin to take runs."""
        self._drivers = drivers
        self._listener = self._store.listen(self._hear)
        works = [self._tend, *([self._claim, self._flush] if self._limit else [])]
        for work in works:
            thread = threading.Thread(target=work, name=work.__name__.strip("_"), daemon=True)
            self._threads.append(thread)
            thread.start()

    # The interface of `Executor`

    def new_owner(self) -> str | None:
        """Nobody yet: whoever has room takes it."""
        return None

    def begins_at_once(self, *, stream: bool) -> bool:  # noqa: ARG002
        """Never: runs wait in the queue."""
        return False

    def queued(self, tx: Transaction, started: StartedRun) -> None:
        """Keep the first events of a stream, and tell the others of the run."""
        if started.stream:
            last = event_log.keep_beginning(tx, started.run, started.beginning)
            self._starts[started.run.id] = last
        tx.notify(QUEUED)

    def work(self, driver: Driver) -> None:
        """Do nothing: the run is in the queue."""

    def stream(self, _beginning: Sequence[StreamEvent], driver: Driver) -> Frames:
        """The events of the run as the store gets them."""
        return self._frames(driver.run.id, self._starts.pop(driver.run.id, 0))

    def replay(self, events: Iterator[StreamEvent]) -> Frames:
        """Replay a run."""
        return self._workers.replay(events)

    def follow(self, run_id: str, last: int) -> Frames | None:
        """The events of a run behind the one with the number `last`; of the part of the run that
        is under way, or was last, if that is 0. None if there are none.
        """
        part = self._store.view(lambda tx: tx.events.last_part(run_id))
        if part is None:
            return None
        last = last or part.first - 1
        # Who has everything, or says to have more, gets the end too: no stream is without one.
        return self._frames(run_id, min(last, part.last - part.is_over))

    def _frames(self, run_id: str, last: int) -> Frames:
        queue = FrameQueue(self._loop)
        self._relay.follow(run_id, last, queue)
        return queue

    # Stopping, as `Workers` do

    def stop(self, grace: float) -> int:
        """Take no more runs, wait for those that are worked on here, and fail the rest.

        Streams of runs that others work on have the rest of the time.
        """
        until = time.monotonic() + grace
        self._draining.set()
        self._awake.set()
        late = self._workers.stop(grace)
        self._stopped.set()
        self._store.hurry()
        for thread in self._threads:
            thread.join()
        self._write_events()
        while self._relay.streams and time.monotonic() < until and not self._hurried.wait(_GLANCE):
            pass  # others work on these runs
        self._listener.close()
        self._relay.close()
        return late

    def hurry(self) -> None:
        """End the grace period."""
        self._hurried.set()
        self._workers.hurry()

    @property
    def busy(self) -> int:
        """How many runs are worked on here."""
        return self._workers.busy

    # Threads

    def _hear(self, told: str) -> None:
        if told in ("", QUEUED):
            self._awake.set()
        if told != QUEUED:
            self._drivers.wake()
            self._relay.wake()

    def _claim(self) -> None:
        """Take runs while there is room."""
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
        """Take some runs; gives whether there may be more, and room for them."""
        room = min(self._workers.room, _AT_ONCE)
        if room <= 0:
            return False

        def claim(tx: Transaction) -> list[EventLog]:
            # Ours stay ours while this process lives: none may be forgotten.
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
        """Fail a run that this process is not set up for."""
        reason = {"code": "server_error", "message": error.message}

        def fail(tx: Transaction) -> None:
            lifecycle.fail(tx, run, reason, self._clock.now(), owned_by=run.owner)

        self._store.transact(fail, idempotent=True)

    def _flush(self) -> None:
        """Write events soon after they came."""
        while not self._stopped.wait(_FLUSH_EVERY):
            self._write_events()

    def _write_events(self) -> None:
        with self._lock:
            logs = list(self._logs)
        try:
            event_log.write_all(self._store, logs)
        except StoreError as error:
            self._log("events wait for the store", error)
            self._stopped.wait(_LOOK_EVERY)

    def _tend(self) -> None:
        """End what dead processes left, and remove what is old."""
        swept = 0.0
        while not self._stopped.wait(_TEND_EVERY):
            try:
                expire_stale_runs(self._store, self._clock.now())
                if time.monotonic() - swept > _SWEEP_EVERY:
                    swept = time.monotonic()
                    self._store.transact(self._sweep, idempotent=True)
            except StoreError as error:
                self._log("the queue could not be tended", error)

    def _sweep(self, tx: Transaction) -> None:
        tx.events.forget_before(self._clock.now() - event_log.KEPT_FOR)
