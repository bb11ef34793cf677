"""Finds processes that a command started and that have left its process group.

Linux only: elsewhere nothing is found, and only the group can be ended.
"""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36


@contextmanager
def orphans_adopted() -> Iterator[None]:
    """Inside the block, this process adopts orphans instead of init.

    They stay below this process, where a `ProcessTree` finds them.
    """
    _adopt(True)
    try:
        yield
    finally:
        _adopt(False)


def _adopt(wanted: bool) -> None:
    if sys.platform != "linux":
        return
    import ctypes

    try:
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, int(wanted), 0, 0, 0)
    except (OSError, AttributeError):  # a libc without prctl: init adopts orphans
        return


class ProcessTree:
    """The processes that a command has started.

    These are its descendants and adopted orphans. An orphan is recognised by an earlier scan, or by
    the variable `mark` (`NAME=value`) in its environment.
    """

    def __init__(self, command: int, mark: bytes) -> None:
        self._command = command
        self._mark = mark
        self._seen: set[int] = set()

    def look(self) -> list[int]:
        """Scan for the running processes, without the command itself."""
        children = defaultdict(list)
        for pid, parent in _parents().items():
            children[parent].append(pid)
        adopted = [pid for pid in children[os.getpid()] if self._is_adopted(pid)]
        found, left = [], [*children[self._command], *adopted]
        while left:
            pid = left.pop()
            found.append(pid)
            left += children[pid]
        self._seen.update(found)
        return found

    def _is_adopted(self, pid: int) -> bool:
        return pid != self._command and (pid in self._seen or self._has_mark(pid))

    def _has_mark(self, pid: int) -> bool:
        try:
            return self._mark in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        except OSError:
            return False


def _parents() -> dict[int, int]:
    """The parent of every running process, by process id."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue  # it has just ended
        state, parent = stat.rpartition(")")[2].split()[:2]
        if state not in "ZX":
            found[int(folder.name)] = int(parent)
    return found
