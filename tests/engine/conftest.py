from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from openai_cli.engine.store import Store
from openai_cli.engine.store_place import DatabaseUrl, StorePlace
from tests.engine.serve.support import Running, Served
from tests.engine.support import Api
from tests.engine.upstream.support import Upstream
from tests.support.postgres import PostgresServer
from tests.support.shell import Shell


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests marked `both_databases` run on each; on PostgreSQL in the slow suite, if not always."""
    marker = metafunc.definition.get_closest_marker("both_databases")
    if marker is None or marker.kwargs.get("never") or "place" not in metafunc.fixturenames:
        return
    marks = [pytest.mark.needs("postgres")]
    if not marker.kwargs.get("always"):
        marks.append(pytest.mark.slow)
    databases = ["sqlite", pytest.param("postgres", marks=marks)]
    metafunc.parametrize("place", databases, indirect=True)


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path) -> StorePlace:
    """Where a store may be made: a file, or the database that a test's mark asks for."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return tmp_path / "data" / "assistants.db"
    server: PostgresServer = request.getfixturevalue("postgres")
    return DatabaseUrl(server.new_database())


@pytest.fixture
def store_file(place: StorePlace) -> Path:
    """The store's file, for tests of what only SQLite has."""
    assert isinstance(place, Path)
    return place


@pytest.fixture
def store(place: StorePlace) -> Iterator[Store]:
    """The store at `place`, opened in this process."""
    opened = Store(place)
    yield opened
    opened.close()


@pytest.fixture
def api(request: pytest.FixtureRequest, place: StorePlace) -> Iterator[Api]:
    """A client of a new store, through the door that a module's `both_doors` asks for."""
    if getattr(request, "param", "in process") == "in process":
        opened = Api(place)
        yield opened
        opened.close()
        return
    running = Running(place)
    opened = Api(place, url=running.url)
    yield opened
    opened.close()
    running.close(wait=False)
    assert running.faults == []


@pytest.fixture
def serve(openai: Shell, place: StorePlace) -> Iterator[Callable[..., Served]]:
    """Starts `openai local serve` on the store; more words go to it."""
    started: list[Served] = []

    def start(*words: str, **options: Any) -> Served:
        started.append(Served(openai, "--store", str(place), *words, **options))
        return started[-1]

    yield start
    for one in started:
        one.close()


@pytest.fixture
def ask_at(place: StorePlace) -> Iterator[Callable[[str], Api]]:
    """Clients of served engines, by their URL."""
    opened: list[Api] = []

    def open_(url: str) -> Api:
        opened.append(Api(place, url=url))
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
