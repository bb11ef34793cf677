"""Standard input: read once, by one owner, with a limit on the wait."""

from __future__ import annotations

import io
import os
import select
import stat
from collections.abc import Callable
from typing import BinaryIO

from openai_cli import windows

MAX_BYTES = 256 * 2**20
"""Maximum bytes of a file or of standard input; larger input is refused."""

IDLE_WAIT = 0.05
"""Seconds to wait for the first byte of a body that the command line does not request."""

PATIENCE = 2.0
"""Seconds without data in an unrequested body, after which `on_wait` is called."""

_CHUNK = 2**20


class StdinError(ValueError):
    """Standard input cannot be read, or was requested twice."""


class Stdin:
    """The pipe or file behind standard input.

    `barred`: reading is forbidden (`--no-stdin`). `on_wait` is called once if a pipe with an
    unrequested body stops sending data: the pipe may belong to a shell loop and stay open.
    `kept_silent` is set if a pipe was not read because it had no data, `partly_read` if another
    process had already read the beginning of the file.
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
        """The request body on standard input; b"" if there is none, or for a terminal.

        Waits `wait` seconds for the first byte of a pipe, as some callers leave an idle pipe open;
        after the first byte, the pipe is read to its end. With 0, nothing is read. Raises
        StdinError if reading fails.
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
        """All of standard input, without a limit on the wait; `owner` is its name in messages.

        Raises StdinError if another owner has read it, if it is barred, or if reading fails.
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
        """Reserve standard input for `owner`. Raises StdinError if it is barred or has an owner."""
        if self._barred:
            raise StdinError("standard input is not read with --no-stdin")
        if self.owner:
            raise StdinError(f"standard input was read as {self.owner} already")
        self.owner = owner

    def _read(self, stream: BinaryIO, patience: float | None) -> bytes:
        descriptor = stream.fileno()
        data = io.BytesIO()  # returns its bytes without a copy, unlike bytearray
        data.write(self._early)
        while data.tell() <= MAX_BYTES:
            # Wait with select: a parent may have left the pipe non-blocking. On Windows, select
            # works for sockets only.
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
        """Whether the first bytes arrive in time; a thread reads: Windows cannot poll pipes."""
        from threading import Thread

        reader = Thread(target=lambda: self._early.extend(os.read(descriptor, _CHUNK)), daemon=True)
        reader.start()
        reader.join(wait)
        return not reader.is_alive()
