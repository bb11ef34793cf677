"""Processes that a command started and that have left its process group.

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
    """While this lasts, processes whose parent ends become children of this one, not of init.

    So they stay in the tree below it, where a `ProcessTree` finds them.
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
    except (OSError, AttributeError):  # a libc without it: orphans go to init
        return


class ProcessTree:
    """What a command has started.

    That is all below it, and what was adopted from it, which is known from an earlier look or by
    the variable `mark` (`NAME=value`) in the environment that it was started with.
    """

    def __init__(self, command: int, mark: bytes) -> None:
        self._command = command
        self._mark = mark
        self._seen: set[int] = set()

    def look(self) -> list[int]:
        """The processes that are there now, the command itself left out."""
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
    """The parent of every process that has not ended, by its number."""
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
