"""Standard input: read once, by one owner, and never waited for without end."""

from __future__ import annotations

import os
import select
import stat
from typing import BinaryIO

MAX_BYTES = 256 * 2**20
"""Bytes one file or standard input may hold; more is refused, not read."""


class StdinError(ValueError):
    """Standard input cannot be read, or was asked for twice."""


class Stdin:
    """The pipe or file behind standard input.

    `wait` is how many seconds a pipe may take to bring its first byte; some callers leave an
    idle pipe open for ever. Once something came, it is read to its end.
    """

    def __init__(self, stream: BinaryIO | None, wait: float) -> None:
        self._stream = stream
        self._wait = wait
        self.owner = ""
        self.kept_silent = False

    def take(self, owner: str) -> bytes:
        """Everything on standard input, b"" if there is nothing; `owner` names who reads.

        Raises StdinError if another owner read it before, or it cannot be read.
        """
        if self.owner:
            raise StdinError(f"standard input was read by {self.owner} already")
        self.owner = owner
        if self._stream is None or self._stream.closed:
            return b""
        try:
            return self._read(self._stream)
        except OSError as error:
            raise StdinError(f"cannot read standard input: {error.strerror}") from None

    def _read(self, stream: BinaryIO) -> bytes:
        if stream.isatty():
            return b""
        if not self._brings_something(stream):
            self.kept_silent = True
            return b""
        data = stream.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise StdinError(f"standard input holds more than {MAX_BYTES >> 20} MiB")
        return data

    def _brings_something(self, stream: BinaryIO) -> bool:
        descriptor = stream.fileno()
        mode = os.fstat(descriptor).st_mode
        if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
            return True
        ready, _, _ = select.select([descriptor], [], [], self._wait)
        return bool(ready)
