"""An append-only file of lines; a line that a crash cut off is repaired on the next start."""

from __future__ import annotations

import json
import os
import stat
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from openai_cli.errors import CliError, shortened

_BLOCK = 65536


class JournalError(CliError):
    """The results cannot be written or read."""

    kind = "journal_error"


class AppendedFile:
    """A regular file, created if it is missing; `truncate` empties an existing one.

    A line is written completely or not at all. `sync` flushes written lines to the disk. Methods
    raise JournalError.
    """

    def __init__(self, path: Path, *, truncate: bool = False) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._unsynced = False
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | (os.O_TRUNC if truncate else 0)
            self._descriptor = os.open(path, flags, 0o666)
        except OSError as error:
            raise failure(path, "open", error) from None

    @property
    def descriptor(self) -> int:
        """The open file's descriptor."""
        return self._descriptor

    def append(self, text: str) -> None:
        """Write a line."""
        self.append_line(text.encode())

    def append_line(self, line: bytes) -> None:
        """Write a line; a missing line break is added."""
        data = memoryview(line.removesuffix(b"\n") + b"\n")
        with self._lock:
            if self._descriptor < 0:
                raise JournalError(f"{self.path} is closed")
            self._write(data)
            self._unsynced = True

    def _write(self, data: memoryview) -> None:
        end = os.fstat(self._descriptor).st_size
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
        except OSError as error:
            with suppress(OSError):  # if this fails too, the next process repairs the file
                os.ftruncate(self._descriptor, end)
            raise failure(self.path, "write", error) from None

    def sync(self) -> None:
        """Wait until all lines written so far are on the disk."""
        if not self._unsynced:
            return
        self._unsynced = False
        try:
            os.fsync(self._descriptor)
        except OSError as error:
            raise failure(self.path, "write", error) from None
        except KeyboardInterrupt:
            self._unsynced = True
            raise

    def close(self) -> None:
        """Close the file; later writes raise JournalError."""
        with self._lock:
            descriptor, self._descriptor = self._descriptor, -1
        os.close(descriptor)

    def replace(self, path: Path, lines: Iterable[bytes]) -> None:
        """Append these lines and move this file to `path`; delete this file if that fails.

        The file keeps the permissions of the one it replaces.
        """
        try:
            if path.exists():
                os.fchmod(self._descriptor, stat.S_IMODE(path.stat().st_mode))
            for line in lines:
                self.append_line(line)
            self.sync()
            self.path.replace(path)
            sync_folder(path.parent)
        except (OSError, JournalError) as error:
            self.path.unlink(missing_ok=True)
            if isinstance(error, OSError):
                raise failure(path, "replace", error) from None
            raise
        self.path = path

    def repair(self, *starts: bytes) -> bool:
        """Remove an incomplete last line; returns whether there was one.

        If only its line break is missing, the line break is added. If the last line does not begin
        with one of `starts`, another program wrote the file: raises JournalError, changes nothing.
        """
        try:
            last = self._unended()
            if not last:
                return False
            if _is_whole(last):
                self.append_line(b"")
                return False
            begin = last.rstrip(b"\0")  # some file systems leave NUL bytes after a power cut
            if not any(begin.startswith(start) or start.startswith(begin) for start in starts):
                raise JournalError(f"{self.path} was not written by --each: {quoted(last)}")
            os.ftruncate(self._descriptor, os.fstat(self._descriptor).st_size - len(last))
        except OSError as error:
            raise failure(self.path, "repair", error) from None
        return True

    def _unended(self) -> bytes:
        """The bytes after the last line break."""
        start = os.fstat(self._descriptor).st_size
        blocks: list[bytes] = []
        while start:
            size = min(start, _BLOCK)
            start -= size
            _, line_break, after = os.pread(self._descriptor, size, start).rpartition(b"\n")
            blocks.append(after)
            if line_break:
                break
        return b"".join(reversed(blocks))

    def lines(self) -> Iterator[bytes]:
        """The lines from the beginning, without their line breaks."""
        try:
            with self.path.open("rb") as stream:
                for line in stream:
                    yield line.rstrip(b"\n")
        except OSError as error:
            raise failure(self.path, "read", error) from None


def replacement(path: Path) -> AppendedFile:
    """A temporary file beside `path`, for `replace`; a leftover of a crash is emptied."""
    return AppendedFile(path.with_name(path.name + ".state.new"), truncate=True)


def failure(path: Path, what: str, error: OSError) -> JournalError:
    """The error for a file that cannot be opened, read, written, …: `what` is the verb."""
    return JournalError(f"cannot {what} {path}: {error.strerror or error}")


def sync_folder(folder: Path) -> None:
    """Flush the folder, so that a new file's name survives a crash."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError:
        return  # some file systems cannot flush a folder


def quoted(line: bytes) -> str:
    """The beginning of a line, for a message."""
    return shortened(line[:240].rstrip(b"\n").decode(errors="replace"), 60)


def _is_whole(line: bytes) -> bool:
    """Whether a line is a complete JSON object."""
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False
