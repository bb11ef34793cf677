"""One program at work: its input, its output, and its end, with all that it started."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, cast

OUTPUT_LIMIT = 512 * 1024
"""Bytes of output that are sent; a command that writes more is stopped."""

_LOOK = 0.05
"""Seconds between two looks at a command that says nothing."""
_LINGER = 0.5
"""Seconds to wait for output after a command ended that left its output open."""
_GRACE = 2.0
"""Seconds a command has to end when it is told to."""
_CHUNK = 65536
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


class Stop:
    """The wish that all commands end: politely when it comes first, at once when it comes again."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._hurried = threading.Event()

    def ask(self) -> None:
        """Have the commands end."""
        if self.asked:
            self._hurried.set()
        self._asked.set()

    @property
    def asked(self) -> bool:
        """Whether the commands have to end."""
        return self._asked.is_set()

    @property
    def hurried(self) -> bool:
        """Whether they get no time for it."""
        return self._hurried.is_set()


@contextmanager
def ended_by_signals() -> Iterator[Stop]:
    """While this lasts, signals that would end this process ask to stop; they act afterwards.

    A signal that this process was started to ignore stays ignored.
    """
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    came: list[int] = []

    def note(number: int, _frame: Any) -> None:
        came.append(number)
        stop.ask()

    watched = [number for number in _ENDING if signal.getsignal(number) != signal.SIG_IGN]
    before = [(watch, signal.signal(watch, note)) for watch in watched]
    try:
        yield stop
    finally:
        for watch, handler in before:
            signal.signal(watch, handler)
        for number in dict.fromkeys(came):
            signal.raise_signal(number)


class Talk:
    """Gives a process its input and takes its output, until it ends or has to be ended.

    Afterwards `code` is its exit status, and `ended_by` says what it was ended for: `stop`,
    `timeout`, `limit`, or empty.
    """

    def __init__(
        self, process: subprocess.Popen[bytes], data: bytes, timeout: float, stop: Stop
    ) -> None:
        self.output = bytearray()
        self.ended_by = ""
        self.code = 0
        # Popen was asked for both pipes.
        self._stdin = cast("IO[bytes]", process.stdin)
        self._stdout = cast("IO[bytes]", process.stdout)
        self._process = process
        self._left = memoryview(data)
        self._deadline = time.monotonic() + timeout
        self._stop = stop
        self._selector = selectors.DefaultSelector()

    def hold(self) -> None:
        """Talk until the process has ended, by itself or for a reason of ours."""
        with self._process:
            try:
                with self._selector:
                    self._exchange()
                while not self._must_end() and not self._has_ended():
                    pass
            except BaseException:
                self.ended_by = "stop"
                raise
            finally:
                if self.ended_by:
                    self._end()
        self.code = self._process.returncode

    def _exchange(self) -> None:
        """Move bytes until both pipes are done with, or nobody is there for them."""
        for stream, events in (
            (self._stdin, selectors.EVENT_WRITE),
            (self._stdout, selectors.EVENT_READ),
        ):
            os.set_blocking(stream.fileno(), False)
            self._selector.register(stream, events)
        quiet_since = time.monotonic()
        while self._selector.get_map() and not self._must_end():
            ready = self._selector.select(_LOOK)
            for key, _ in ready:
                if key.fileobj is self._stdin:
                    self._write()
                else:
                    self._read()
            if ready or self._process.poll() is None:
                quiet_since = time.monotonic()
            elif time.monotonic() - quiet_since > _LINGER:
                return  # something it started keeps its output open

    def _write(self) -> None:
        try:
            self._left = self._left[os.write(self._stdin.fileno(), self._left[:_CHUNK]) :]
        except BlockingIOError:
            return
        except BrokenPipeError:
            self._left = self._left[:0]  # it does not care for its input
        if not self._left:
            self._selector.unregister(self._stdin)
            self._stdin.close()

    def _read(self) -> None:
        chunk = os.read(self._stdout.fileno(), _CHUNK)
        self.output += chunk
        if not chunk:
            self._selector.unregister(self._stdout)

    def _has_ended(self) -> bool:
        try:
            self._process.wait(_LOOK)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _must_end(self) -> bool:
        if self._stop.asked:
            self.ended_by = "stop"
        elif time.monotonic() > self._deadline:
            self.ended_by = "timeout"
        elif len(self.output) > OUTPUT_LIMIT:
            self.ended_by = "limit"
        return bool(self.ended_by)

    def _end(self) -> None:
        """End the process and all it started, whether or not it is still there itself."""
        self._signal(signal.SIGTERM)
        until = time.monotonic() + _GRACE
        while not self._has_ended() and time.monotonic() < until and not self._stop.hurried:
            pass
        self._signal(signal.SIGKILL)
        self._process.wait()

    def _signal(self, number: int) -> None:
        try:
            os.killpg(self._process.pid, number)
        except (ProcessLookupError, PermissionError):
            return
