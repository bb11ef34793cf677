from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engine.serve.support import Running, Served
from tests.engine.support import Api
from tests.support.shell import Shell


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
