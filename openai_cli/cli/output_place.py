"""The target of `--output` for many results: a regular file, or a device or pipe."""

from __future__ import annotations

import stat
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple

from openai_cli.errors import Problem, UsageError, shortened


class OutputPlace(NamedTuple):
    """`path` has symbolic links resolved; `is_file`: a regular file, or no file yet."""

    path: Path
    is_file: bool

    def open_device(self) -> BinaryIO:
        """Open the device or pipe for writing. Raises UsageError."""
        try:
            return self.path.open("wb")
        except OSError as error:
            raise _refusal(str(self.path), error) from None


def output_place(name: str) -> OutputPlace:
    """The target with this name. Raises UsageError if the path cannot be used."""
    try:
        path = Path(name).expanduser()
        if path.exists() and not stat.S_ISREG(path.stat().st_mode):
            return OutputPlace(path, is_file=False)
        return OutputPlace(path.resolve() if path.is_symlink() else path, is_file=True)
    except (OSError, RuntimeError, ValueError) as error:
        raise _refusal(name, error) from None


def close_device(device: BinaryIO) -> None:
    """Close the device. Each result was flushed, so errors have already been reported."""
    with suppress(OSError):
        device.close()


def _refusal(name: str, error: Exception) -> UsageError:
    why = getattr(error, "strerror", None) or str(error)
    return UsageError(problems=[Problem("--output", f"cannot open {shortened(name)}: {why}")])
