"""Reads a named file; a pipe without a writer is an error."""

from __future__ import annotations

import os
import select
import stat
from contextlib import suppress
from errno import ENAMETOOLONG
from pathlib import Path

from openai_cli.api.check import shown
from openai_cli.input.stdin import MAX_BYTES

_WRITER_WAIT = 1000
"""Milliseconds to wait for the writer of a named pipe."""


class UnreadableFileError(ValueError):
    """The file cannot be read. `is_no_path`: the name cannot be a file name."""

    def __init__(self, message: str, *, is_no_path: bool = False) -> None:
        super().__init__(message)
        self.is_no_path = is_no_path


def read_file(name: str) -> bytes:
    """The bytes of the file; a leading `~` is the home directory.

    Raises UnreadableFileError, or ValueError if it is too large.
    """
    try:
        path = Path(name).expanduser()
        # Without O_NONBLOCK, opening a pipe blocks until it has a writer.
        is_pipe = stat.S_ISFIFO(path.stat().st_mode)
        descriptor = os.open(path, os.O_RDONLY | (os.O_NONBLOCK if is_pipe else 0))
        with os.fdopen(descriptor, "rb") as stream:
            start = _await_writer(descriptor) if is_pipe else b""
            data = start + stream.read(MAX_BYTES + 1)
    except (OSError, RuntimeError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error).rstrip(".")
        # A text with a line break or NUL, or too long for a name, is not a misspelt file name.
        no_path = getattr(error, "errno", None) == ENAMETOOLONG or bool({"\n", "\0"} & set(name))
        what = f"cannot read the file {shown(name)}: {why}"
        raise UnreadableFileError(what, is_no_path=no_path) from None
    if len(data) > MAX_BYTES:
        raise ValueError(f"the file {shown(name)} is larger than {MAX_BYTES >> 20} MiB")
    return data


def _await_writer(descriptor: int) -> bytes:
    """Wait until the pipe has or had a writer, then make reads block.

    Returns the bytes read meanwhile. Raises OSError if no writer came.
    """
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    start = b""
    if not poll.poll(_WRITER_WAIT):
        # Without a writer, a read returns the end of file; with a writer, it would block.
        with suppress(BlockingIOError):
            start = os.read(descriptor, 1)
            if not start:
                raise OSError(0, "it is a pipe without a writer")
    os.set_blocking(descriptor, True)
    return start
