"""Hermetic by default: no key, no proxy, a home of its own, loopback only."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.support.inprocess import InProcess
from tests.support.programs import skip_or_fail
from tests.support.server import Reply, Server
from tests.support.shell import Shell, clean_environ

DATA = Path(__file__).parent / "data"


def pytest_xdist_auto_num_workers() -> int:
    """Two workers a core: most tests wait for processes and clocks, not for the core."""
    return 2 * (os.cpu_count() or 1)


settings.register_profile(
    "default suite", max_examples=25, deadline=None, suppress_health_check=list(HealthCheck)
)
settings.register_profile("slow suite", settings.get_profile("default suite"), max_examples=100)


def pytest_configure(config: pytest.Config) -> None:
    settings.load_profile("slow suite" if _is_slow(config) else "default suite")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The slow suite repeats properties with more examples, and quick tests as processes.

    As processes, it repeats the first case of each test: the cases differ in what is sent.
    """
    cases_after_the_first = _cases_after_the_first(items)
    for item in cases_after_the_first:
        if item.get_closest_marker("first_by_default"):
            item.add_marker("slow")
    if _is_slow(config):
        for item in items:
            is_property = getattr(getattr(item, "obj", None), "is_hypothesis_test", False)
            if is_property or (
                _is_quick_test_of_processes(item) and item not in cases_after_the_first
            ):
                item.add_marker("slow")


def _cases_after_the_first(items: list[pytest.Item]) -> set[pytest.Item]:
    """Of each test with several cases, all but the first."""
    seen: set[tuple[Path, str]] = set()
    later = set()
    for item in items:
        function = (item.path, getattr(item, "originalname", item.name))
        if function in seen:
            later.add(item)
        seen.add(function)
    return later


def _is_quick_test_of_processes(item: pytest.Item) -> bool:
    marker = item.get_closest_marker("in_process")
    return marker is not None and marker.kwargs.get("process_when_slow", False)


def pytest_runtest_setup(item: pytest.Item) -> None:
    skip_or_fail(item)


def _is_slow(config: pytest.Config) -> bool:
    return bool(config.option.markexpr == "slow")


@pytest.fixture(autouse=True)
def _hermetic(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    wanted = clean_environ(home)
    for name in set(os.environ) - set(wanted):
        if not name.startswith("PYTEST_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))


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
