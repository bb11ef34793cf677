"""Standard input: read once, by one reader, with a limit on the wait."""

from __future__ import annotations

import io
import os
import select
import stat
from collections.abc import Callable
from typing import BinaryIO

from openai_cli import windows

MAX_BYTES = 256 * 2**20
"""Bytes one file or standard input may hold; more is refused, not read."""

IDLE_WAIT = 0.05
"""Seconds in which a pipe must bring the first byte of a body that nobody announced."""

PATIENCE = 2.0
"""Seconds of silence in a body that nobody announced, after which it is told what is waited for."""

_CHUNK = 2**20


class StdinError(ValueError):
    """Standard input cannot be read, or was requested twice."""


class Stdin:
    """The pipe or file behind standard input.

    `barred` means that nothing may read it (`--no-stdin`). `on_wait` is called once if a pipe with
    a body that nobody announced falls silent: it may be that of a loop, without an end.
    `kept_silent` is set if a pipe was not read because it had no data, `partly_read` if a file was
    read whose beginning somebody else had read before.
    """

    def __init__(
        self,
        stream: BinaryIO | None,
        *,
        barred: bool = False,
        on_wait: Callable[[], None] = lambda: None,
    ) -> None:
        self._stream = stream
        self._barred = barred
        self._on_wait = on_wait
        self.owner = ""
        self.kept_silent = False
        self.partly_read = False
        self._early = bytearray()

    def take(self, wait: float) -> bytes:
        """The request body on standard input; b"" if there is none, or a person's terminal.

        A pipe has `wait` seconds for its first byte, as some callers leave an idle one open for
        ever; what brought something is read to its end. With 0 nothing is read at all. Raises
        StdinError if it cannot be read.
        """
        if self._barred or not wait or self._stream is None or self._stream.isatty():
            return b""
        try:
            if not self._brings_something(self._stream, wait):
                self.kept_silent = True
                return b""
            self.partly_read = self._is_partly_read(self._stream)
        except OSError as error:
            raise StdinError(f"cannot read standard input: {error.strerror}") from None
        return self._read_as("the request body", patience=PATIENCE)

    def demand(self, owner: str) -> bytes:
        """Everything on standard input, waited for as long as it takes: `owner` asked for it.

        Raises StdinError if another owner read it before, it is barred, or cannot be read.
        """
        return self._read_as(owner, patience=None)

    def _read_as(self, owner: str, *, patience: float | None) -> bytes:
        self.claim(owner)
        if self._stream is None:
            raise StdinError("standard input is closed")
        try:
            return self._read(self._stream, patience)
        except OSError as error:
            raise StdinError(f"cannot read standard input: {error.strerror}") from None

    def claim(self, owner: str) -> None:
        """Let nobody but `owner` read it. Raises StdinError if it is barred, or has an owner."""
        if self._barred:
            raise StdinError("standard input is not read with --no-stdin")
        if self.owner:
            raise StdinError(f"standard input was read as {self.owner} already")
        self.owner = owner

    def _read(self, stream: BinaryIO, patience: float | None) -> bytes:
        descriptor = stream.fileno()
        data = io.BytesIO()  # gives its bytes without a copy, which a bytearray does not
        data.write(self._early)
        while data.tell() <= MAX_BYTES:
            # Wait here and not in read(): a parent may have left the pipe non-blocking. Windows
            # selects sockets only.
            if not windows.is_windows() and not select.select([descriptor], [], [], patience)[0]:
                self._on_wait()
                patience = None
                continue
            chunk = os.read(descriptor, _CHUNK)
            if not chunk:
                return data.getvalue()
            data.write(chunk)
        raise StdinError(f"standard input holds more than {MAX_BYTES >> 20} MiB")

    def _is_partly_read(self, stream: BinaryIO) -> bool:
        descriptor = stream.fileno()
        is_file = stat.S_ISREG(os.fstat(descriptor).st_mode)
        return is_file and os.lseek(descriptor, 0, os.SEEK_CUR) > 0

    def _brings_something(self, stream: BinaryIO, wait: float) -> bool:
        descriptor = stream.fileno()
        mode = os.fstat(descriptor).st_mode
        if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
            return True
        if windows.is_windows():
            return self._begins(descriptor, wait)
        ready, _, _ = select.select([descriptor], [], [], wait)
        return bool(ready)

    def _begins(self, descriptor: int, wait: float) -> bool:
        """Whether the first bytes come in time, read by a thread: pipes cannot be asked."""
        from threading import Thread

        reader = Thread(target=lambda: self._early.extend(os.read(descriptor, _CHUNK)), daemon=True)
        reader.start()
        reader.join(wait)
        return not reader.is_alive()
