"""Output stream: UTF-8, flushed after each write."""

from __future__ import annotations

import errno
from typing import BinaryIO


class OutputClosedError(Exception):
    """The reader closed the pipe (`| head -1`). This ends the command; it is not a failure."""


class OutputFailedError(Exception):
    """The output cannot be written, for example because the disk is full."""


class Sink:
    """A binary stream and whether it is a terminal; the stream is None if it is closed."""

    def __init__(self, stream: BinaryIO | None, *, is_terminal: bool = False) -> None:
        self.stream = stream
        self.is_terminal = is_terminal

    def write(self, text: str) -> None:
        """Write a text and flush it."""
        self.write_bytes(text.encode("utf-8", errors="replace"))

    def write_whole(self, text: str) -> None:
        """Write a complete answer; a subclass may show it in a pager."""
        self.write(text)

    def check_reader(self) -> None:
        """Raise OutputClosedError if the reader closed the pipe (on systems that report it)."""
        import select

        if self.stream is None or not hasattr(select, "poll"):
            return
        poll = select.poll()
        poll.register(self.stream.fileno(), 0)
        if any(what & select.POLLERR for _, what in poll.poll(0)):
            raise OutputClosedError

    def write_bytes(self, data: bytes | memoryview) -> None:
        """Write bytes and flush them.

        Raises OutputClosedError if the reader closed the pipe, OutputFailedError if writing fails.
        """
        if self.stream is None:
            raise OutputFailedError("standard output is closed")
        try:
            self.stream.write(data)
            self.stream.flush()
        except BrokenPipeError:
            raise OutputClosedError from None
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise OutputClosedError from None
            raise OutputFailedError(error.strerror or str(error)) from None
        except ValueError as error:
            raise OutputFailedError(str(error)) from None
