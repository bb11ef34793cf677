from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.support import Api
from tests.engine.upstream.support import Upstream


@pytest.fixture
def chat(store_file: Path, upstream: Upstream) -> Iterator[Api]:
    """An engine before a Chat Completions server, the default for any server but OpenAI's."""
    opened = Api(store_file, {"OPENAI_LOCAL_UPSTREAM_URL": upstream.url})
    yield opened
    opened.close()


@pytest.fixture
def responses(store_file: Path, upstream: Upstream) -> Iterator[Api]:
    """An engine before a Responses server."""
    environ = {
        "OPENAI_LOCAL_UPSTREAM_URL": upstream.url,
        "OPENAI_LOCAL_UPSTREAM_API": "responses",
        "OPENAI_LOCAL_UPSTREAM_KEY": "sk-secret-of-the-tests",
    }
    opened = Api(store_file, environ)
    yield opened
    opened.close()
