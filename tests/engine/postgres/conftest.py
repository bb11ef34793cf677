from collections.abc import Iterator
from pathlib import Path

import pytest

from openai_cli.engine.store_place import DatabaseUrl
from tests.engine.support import Api
from tests.support.postgres import PostgresServer


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    folder = Path(__file__).parent
    for item in items:
        if item.path.parent == folder:
            item.add_marker(pytest.mark.needs("postgres"))


@pytest.fixture
def place(postgres: PostgresServer) -> DatabaseUrl:
    """A new database."""
    return DatabaseUrl(postgres.new_database())


@pytest.fixture
def another(place: DatabaseUrl) -> Iterator[Api]:
    """A second process, as far as the database can tell."""
    opened = Api(place)
    yield opened
    opened.close()
