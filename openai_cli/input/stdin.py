"""Standard input: read once, by one reader, with a limit on the wait."""

from __future__ import annotations

import os
import select
import stat
from typing import BinaryIO

MAX_BYTES = 256 * 2**20
"""Bytes one file or standard input may hold; more is refused, not read."""

_CHUNK = 2**20


class StdinError(ValueError):
    """Standard input cannot be read, or was requested twice."""


class Stdin:
    """The pipe or file behind standard input.

    `wait` is how many seconds a pipe nobody spoke of may take to bring its first byte; some
    callers leave an idle pipe open for ever. Once something came, it is read to its end.
    """

    def __init__(self, stream: BinaryIO | None, wait: float) -> None:
        self._stream = stream
        self._wait = wait
        self.owner = ""
        self.kept_silent = False

    def take(self) -> bytes:
        """The request body on standard input; b"" if there is none, or a person's terminal.

        Raises StdinError if it cannot be read.
        """
        if self._stream is None or self._stream.isatty():
            return b""
        try:
            if not self._brings_something(self._stream):
                self.kept_silent = True
                return b""
        except OSError as error:
            raise StdinError(f"cannot read standard input: {error.strerror}") from None
        return self.demand("the request body")

    def demand(self, owner: str) -> bytes:
        """Everything on standard input, waited for as long as it takes: `owner` asked for it.

        Raises StdinError if another owner read it before, or it cannot be read.
        """
        if self.owner:
            raise StdinError(f"standard input was read as {self.owner} already")
        self.owner = owner
        if self._stream is None:
            raise StdinError("standard input is closed")
        try:
            return self._read(self._stream)
        except OSError as error:
            raise StdinError(f"cannot read standard input: {error.strerror}") from None

    def _read(self, stream: BinaryIO) -> bytes:
        descriptor = stream.fileno()
        data = bytearray()
        while len(data) <= MAX_BYTES:
            # Wait here and not in read(): a parent may have left the pipe non-blocking.
            select.select([descriptor], [], [])
            chunk = os.read(descriptor, _CHUNK)
            if not chunk:
                return bytes(data)
            data += chunk
        raise StdinError(f"standard input holds more than {MAX_BYTES >> 20} MiB")

    def _brings_something(self, stream: BinaryIO) -> bool:
        descriptor = stream.fileno()
        mode = os.fstat(descriptor).st_mode
        if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
            return True
        ready, _, _ = select.select([descriptor], [], [], self._wait)
        return bool(ready)
