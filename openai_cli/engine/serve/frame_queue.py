"""Passes frames from a worker thread to the client's connection."""

import asyncio
import threading
from collections.abc import Iterator

from openai_cli.engine.serve.body_reader import Receive

_CAPACITY = 1 << 20
"""Bytes that may wait for a slow client before the worker waits too."""


class FrameQueue:
    """One stream. A worker thread puts frames in; the event loop takes them out.

    A slow client slows the run down. Once the client has disconnected, or was disconnected because
    it stopped reading, the run continues without it.
    """

    takes_pings = True
    """Whether comments may be sent between two frames."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.broken = False
        """Whether the rest of the stream will not come, so that its end must not look like one."""
        self._loop = loop
        self._changed = threading.Condition()
        self._ready = asyncio.Event()
        self._frames: list[bytes] = []
        self._size = 0
        self._notified = False
        self._ended = False
        self._closed = False

    # The worker's side

    def put(self, frame: bytes) -> None:
        """Add a frame; wait while the client is behind. Does nothing after a disconnect."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._size < _CAPACITY)
            if not self._closed:
                self._frames.append(frame)
                self._size += len(frame)
                self._notify()

    @property
    def has_room(self) -> bool:
        """Whether a frame can be put without waiting; also after a disconnect."""
        return self._closed or self._size < _CAPACITY

    @property
    def closed(self) -> bool:
        """Whether the client has disconnected."""
        return self._closed

    def end(self) -> None:
        """Mark the end of the stream."""
        with self._changed:
            self._ended = True
            self._notify()

    def break_off(self) -> None:
        """Mark the end of a stream that is not whole."""
        self.broken = True
        self.end()

    def _notify(self) -> None:
        """Wake the event loop, once for all frames until it runs."""
        if self._notified:
            return
        self._notified = True
        try:
            self._loop.call_soon_threadsafe(self._ready.set)
        except RuntimeError:  # the server has stopped
            self._closed = True

    # The event loop's side

    async def take(self, timeout: float | None) -> bytes | None:
        """All frames that are there, as one piece; None at the end.

        Raises:
            TimeoutError: nothing came for `timeout` seconds, if there is a timeout.
        """
        async with asyncio.timeout(timeout):
            while not (self._frames or self._ended or self._closed):
                await self._ready.wait()
                self._ready.clear()
                self._notified = False
        with self._changed:
            frames, self._frames, self._size = self._frames, [], 0
            self._changed.notify_all()
        if self._closed or not frames:
            return None
        return b"".join(frames)

    # The interface of `Frames`

    def __iter__(self) -> Iterator[bytes]:
        raise TypeError("a frame queue is read by its event loop")

    def close(self) -> None:
        """Called when the client has disconnected."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._ready.set()


async def close_when_gone(receive: Receive, queue: FrameQueue) -> None:
    """Close the queue once its client has disconnected."""
    while (await receive())["type"] != "http.disconnect":
        pass
    queue.close()
