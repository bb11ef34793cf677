"""A process with many threads keeps them on one CPU, where the system supports it."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator

import pytest

from openai_cli.one_cpu import on_one_cpu
from tests.support.cpus import ALL_CPUS, several_cpus
from tests.support.waiting import until

pytestmark = several_cpus


def guides() -> int:
    return [one.name for one in threading.enumerate()].count("cpu")


def test_threads_are_on_one_cpu_inside_the_block() -> None:
    with on_one_cpu():
        until(lambda: len(os.sched_getaffinity(0)) == 1)
        later = threading.Thread(target=until, args=(lambda: guides() == 0,))
        later.start()
        assert len(os.sched_getaffinity(later.native_id or 0)) == 1
    assert os.sched_getaffinity(0) == ALL_CPUS
    later.join()


@pytest.fixture
def one_cpu_allowed() -> Iterator[None]:
    os.sched_setaffinity(0, {min(ALL_CPUS)})
    yield
    os.sched_setaffinity(0, ALL_CPUS)


@pytest.mark.usefixtures("one_cpu_allowed")
def test_a_process_that_may_use_one_cpu_is_left_alone() -> None:
    with on_one_cpu():
        assert guides() == 0


def test_threads_that_run_at_the_same_time_keep_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "_is_gil_enabled", lambda: False, raising=False)
    with on_one_cpu():
        assert guides() == 0


def test_other_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity")
    with on_one_cpu():
        assert guides() == 0


def test_a_system_that_forbids_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_thread: int, _cpus: set[int]) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "sched_setaffinity", refused)
    with on_one_cpu():
        until(lambda: guides() == 0)
    assert os.sched_getaffinity(0) == ALL_CPUS
