"""On which CPUs the threads of a process may run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ALL_CPUS = os.sched_getaffinity(0)

several_cpus = pytest.mark.skipif(len(ALL_CPUS) < 2, reason="this machine has a single CPU")


def cpus_of_threads(process: int) -> list[set[int]]:
    tasks = Path(f"/proc/{process}/task").iterdir()
    return [os.sched_getaffinity(int(task.name)) for task in tasks]


def is_on_one_cpu(process: int) -> bool:
    """Whether all threads are on the same CPU, but the one that guides them."""
    found = cpus_of_threads(process)
    kept = [cpus for cpus in found if cpus != ALL_CPUS]
    return len(kept) == len(found) - 1 > 0 and len(kept[0]) == 1 and all(x == kept[0] for x in kept)
