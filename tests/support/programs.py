"""Programs that some tests use beside Python, and what a machine without them is told."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

import pytest

from tests.support import postgres

DEBIAN_COMPLETION = "/usr/share/bash-completion/bash_completion"

ALL_NEEDED = "TESTS_NEED_ALL_PROGRAMS"
"""Set to 1 where everything is installed: a missing program is then a failure."""

_FILES = {"bash-completion": DEBIAN_COMPLETION}
"""What is no command, by a file of it."""


def open_to_others() -> bool:
    """Whether every user can run the command from this clone, which may be in a closed home."""
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in Path(__file__).parents)


CLOSED_TO_OTHERS = "the folder of the project is closed to other users"


def missing_programs(item: pytest.Item) -> list[str]:
    """The programs that `needs(...)` marks of a test name and this machine lacks."""
    named = {str(name) for mark in item.iter_markers("needs") for name in mark.args}
    return sorted(name for name in named if not _is_installed(name))


def _is_installed(name: str) -> bool:
    if name in _FILES:
        return Path(_FILES[name]).is_file()
    if name == "postgres":
        return postgres.program(name) is not None
    return shutil.which(name) is not None


def skip_or_fail(item: pytest.Item) -> None:
    """Skip a test whose programs are missing, and name them; where all must be there, fail it."""
    missing = missing_programs(item)
    if not missing:
        return
    reason = f"not installed: {', '.join(missing)}"
    if os.environ.get(ALL_NEEDED) == "1":
        pytest.fail(f"{reason}, and {ALL_NEEDED} is set", pytrace=False)
    pytest.skip(reason)


def each(*names: str) -> list[object]:
    """Parameters that are the names of programs, each needed by its own case."""
    return [pytest.param(name, marks=pytest.mark.needs(name)) for name in names]
