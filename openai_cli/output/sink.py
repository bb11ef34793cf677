"""Where output goes: one stream, written at once, in UTF-8."""

from __future__ import annotations

import errno
from typing import BinaryIO


class OutputClosedError(Exception):
    """The reader has gone away (`| head -1`): no fault, there is just nobody to write for."""


class OutputFailedError(Exception):
    """The output cannot be written, for instance because the disk is full."""


class Sink:
    """A binary stream and whether a terminal is behind it."""

    def __init__(self, stream: BinaryIO | None, *, is_terminal: bool = False) -> None:
        self.stream = stream
        self.is_terminal = is_terminal

    def write(self, text: str) -> None:
        """Write a text and flush it, so that a reader sees it now."""
        self.write_bytes(text.encode("utf-8", errors="replace"))

    def write_whole(self, text: str) -> None:
        """Write a whole answer; a terminal may show it through a pager."""
        self.write(text)

    def write_bytes(self, data: bytes) -> None:
        """Write bytes and flush them.

        Raises OutputClosedError when the reader is gone, OutputFailedError when writing fails.
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
