"""Where `--output` of many results leads: to a file, or to a device or pipe."""

from __future__ import annotations

import stat
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple

from openai_cli.errors import Problem, UsageError, shortened


class OutputPlace(NamedTuple):
    """`path` is the file that is meant, links followed; `is_file` if it is one or can be one."""

    path: Path
    is_file: bool

    def open_device(self) -> BinaryIO:
        """What is no file, to be written to. Raises UsageError."""
        try:
            return self.path.open("wb")
        except OSError as error:
            raise _refusal(str(self.path), error) from None


def output_place(name: str) -> OutputPlace:
    """The place of that name. Raises UsageError if there can be none."""
    try:
        path = Path(name).expanduser()
        if path.exists() and not stat.S_ISREG(path.stat().st_mode):
            return OutputPlace(path, is_file=False)
        return OutputPlace(path.resolve() if path.is_symlink() else path, is_file=True)
    except (OSError, RuntimeError, ValueError) as error:
        raise _refusal(name, error) from None


def close_device(device: BinaryIO) -> None:
    """Close it. Each result was flushed, and what failed then has been told."""
    with suppress(OSError):
        device.close()


def _refusal(name: str, error: Exception) -> UsageError:
    why = getattr(error, "strerror", None) or str(error)
    return UsageError(problems=[Problem("--output", f"cannot open {shortened(name)}: {why}")])
