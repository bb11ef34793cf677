"""Watchdog thread of a working run: heartbeat, cancellation, expiry."""

import threading
from contextlib import suppress
from types import TracebackType

from openai_cli.engine.clock import Clock
from openai_cli.engine.models import Cancellation
from openai_cli.engine.runs import lifecycle
from openai_cli.engine.store import RunRecord, Store
from openai_cli.errors import StoreError

_GLANCE = 0.2
"""Seconds between looks at the run, and so the most a cancellation waits."""
_BEAT_EVERY = 10
"""Seconds between heartbeats."""
_GRACE = 1.0
"""Seconds in which the run itself should act on a cancellation."""


class Watchdog:
    """Watches a run from its own thread while its model is being asked.

    A silent model must not make the run look dead, and must not delay a cancellation.
    """

    def __init__(
        self, store: Store, run: RunRecord, cancellation: Cancellation, clock: Clock
    ) -> None:
        self._store = store
        self._run = run
        self._cancellation = cancellation
        self._clock = clock
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name=f"watchdog {run.id}", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(_GLANCE):
            try:
                still_ours = self._look()
            except StoreError:
                continue  # the run itself will meet it, where it can be reported
            if not still_ours:
                self._cancellation.request()
                self._cancel_for_a_stalled_driver()
                return

    def _cancel_for_a_stalled_driver(self) -> None:
        """Cancel the run here if a slow reader blocks its driver."""
        if not self._stop.wait(_GRACE):
            with suppress(StoreError), self._store.write() as tx:
                lifecycle.cancel(tx, self._run, self._clock.now())

    def _look(self) -> bool:
        now = self._clock.now()
        with self._store.read() as tx:
            run = tx.runs.get(self._run.id)
        if run is None or run.status != "in_progress" or run.owner != self._run.owner:
            return False
        if run.expires_at is not None and now >= run.expires_at:
            with self._store.write() as tx:
                lifecycle.expire(tx, run, now)
            return False
        if run.owner is not None and now - (run.heartbeat_at or 0) >= _BEAT_EVERY:
            with self._store.write() as tx:
                tx.runs.beat(run.id, run.owner, now)
        return True
