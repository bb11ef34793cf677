from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.local.support import Api


@pytest.fixture
def store_file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "assistants.db"


@pytest.fixture
def api(store_file: Path) -> Iterator[Api]:
    opened = Api(store_file)
    yield opened
    opened.close()
