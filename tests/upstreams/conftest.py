"""One server of each kind for all tests: a start costs seconds, and 100 MB of memory."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.shell import Shell, clean_environ
from tests.upstreams.servers import ModelServer, litellm, llama


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("servers")


@pytest.fixture(scope="session")
def environ(folder: Path) -> dict[str, str]:
    environ = clean_environ(folder)
    del environ["PYTHONWARNINGS"]
    return environ


@pytest.fixture(scope="session")
def llama_server(folder: Path, environ: dict[str, str]) -> Iterator[ModelServer]:
    server = llama(folder, environ)
    yield server
    server.close()


@pytest.fixture(scope="session")
def litellm_server(
    folder: Path, environ: dict[str, str], llama_server: ModelServer
) -> Iterator[ModelServer]:
    server = litellm(folder, environ, llama_server)
    yield server
    server.close()


@pytest.fixture(params=["llama", "litellm"])
def upstream(request: pytest.FixtureRequest) -> ModelServer:
    """Each server in turn."""
    server: ModelServer = request.getfixturevalue(f"{request.param}_server")
    return server


@pytest.fixture
def assistant(openai: Shell, upstream: ModelServer) -> str:
    """An assistant that answers from `upstream`, for a shell that is set up for it."""
    openai.environ |= {
        "OPENAI_BASE_URL": f"local:{openai.folder}/store.db",
        "OPENAI_LOCAL_UPSTREAM_URL": upstream.url,
    }
    made = openai(
        "beta:assistants", "create", "--model", "smol", "--temperature", "0",
        "--instructions", "Answer in one short sentence.",
    )  # fmt: skip
    assert made.code == 0, made.err
    return str(made.json["id"])
