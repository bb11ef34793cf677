"""Runs one program: writes its input, reads its output, ends it with its child processes."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any, cast

from openai_cli.follow.process_tree import ProcessTree

OUTPUT_LIMIT = 512 * 1024
"""Maximum bytes of output; a command that writes more is stopped."""

_POLL_INTERVAL = 0.05
"""Seconds between checks of a command that writes nothing."""
_OUTPUT_GRACE = 0.5
"""Seconds to wait for more output if a command has ended but its output is still open."""
_TERM_GRACE = 2.0
"""Seconds between SIGTERM and SIGKILL."""
_KILL_ROUNDS = 100
"""Scans for processes that were started while others were killed; each finds fewer of them."""
_CHUNK = 65536
_SHUTDOWN_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGALRM)


class Shutdown:
    """Shutdown flag for all commands: the first request sends SIGTERM, the second SIGKILL."""

    def __init__(self) -> None:
        self._requested = threading.Event()
        self._forced = threading.Event()
        self._commands = 0
        self._ended = threading.Condition()

    @contextmanager
    def command(self) -> Iterator[None]:
        """Count a command as running inside the block."""
        with self._ended:
            self._commands += 1
        try:
            yield
        finally:
            with self._ended:
                self._commands -= 1
                self._ended.notify_all()

    def wait(self, seconds: float) -> None:
        """Wait until no command is running, for at most `seconds`."""
        with self._ended:
            self._ended.wait_for(lambda: not self._commands, seconds)

    def request(self) -> None:
        """Request SIGTERM for all commands; SIGKILL if called again."""
        if self.requested:
            self._forced.set()
        self._requested.set()

    @property
    def requested(self) -> bool:
        """Whether the commands must end."""
        return self._requested.is_set()

    @property
    def forced(self) -> bool:
        """Whether SIGKILL was requested."""
        return self._forced.is_set()


@contextmanager
def shutdown_on_signals() -> Iterator[Shutdown]:
    """Make signals that would end this process request a shutdown; raise them again on exit.

    Signals that were ignored before stay ignored.
    """
    shutdown = Shutdown()
    if threading.current_thread() is not threading.main_thread():
        yield shutdown
        return
    received: list[int] = []

    def note(number: int, _frame: Any) -> None:
        received.append(number)
        shutdown.request()

    watched = [number for number in _SHUTDOWN_SIGNALS if signal.getsignal(number) != signal.SIG_IGN]
    before = [(watch, signal.signal(watch, note)) for watch in watched]
    try:
        yield shutdown
    finally:
        for watch, handler in before:
            signal.signal(watch, handler)
        for number in dict.fromkeys(received):
            signal.raise_signal(number)


class CommandProcess:
    """Writes a process's input and reads its output until it ends or is ended.

    Afterwards `code` is its exit status, and `ended_by` the reason why it was ended: `shutdown`,
    `timeout` or `limit`; empty if the process exited without being ended. `mark` is an environment
    variable (`NAME=value`) that identifies the child processes of this command.
    """

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        data: bytes,
        timeout: float,
        shutdown: Shutdown,
        mark: bytes,
    ) -> None:
        self.output = bytearray()
        self.ended_by = ""
        self.code = 0
        # Popen was called with both pipes, so neither is None.
        self._stdin = cast("IO[bytes]", process.stdin)
        self._stdout = cast("IO[bytes]", process.stdout)
        self._process = process
        self._input = memoryview(data)
        self._deadline = time.monotonic() + timeout
        self._shutdown = shutdown
        self._tree = ProcessTree(process.pid, mark)
        self._selector = selectors.DefaultSelector()

    def communicate(self) -> None:
        """Exchange input and output, and return when the process has ended."""
        with self._process:
            try:
                with self._selector:
                    self._exchange()
                while not self._must_end() and not self._has_ended():
                    pass
            except BaseException:
                self.ended_by = "shutdown"
                raise
            finally:
                if self.ended_by:
                    self._end()
        self.code = self._process.returncode

    def _exchange(self) -> None:
        """Transfer bytes until both pipes are closed or the process has ended."""
        for stream, events in (
            (self._stdin, selectors.EVENT_WRITE),
            (self._stdout, selectors.EVENT_READ),
        ):
            os.set_blocking(stream.fileno(), False)
            self._selector.register(stream, events)
        idle_since = time.monotonic()
        while self._selector.get_map() and not self._must_end():
            ready = self._selector.select(_POLL_INTERVAL)
            for key, _ in ready:
                if key.fileobj is self._stdin:
                    self._write()
                else:
                    self._read()
            if ready or self._process.poll() is None:
                idle_since = time.monotonic()
            elif time.monotonic() - idle_since > _OUTPUT_GRACE:
                return  # a child process keeps the output open

    def _write(self) -> None:
        try:
            self._input = self._input[os.write(self._stdin.fileno(), self._input[:_CHUNK]) :]
        except BlockingIOError:
            return
        except BrokenPipeError:
            self._input = self._input[:0]  # the process does not read its input
        if not self._input:
            self._selector.unregister(self._stdin)
            self._stdin.close()

    def _read(self) -> None:
        chunk = os.read(self._stdout.fileno(), _CHUNK)
        self.output += chunk
        if not chunk:
            self._selector.unregister(self._stdout)

    def _has_ended(self) -> bool:
        try:
            self._process.wait(_POLL_INTERVAL)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _must_end(self) -> bool:
        if self._shutdown.requested:
            self.ended_by = "shutdown"
        elif time.monotonic() > self._deadline:
            self.ended_by = "timeout"
        elif len(self.output) > OUTPUT_LIMIT:
            self.ended_by = "limit"
        return bool(self.ended_by)

    def _end(self) -> None:
        """End the process and its children, which may still run after the process has exited."""
        self._signal(signal.SIGTERM)
        until = time.monotonic() + _TERM_GRACE
        while not self._has_ended() and time.monotonic() < until and not self._shutdown.forced:
            pass
        for _ in range(_KILL_ROUNDS):
            if not self._signal(signal.SIGKILL):
                break
            time.sleep(_POLL_INTERVAL / 10)
        self._process.wait()

    def _signal(self, number: int) -> bool:
        """Signal the process group and children that have left it; returns whether there were any.

        Scans the tree before signalling, because orphans may not be found afterwards.
        """
        left = self._tree.look()
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)
        for pid in left:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)
        return bool(left)
