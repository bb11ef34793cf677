"""Hermetic by default: no key, no proxy, a home of its own, loopback only."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.support.inprocess import InProcess
from tests.support.postgres import PostgresServer, shared_server
from tests.support.programs import skip_or_fail
from tests.support.server import Reply, Server
from tests.support.shell import Shell, clean_environ

DATA = Path(__file__).parent / "data"
MEMORY = Path("/dev/shm")


def pytest_xdist_auto_num_workers() -> int:
    """Five workers on two cores: tests also wait for processes and clocks."""
    return 5 * (os.cpu_count() or 1) // 2


settings.register_profile(
    "default suite", max_examples=25, deadline=None, suppress_health_check=list(HealthCheck)
)
settings.register_profile("slow suite", settings.get_profile("default suite"), max_examples=40)


def pytest_configure(config: pytest.Config) -> None:
    if _may_keep_files_in_memory():
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))
    settings.load_profile("slow suite" if _is_slow(config) else "default suite")


def _may_keep_files_in_memory() -> bool:
    """Whether there is room for the files of tests, and their scripts may be executed there.

    A disk is waited for at the end of each of a thousand stores.
    """
    if not MEMORY.is_dir():
        return False
    found = os.statvfs(MEMORY)
    return found.f_bavail * found.f_frsize >= 4 << 30 and not found.f_flag & os.ST_NOEXEC


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The slow suite repeats properties with more examples; as processes, a quick test a module."""
    seen: Counter[object] = Counter()
    for item in items:
        marker = item.get_closest_marker("first_by_default")
        if marker is not None:
            test = (item.path, getattr(item, "originalname", ""))
            seen[test] += 1
            if seen[test] > marker.kwargs.get("cases", 1):
                item.add_marker("slow")
    if _is_slow(config):
        quick = [item for item in items if _is_quick_test_of_processes(item)]
        repeated = _first_of_each_module(quick)
        for item in items:
            is_property = getattr(getattr(item, "obj", None), "is_hypothesis_test", False)
            if is_property or item in repeated:
                item.add_marker("slow")


def _first_of_each_module(items: Iterable[pytest.Item]) -> set[pytest.Item]:
    first: dict[Path, pytest.Item] = {}
    for item in items:
        first.setdefault(item.path, item)
    return set(first.values())


def _is_quick_test_of_processes(item: pytest.Item) -> bool:
    marker = item.get_closest_marker("in_process")
    return marker is not None and marker.kwargs.get("process_when_slow", False)


def pytest_runtest_setup(item: pytest.Item) -> None:
    skip_or_fail(item)


def _is_slow(config: pytest.Config) -> bool:
    return bool(config.option.markexpr == "slow")


@pytest.fixture(autouse=True)
def _hermetic(
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    # Thousands of tests need no folder; making one and removing it costs more than most of them.
    home = tmp_path_factory.getbasetemp() / "no home"
    if "tmp_path" in request.fixturenames:
        home = request.getfixturevalue("tmp_path") / "home"
        home.mkdir()
    wanted = clean_environ(home)
    for name in set(os.environ) - set(wanted):
        if not name.startswith("PYTEST_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[PostgresServer]:
    """A PostgreSQL server that all tests share; each has a database of its own."""
    base = tmp_path_factory.getbasetemp()
    with shared_server(base if worker_id == "master" else base.parent) as server:
        yield server


@pytest.fixture
def openai(request: pytest.FixtureRequest, tmp_path: Path) -> Shell:
    """The command, in an empty folder and a home of its own.

    It runs as a process, or in this one for tests that are marked `in_process`.
    """
    folder = tmp_path / "work"
    folder.mkdir()
    in_process = request.node.get_closest_marker("in_process") is not None
    if _is_slow(request.config) and _is_quick_test_of_processes(request.node):
        in_process = False
    shell = InProcess if in_process else Shell
    return shell(folder, clean_environ(tmp_path / "home"))


@pytest.fixture
def example_run() -> dict[str, Any]:
    """The run of the documented page's example."""
    value: dict[str, Any] = json.loads((DATA / "run.json").read_text())
    return value


@pytest.fixture
def server(example_run: dict[str, Any]) -> Iterator[Server]:
    """A loopback server that answers with the documented run until told otherwise."""
    server = Server()
    server.reply(Reply(body=example_run))
    yield server
    server.close()
