"""The command with an engine behind it, in its own process or behind a server."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from openai_cli.engine.store import Store
from tests.engine.serve.support import Running
from tests.support.inprocess import InProcess
from tests.support.shell import Result, Shell


@dataclass
class Door:
    """One way to the engine: what every command line begins with."""

    openai: Shell
    store: Path
    served: bool
    words: list[str] = field(default_factory=list)

    def __call__(self, *args: str, **options: Any) -> Result:
        """Run `openai` on the engine."""
        return self.openai(*self.words, *args, **options)

    def runs(self) -> list[Any]:
        """All runs in the store, oldest first."""
        store = Store(self.store)
        with store.read() as tx:
            found = tx.runs.all()
        store.close()
        return list(found)


@pytest.fixture
def openai(openai: Shell) -> Shell:
    """The command in this process: both ways to the engine are the subject here, not a start."""
    return InProcess(openai.folder, openai.environ)


@pytest.fixture(params=["--local", "--base-url"])
def door(request: pytest.FixtureRequest, openai: Shell, tmp_path: Path) -> Iterator[Door]:
    store = tmp_path / "doors.db"
    if request.param == "--local":
        openai.environ["OPENAI_LOCAL_STORE"] = str(store)
        yield Door(openai, store, False, ["--local"])
        return
    running = Running(store)
    yield Door(openai, store, True, ["--base-url", running.url])
    running.close(wait=False)
    assert running.faults == []
