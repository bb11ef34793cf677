from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.serve.support import Running
from tests.engine.support import Api


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
