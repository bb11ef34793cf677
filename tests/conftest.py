"""Hermetic by default: no key, no proxy, a home of its own, loopback only."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.server import Reply, Server
from tests.support.shell import Shell, clean_environ

DATA = Path(__file__).parent / "data"


def pytest_xdist_auto_num_workers() -> int:
    """Two workers a core: most tests wait for processes and clocks, not for the core."""
    return 2 * (os.cpu_count() or 1)


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
def openai(tmp_path: Path) -> Shell:
    """The command, in an empty folder and a home of its own."""
    folder = tmp_path / "work"
    folder.mkdir()
    return Shell(folder, clean_environ(tmp_path / "home"))


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
