"""A process with many threads keeps them on one CPU, where the system supports it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from openai_cli.one_cpu import on_one_cpu
from tests.each.conftest import CREATE, numbered, write_lines
from tests.engine.serve.support import Served
from tests.support.run_server import RunServer
from tests.support.shell import Shell
from tests.support.waiting import until

ALL = os.sched_getaffinity(0)

pytestmark = pytest.mark.skipif(len(ALL) < 2, reason="this machine has a single CPU")


def cpus_of_threads(process: int) -> list[set[int]]:
    tasks = Path(f"/proc/{process}/task").iterdir()
    return [os.sched_getaffinity(int(task.name)) for task in tasks]


def is_on_one_cpu(process: int) -> bool:
    """Whether all threads are on the same CPU, but the one that guides them."""
    found = cpus_of_threads(process)
    kept = [cpus for cpus in found if cpus != ALL]
    return len(kept) == len(found) - 1 > 0 and len(kept[0]) == 1 and all(x == kept[0] for x in kept)


def guides() -> int:
    return [one.name for one in threading.enumerate()].count("cpu")


def test_threads_are_on_one_cpu_inside_the_block() -> None:
    with on_one_cpu():
        until(lambda: len(os.sched_getaffinity(0)) == 1)
        later = threading.Thread(target=until, args=(lambda: guides() == 0,))
        later.start()
        assert len(os.sched_getaffinity(later.native_id or 0)) == 1
    assert os.sched_getaffinity(0) == ALL
    later.join()


@pytest.fixture
def one_cpu_allowed() -> Iterator[None]:
    os.sched_setaffinity(0, {min(ALL)})
    yield
    os.sched_setaffinity(0, ALL)


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
    assert os.sched_getaffinity(0) == ALL


def test_a_server(openai: Shell) -> None:
    served = Served(openai, "--store", "s.db")
    until(lambda: is_on_one_cpu(served.process.pid))
    assert served.stop() == 0


@pytest.fixture
def runs(openai: Shell) -> Iterator[RunServer]:
    server = RunServer()
    server.pause = 600
    openai.environ |= {"OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": "sk-test-1"}
    yield server
    server.close()


EACH = (*CREATE, "--each", "in.jsonl", "--output", "out.jsonl", "--concurrency", "4")


def test_each(openai: Shell, runs: RunServer) -> None:
    write_lines(openai.folder / "in.jsonl", numbered(4))
    with openai.start(*EACH, stderr=subprocess.PIPE) as process:
        until(lambda: runs.most_at_once == 4)
        until(lambda: is_on_one_cpu(process.pid))
        process.kill()


def test_commands_for_tool_calls_may_use_all_cpus(openai: Shell, runs: RunServer) -> None:
    write_lines(openai.folder / "in.jsonl", numbered(4))
    with openai.start(*EACH, "--on-tool-call", "f=cat", stderr=subprocess.PIPE) as process:
        until(lambda: runs.most_at_once == 4)
        assert all(cpus == ALL for cpus in cpus_of_threads(process.pid))
        process.kill()
