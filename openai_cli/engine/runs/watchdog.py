"""Watchdog thread of running runs: heartbeat, cancellation, expiry."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from openai_cli.engine.clock import Clock
from openai_cli.engine.models import Cancellation
from openai_cli.engine.runs import lifecycle
from openai_cli.engine.store import RunRecord, Store

_GLANCE = 0.2
"""Seconds between checks of the runs: the maximum delay of a cancellation."""
_SHARED_GLANCE = 1.0
"""The same for a shared store, whose processes also notify each other."""
_BEAT_EVERY = 10
"""Seconds between heartbeats."""
_GRACE = 1.0
"""Seconds in which the run's driver should react to a cancellation."""


class _Watch:
    """One watched run."""

    def __init__(self, run: RunRecord, cancellation: Cancellation) -> None:
        self.run = run
        self.cancellation = cancellation
        self.asked_at = 0.0
        """Monotonic time at which the run was asked to stop; 0 if it was not."""


class Watchdog:
    """Watches the runs of an engine while their models are being asked.

    A silent model must not make a run look dead or delay a cancellation. All runs share one
    thread, because starting a thread takes as long as the rest of a short run. The thread ends
    when there is no run to watch.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._watches: set[_Watch] = set()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._awake = threading.Event()

    def wake(self) -> None:
        """Check the runs now, because the status of one has changed."""
        self._awake.set()

    @contextmanager
    def watch(self, run: RunRecord, cancellation: Cancellation) -> Iterator[None]:
        """Watch the run inside the block; request the cancellation if the run must stop."""
        watch = _Watch(run, cancellation)
        with self._lock:
            if self._thread is None:
                thread = threading.Thread(target=self._work, name="watchdog", daemon=True)
                thread.start()
                self._thread = thread
            self._watches.add(watch)
        try:
            yield
        finally:
            with self._lock:
                self._watches.discard(watch)

    def close(self) -> None:
        """Wait until the thread has ended; afterwards, it does not use the store."""
        self._stop.set()
        self._awake.set()
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join()

    def _work(self) -> None:
        while True:
            self._awake.wait(_SHARED_GLANCE if self._store.shared else _GLANCE)
            self._awake.clear()
            if self._stop.is_set():
                return
            with self._lock:
                watches = list(self._watches)
                if not watches:
                    self._thread = None
                    return
            # Ignore errors: they would end this thread, and leave all runs without a watchdog.
            # The runs' drivers meet the same errors, and report them.
            with suppress(Exception):
                self._check(watches)

    def _check(self, watches: list[_Watch]) -> None:
        with self._store.read() as tx:
            runs = tx.runs.many([watch.run.id for watch in watches])
        for watch in watches:
            if watch.asked_at:
                self._cancel_for_a_stalled_driver(watch)
            elif not self._continues(watch, runs.get(watch.run.id)):
                watch.asked_at = time.monotonic()
                watch.cancellation.request()

    def _continues(self, watch: _Watch, run: RunRecord | None) -> bool:
        """Whether this process still owns the run; also expires it, or stores its heartbeat."""
        now = self._clock.now()
        if run is None or run.status != "in_progress" or run.owner != watch.run.owner:
            return False
        if run.expires_at is not None and now >= run.expires_at:
            with self._store.write() as tx:
                lifecycle.expire(tx, run, now)
            return False
        if run.owner is not None and now - (run.heartbeat_at or 0) >= _BEAT_EVERY:
            with self._store.write() as tx:
                tx.runs.beat(run.id, run.owner, now)
        return True

    def _cancel_for_a_stalled_driver(self, watch: _Watch) -> None:
        """Cancel the run in this thread if a slow reader blocks its driver."""
        if time.monotonic() - watch.asked_at >= _GRACE:
            with self._store.write() as tx:
                lifecycle.cancel(tx, watch.run, self._clock.now())
            with self._lock:
                self._watches.discard(watch)
