"""A file that is only appended to, line by line, and survives a crash in the middle of a line."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from openai_cli.errors import CliError


class JournalError(CliError):
    """The results cannot be written or read."""

    kind = "journal_error"


class AppendedFile:
    """A regular file, created if it is missing, and emptied for one that is written `anew`.

    Each line is written at once and whole, or not at all. `sync` brings what was written to the
    disk. Methods raise JournalError.
    """

    def __init__(self, path: Path, *, anew: bool = False) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._unsynced = False
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | (os.O_TRUNC if anew else 0)
            self._descriptor = os.open(path, flags, 0o666)
        except OSError as error:
            raise failure(path, "open", error) from None

    @property
    def descriptor(self) -> int:
        """The open file's descriptor."""
        return self._descriptor

    def append(self, text: str) -> None:
        """Write a line."""
        data = memoryview(text.encode() + b"\n")
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
            with suppress(OSError):  # then the next process repairs it
                os.ftruncate(self._descriptor, end)
            raise failure(self.path, "write", error) from None

    def sync(self) -> None:
        """Wait until all lines so far are on the disk."""
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
        """Close the file; nothing is written any more."""
        with self._lock:
            descriptor, self._descriptor = self._descriptor, -1
        os.close(descriptor)

    def take_place(self, path: Path, lines: Iterable[bytes]) -> None:
        """Append these lines and take the place of another file, or vanish if that fails."""
        try:
            for line in lines:
                self.append(line.decode().rstrip("\n"))
            self.sync()
            self.path.replace(path)
        except (OSError, JournalError) as error:
            self.path.unlink(missing_ok=True)
            if isinstance(error, OSError):
                raise failure(path, "replace", error) from None
            raise
        self.path = path

    def repair(self) -> bool:
        """Remove a last line that was not written whole; whether there was one."""
        size = os.fstat(self._descriptor).st_size
        end = size
        while end and os.pread(self._descriptor, 1, end - 1) != b"\n":
            start = max(0, end - 65536)
            block = os.pread(self._descriptor, end - start, start)
            end = start + block.rfind(b"\n") + 1
            if b"\n" in block:
                break
        try:
            if end < size:
                os.ftruncate(self._descriptor, end)
        except OSError as error:
            raise failure(self.path, "repair", error) from None
        return end < size

    def lines(self) -> Iterator[bytes]:
        """The lines from the beginning, without their line breaks."""
        try:
            with self.path.open("rb") as stream:
                for line in stream:
                    yield line.rstrip(b"\n")
        except OSError as error:
            raise failure(self.path, "read", error) from None


def failure(path: Path, what: str, error: OSError) -> JournalError:
    """The error for a file that cannot be used."""
    return JournalError(f"cannot {what} {path}: {error.strerror or error}")
