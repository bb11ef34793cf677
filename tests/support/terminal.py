"""Runs a command on a pseudo-terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import termios
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Screen:
    """Everything written to the terminal, and the command's exit code."""

    code: int
    data: bytes

    @property
    def text(self) -> str:
        return self.data.decode(errors="replace").replace("\r\n", "\n")


class Terminal:
    """A command on its own pseudo-terminal, to which keys can be sent.

    `expect` reads until a text has come, however long that takes up to the limit.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        folder: Path,
        environ: Mapping[str, str],
        rows: int = 24,
        columns: int = 80,
    ) -> None:
        self.data = b""
        self._looked_at = 0
        size = struct.pack("HHHH", rows, columns, 0, 0)
        self._pid, self._fd = pty.fork()
        if self._pid == 0:
            os.chdir(folder)
            fcntl.ioctl(0, termios.TIOCSWINSZ, size)
            os.execvpe(command[0], list(command), dict(environ))
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, size)

    def press(self, keys: bytes) -> None:
        os.write(self._fd, keys)

    def expect(self, text: str, seconds: float = 30) -> None:
        """Read until `text` appears after the previously expected text."""
        deadline = time.monotonic() + seconds
        while (found := self.data.find(text.encode(), self._looked_at)) < 0:
            if not self._read(deadline):
                raise AssertionError(
                    f"{text!r} did not come; the terminal shows: {self.data[-600:]!r}"
                )
        self._looked_at = found + len(text.encode())

    def finish(self, seconds: float = 30) -> Screen:
        """Read to the end and collect the exit code."""
        deadline = time.monotonic() + seconds
        while self._read(deadline):
            pass
        _, status = os.waitpid(self._pid, 0)
        os.close(self._fd)
        return Screen(os.waitstatus_to_exitcode(status), self.data)

    def _read(self, deadline: float) -> bool:
        ready, _, _ = select.select([self._fd], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            raise AssertionError(f"the command hangs; the terminal shows: {self.data[-600:]!r}")
        try:
            chunk = os.read(self._fd, 65536)
        except OSError:  # Linux reports the end of a terminal as an error
            return False
        self.data += chunk
        return bool(chunk)
