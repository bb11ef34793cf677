"""Opens the input of `--each`: a file, which can be read twice, or a stream, which cannot."""

from __future__ import annotations

import codecs
import os
import select
import stat
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from openai_cli.errors import Problem, UsageError

_CHUNK = 1 << 16


class LineSource(Protocol):
    """A source of lines."""

    def readline(self, limit: int, /) -> bytes:
        """The next line with its line break, cut at `limit` bytes; empty at the end."""
        ...

    def close(self) -> None:
        """Close the source."""
        ...


class Input(NamedTuple):
    """An open input; a file can be opened once more with `again`."""

    source: LineSource
    is_csv: bool
    path: Path | None = None

    @property
    def is_file(self) -> bool:
        """Whether the input can be read again."""
        return self.path is not None

    def again(self) -> Input:
        """The same file from its beginning. Raises UsageError."""
        return open_input(str(self.path), None)


def open_input(name: str, stdin: BinaryIO | None, flag: str = "--each") -> Input:
    """The file of that name, or `stdin` for `-`. Raises UsageError about the flag."""
    try:
        if name == "-":
            if stdin is None:
                raise UsageError(problems=[Problem(flag, "standard input is closed")])
            return _stream(_Unbuffered(stdin.fileno()), flag)
        path = Path(name).expanduser()
        if path.is_dir():
            raise IsADirectoryError(0, "it is a folder")
        if stat.S_ISREG(path.stat().st_mode):
            with path.open("rb") as beginning:
                _refuse_utf_16(beginning.read(2), flag)
            return Input(path.open("rb"), path.suffix.lower() == ".csv", path)
        return _stream(_Unbuffered(os.open(path, os.O_RDONLY)), flag)
    except (OSError, RuntimeError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise UsageError(problems=[Problem(flag, f"cannot read {name}: {why}")]) from None


def _refuse_utf_16(start: bytes, flag: str) -> None:
    """Raise UsageError for UTF-16, as PowerShell writes it: bytes cannot be split into lines."""
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        what = "is UTF-16 and not UTF-8: convert it with iconv -f UTF-16 -t UTF-8"
        raise UsageError(problems=[Problem(flag, what)])


def _stream(source: _Unbuffered, flag: str) -> Input:
    """The input for a stream; JSON or CSV is detected from its first bytes."""
    _refuse_utf_16(source.peek(), flag)
    start = source.peek().removeprefix(b"\xef\xbb\xbf").lstrip()
    return Input(source, bool(start) and not start.startswith((b"{", b"[")))


class _Unbuffered:
    """A pipe or terminal, read without a buffer object; may be in non-blocking mode.

    io.BufferedReader can neither be closed nor let the process exit while a thread reads from it.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._buffer = bytearray()

    def peek(self) -> bytes:
        """The first bytes, without consuming them."""
        if not self._buffer:
            self._fill()
        return bytes(self._buffer[:_CHUNK])

    def readline(self, limit: int, /) -> bytes:
        """As in `LineSource`."""
        looked_at = 0
        while (end := self._buffer.find(b"\n", looked_at) + 1) == 0 and len(self._buffer) < limit:
            looked_at = len(self._buffer)
            if not self._fill():
                break
        end = min(end or len(self._buffer), limit)
        line = bytes(self._buffer[:end])
        del self._buffer[:end]
        return line

    def close(self) -> None:
        """Does nothing: another thread may be reading, and the process ends soon."""

    def _fill(self) -> bool:
        select.select([self._descriptor], [], [])
        chunk = os.read(self._descriptor, _CHUNK)
        self._buffer += chunk
        return bool(chunk)
