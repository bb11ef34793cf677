"""Worker threads that execute the runs of a server, with or without a waiting client."""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from openai_cli.engine.handlers import StartedRun
from openai_cli.engine.http import Frames
from openai_cli.engine.lease import new_lease_owner
from openai_cli.engine.runs import stream_events
from openai_cli.engine.runs.driver import Driver
from openai_cli.engine.runs.stream_events import StreamEvent
from openai_cli.engine.serve.frame_queue import FrameQueue
from openai_cli.engine.serve.reports import RunReport
from openai_cli.engine.store import RunRecord, Store, Transaction
from openai_cli.engine.strict_json import JsonObject
from openai_cli.errors import StoreError

_CLEANUP_TIME = 3.0
"""Seconds that stopped runs have to send their last events."""
_IDLE_TIME = 5.0
"""Seconds that a thread waits for its next run: starting a thread is as slow as a short run."""
_KEEP_TRYING = 60
"""Attempts, one per second, to store that a run failed."""

STOPPED: JsonObject = {"code": "server_error", "message": "The server was stopped."}
OVERLOADED: JsonObject = {"code": "server_error", "message": "The server has no room for the run."}
BROKEN: JsonObject = {"code": "server_error", "message": "The store could not be used."}

Log = Callable[[str, BaseException | None], None]


class _Job(NamedTuple):
    driver: Driver
    queue: FrameQueue | None


class Workers:
    """Executor of a server: a thread executes each run; the request is answered immediately."""

    background = True

    def __init__(
        self,
        store: Store,
        loop: asyncio.AbstractEventLoop,
        log: Log,
        limit: int,
        report: Callable[[RunReport], None],
        freed: Callable[[], None] = lambda: None,
    ) -> None:
        """`report` is called whenever a run has stopped, `freed` when a worker is free again."""
        self._report = report
        self._freed = freed
        self._store = store
        self._loop = loop
        self._log = log
        self._limit = limit
        lock = threading.Lock()
        self._changed = threading.Condition(lock)
        """Notified when a run has stopped, and when the grace period ends."""
        self._more = threading.Condition(lock)
        """Notified when a run waits for a thread."""
        self._waiting: deque[_Job] = deque()
        self._live: set[_Job] = set()
        self._threads = 0
        self._idle = 0
        """Number of threads that wait for a job."""
        self._deadline: float | None = None

    def new_owner(self) -> str | None:
        """A new owner id of this process."""
        return new_lease_owner()

    def begins_at_once(self, *, stream: bool) -> bool:  # noqa: ARG002
        """True, unless the run has to wait for a thread."""
        return self.room > 0

    def queued(self, tx: Transaction, started: StartedRun) -> None:
        """Does nothing: a thread of this process executes the run."""

    def work(self, driver: Driver) -> None:
        """Execute the run without a listener."""
        self._add(_Job(driver, None))

    def stream(self, beginning: Sequence[StreamEvent], driver: Driver) -> Frames:
        """Execute the run, and send its events while a client listens."""
        queue = FrameQueue(self._loop)
        for event in beginning:
            queue.put(event.frame())
        self._add(_Job(driver, queue))
        return queue

    def replay(self, events: Iterator[StreamEvent]) -> Frames:
        """Replay a run, in a new thread, because it may wait for the run to end."""
        queue = FrameQueue(self._loop)

        def work() -> None:
            self._pass_on(events, queue)

        threading.Thread(target=work, name="replay", daemon=True).start()
        return queue

    def follow(self, run_id: str, last: int) -> Frames | None:  # noqa: ARG002
        """None: only a shared store keeps events."""
        return None

    @property
    def room(self) -> int:
        """Number of further runs that could start immediately."""
        return self._limit - self.busy

    @property
    def busy(self) -> int:
        """Number of runs that are executing or wait for a thread."""
        with self._changed:
            return len(self._live)

    def stop(self, grace: float) -> int:
        """Wait until all runs have stopped; after `grace` seconds, fail the rest.

        Returns the number of failed runs. A run that waits for tool outputs counts as stopped.
        """
        with self._changed:
            if self._deadline is None:
                self._deadline = time.monotonic() + grace
            while self._live and (left := self._deadline - time.monotonic()) > 0:
                self._changed.wait(left)
            late = list(self._live)
        # A driver that reacts to `stop` stores the events that it has already sent.
        unresponsive = [job for job in late if not job.driver.stop(STOPPED)]
        self._fail_all(unresponsive)
        with self._changed:
            self._changed.wait_for(lambda: not self._live, _CLEANUP_TIME)
            unresponsive = [job for job in self._live if job not in unresponsive]
        self._fail_all(unresponsive)
        with self._changed:
            self._changed.wait_for(lambda: not self._live, _CLEANUP_TIME if unresponsive else 0)
        return len(late)

    def _fail_all(self, jobs: Sequence[_Job]) -> None:
        for job in jobs:
            self._fail(job.driver, STOPPED)

    def end_grace_period(self) -> None:
        """End the grace period of a `stop` that is in progress or about to begin."""
        with self._changed:
            self._deadline = time.monotonic()
            self._changed.notify_all()

    def _add(self, job: _Job) -> None:
        with self._changed:
            self._live.add(job)
            self._waiting.append(job)
            needed = self._idle < len(self._waiting) and self._threads < self._limit
            self._threads += needed
            self._more.notify()
        if needed:
            self._start()

    def _start(self) -> None:
        try:
            threading.Thread(target=self._serve, name="worker", daemon=True).start()
        except RuntimeError as error:
            # The other threads take over; if there are none, the waiting runs fail.
            self._log("a worker could not be started", error)
            with self._changed:
                self._threads -= 1
                left = [] if self._threads else list(self._waiting)
                self._waiting = self._waiting if self._threads else deque()
                self._live.difference_update(left)
            for job in left:
                self._fail(job.driver, OVERLOADED)
                if job.queue:
                    _break_off(job.queue)

    def _serve(self) -> None:
        while True:
            with self._changed:
                self._idle += 1
                found = self._more.wait_for(lambda: self._waiting, _IDLE_TIME)
                self._idle -= 1
                if not found:
                    self._threads -= 1
                    return
                job = self._waiting.popleft()
            begun = time.monotonic()
            broken = self._do(job)
            # Report first: the process may end as soon as no run is live.
            self._report_run(job.driver.run, broken, time.monotonic() - begun)
            with self._changed:
                self._live.discard(job)
                self._changed.notify_all()
            self._freed()

    def _report_run(self, run: RunRecord, broken: bool, seconds: float) -> None:
        status, error = ("failed", BROKEN) if broken else (run.status, run.last_error)
        self._report(RunReport(run.id, status, seconds, error))

    def _do(self, job: _Job) -> bool:
        """Execute a run; returns whether the execution raised an error."""
        events = job.driver.events()
        broken = self._pass_on(events, job.queue) if job.queue else self._drain(events)
        for _ in range(_KEEP_TRYING if broken else 0):
            if self._fail(job.driver, BROKEN):
                break
            time.sleep(1)
        return broken

    def _drain(self, events: Iterator[StreamEvent]) -> bool:
        """Execute without a client; returns whether an error was raised."""
        try:
            for _ in events:
                pass
        except Exception as error:
            self._log("a run broke", error)
            return True
        return False

    def _pass_on(self, events: Iterator[StreamEvent], queue: FrameQueue) -> bool:
        """Put every event into the queue; returns whether an error was raised."""
        try:
            for event in events:
                queue.put(event.frame())
        except Exception as error:
            self._log("a stream broke", error)
            _break_off(queue)
            return True
        queue.put(stream_events.DONE)
        queue.end()
        return False

    def _fail(self, driver: Driver, error: JsonObject) -> bool:
        """Mark the run as failed, unless it has stopped; returns whether it could be stored."""
        with suppress(StoreError):
            driver.give_up(error)
            return True
        return False


def _break_off(queue: FrameQueue) -> None:
    """End a stream with an error event."""
    queue.put(stream_events.of_error("The run cannot be reported.").frame())
    queue.put(stream_events.DONE)
    queue.end()
