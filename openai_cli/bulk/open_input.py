"""Opens the input of `--each`: a file, which is read twice, or a stream, which comes once."""

from __future__ import annotations

import io
import os
import select
import stat
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from openai_cli.errors import Problem, UsageError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_BUFFER = 1 << 16


class Input(NamedTuple):
    """An open input. `repeatable`: it is a file, and may be read again from its beginning."""

    stream: BinaryIO
    repeatable: bool
    is_csv: bool


def open_input(name: str, stdin: BinaryIO | None) -> Input:
    """The file of that name, or `stdin` for `-`. Raises UsageError."""
    try:
        if name == "-":
            if stdin is None:
                raise UsageError(problems=[Problem("--each", "standard input is closed")])
            return _input(stdin.fileno(), name, close=False)
        return _input(os.open(Path(name).expanduser(), os.O_RDONLY), name, close=True)
    except (OSError, RuntimeError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise UsageError(problems=[Problem("--each", f"cannot read {name}: {why}")]) from None


def _input(descriptor: int, name: str, *, close: bool) -> Input:
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(0, "it is a folder")
    repeatable = stat.S_ISREG(mode) and name != "-"
    stream = io.BufferedReader(_Descriptor(descriptor, close=close), _BUFFER)
    is_csv = name.lower().endswith(".csv") if repeatable else _is_csv(stream.peek(1))
    return Input(stream, repeatable, is_csv)


def _is_csv(start: bytes) -> bool:
    start = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    return bool(start) and not start.startswith((b"{", b"["))


class _Descriptor(io.RawIOBase):
    """A descriptor that is waited for, also if somebody left it non-blocking."""

    def __init__(self, descriptor: int, *, close: bool) -> None:
        self._descriptor = descriptor
        self._close = close

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        select.select([self._descriptor], [], [])
        return os.readv(self._descriptor, [buffer])

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return os.lseek(self._descriptor, offset, whence)

    def close(self) -> None:
        if self._close and not self.closed:
            os.close(self._descriptor)
        super().close()
