"""Passes the events of runs on to clients, whichever process works on the runs.

The store has the events in order; that other processes tell of new ones only saves waiting. One
thread serves all streams. It takes no more from the store than a client has read.
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from openai_cli.engine.runs import stream_events
from openai_cli.engine.serve.frame_queue import FrameQueue
from openai_cli.engine.store import Store
from openai_cli.errors import StoreError

_LOOK_EVERY = 0.5
"""Seconds between looks at the store if nothing is told."""
_AT_ONCE = 200
"""Events that are read at once for a stream."""


class _FollowedRun:
    def __init__(self, run_id: str, last: int, queue: FrameQueue) -> None:
        self.run_id = run_id
        self.last = last
        self.queue = queue


class _News(NamedTuple):
    stream: _FollowedRun
    events: list[tuple[int, str]]


class StreamRelay:
    """The streams of one process."""

    def __init__(self, store: Store, log: Callable[[str, BaseException | None], None]) -> None:
        self._store = store
        self._log = log
        self._lock = threading.Lock()
        self._streams: set[_FollowedRun] = set()
        self._awake = threading.Event()
        self._stop = False
        self._thread = threading.Thread(target=self._work, name="streams", daemon=True)
        self._thread.start()

    def follow(self, run_id: str, last: int, queue: FrameQueue) -> None:
        """Put the events of a run behind the one with the number `last` into the queue."""
        with self._lock:
            self._streams.add(_FollowedRun(run_id, last, queue))
        self._awake.set()

    @property
    def streams(self) -> int:
        """How many streams there are."""
        with self._lock:
            return len(self._streams)

    def wake(self) -> None:
        """Look at once: there may be new events."""
        self._awake.set()

    def close(self) -> None:
        """Pass on what there is, and break off all streams: their clients go on elsewhere."""
        self._stop = True
        self._awake.set()
        self._thread.join()
        with suppress(StoreError):
            self._pass_on()
        for stream in self._streams:
            stream.queue.break_off()

    def _work(self) -> None:
        broken = False
        while not self._stop:
            self._awake.wait(_LOOK_EVERY)
            self._awake.clear()
            try:
                while self._pass_on():
                    pass
                broken = False
            except StoreError as error:
                if not broken:
                    self._log("streams wait for the store", error)
                broken = True
                time.sleep(_LOOK_EVERY)

    def _pass_on(self) -> bool:
        """Pass on what is new; gives whether there may be more at once."""
        with self._lock:
            self._streams = {one for one in self._streams if not one.queue.closed}
            ready = [one for one in self._streams if one.queue.has_room]
        if not ready:
            return False
        with self._store.read() as tx:
            news = [_News(one, tx.events.after(one.run_id, one.last, _AT_ONCE)) for one in ready]
        for stream, events in news:
            self._put(stream, events)
        return any(len(events) == _AT_ONCE for _, events in news)

    def _put(self, stream: _FollowedRun, events: list[tuple[int, str]]) -> None:
        for number, frame in events:
            data = frame.encode()
            stream.queue.put(f"id: {number}\n".encode() + data)
            stream.last = number
            if data == stream_events.DONE:
                stream.queue.end()
                with self._lock:
                    self._streams.discard(stream)
                return
