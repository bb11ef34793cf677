from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engine.serve.support import Running


@pytest.fixture
def running(store_file: Path) -> Iterator[Callable[..., Running]]:
    """Starts a service in this process; options go to it."""
    started: list[Running] = []

    def start(**options: Any) -> Running:
        started.append(Running(store_file, **options))
        return started[-1]

    yield start
    for one in started:
        one.close()
