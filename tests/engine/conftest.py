from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engine.serve.support import Running, Served
from tests.engine.support import Api
from tests.engine.upstream.support import Upstream
from tests.support.shell import Shell


@pytest.fixture
def store_file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "assistants.db"


@pytest.fixture
def api(request: pytest.FixtureRequest, store_file: Path) -> Iterator[Api]:
    """A client of a new store, through the door that a module's `both_doors` asks for."""
    if getattr(request, "param", "in process") == "in process":
        opened = Api(store_file)
        yield opened
        opened.close()
        return
    running = Running(store_file)
    opened = Api(store_file, url=running.url)
    yield opened
    opened.close()
    running.close(wait=False)
    assert running.faults == []


@pytest.fixture
def serve(openai: Shell, store_file: Path) -> Iterator[Callable[..., Served]]:
    """Starts `openai local serve` on the store; more words go to it."""
    started: list[Served] = []

    def start(*words: str, **options: Any) -> Served:
        started.append(Served(openai, "--store", str(store_file), *words, **options))
        return started[-1]

    yield start
    for one in started:
        one.close()


@pytest.fixture
def ask_at(store_file: Path) -> Iterator[Callable[[str], Api]]:
    """Clients of served engines, by their URL."""
    opened: list[Api] = []

    def open_(url: str) -> Api:
        opened.append(Api(store_file, url=url))
        return opened[-1]

    yield open_
    for one in opened:
        one.close()


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """A scripted model API."""
    opened = Upstream()
    yield opened
    opened.close()
