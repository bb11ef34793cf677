from collections.abc import Callable, Iterator
from typing import Any

import pytest

from openai_cli.engine.store_place import StorePlace
from tests.engine.serve.support import Running


@pytest.fixture
def running(place: StorePlace) -> Iterator[Callable[..., Running]]:
    """Starts a service in this process; options go to it."""
    started: list[Running] = []

    def start(**options: Any) -> Running:
        started.append(Running(place, **options))
        return started[-1]

    yield start
    for one in started:
        one.close(wait=False)
