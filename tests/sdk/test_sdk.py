"""The official SDK, as programs use it, against a served engine.

Its versions cannot live beside each other, nor beside this tool (it brings a command `openai` of
its own), so each has an environment: `make test-slow` makes them.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engine.serve.support import Served
from tests.engine.upstream.support import DONE, Upstream, chat_message, chunk, wire
from tests.support.postgres import PostgresServer
from tests.support.server import Reply
from tests.support.shell import Shell

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SCRIPTS = Path(__file__).parent / "scripts"
KEY = "sk-of-these-tests"
FOR_OPENAI = ("polls", "streams", "lists", "errors", "asynchronous", "usage")


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """A Chat Completions server that says the same to everybody, and counts no tokens."""

    def behave(body: Any) -> Reply:
        if body is None:
            return Reply(body={"object": "list", "data": [{"id": "llama", "object": "model"}]})
        if not body.get("stream"):
            return Reply(body=chat_message("Hello"))
        return wire(chunk(content="Hello"), chunk("stop"), DONE)

    opened = Upstream()
    opened.behave = behave
    yield opened
    opened.close()


@pytest.fixture
def served(
    request: pytest.FixtureRequest, openai: Shell, tmp_path: Path, upstream: Upstream
) -> Iterator[Served]:
    """A server with a key, and with the flags that a test gives as the fixture's parameter."""
    env = {"OPENAI_LOCAL_SERVER_KEY": KEY, "OPENAI_LOCAL_UPSTREAM_URL": upstream.url}
    words = ("--store", str(tmp_path / "sdk.db"), "--require-key", *getattr(request, "param", ()))
    served = Served(openai, *words, env=env)
    yield served
    served.close()


@pytest.fixture
def front(openai: Shell, postgres: PostgresServer, upstream: Upstream) -> Iterator[Served]:
    """A server that leaves all runs to a worker, another process with the same database."""
    env = {"OPENAI_LOCAL_SERVER_KEY": KEY, "OPENAI_LOCAL_UPSTREAM_URL": upstream.url}
    store = ("--store", postgres.new_database())
    served = Served(openai, *store, "--workers", "0", "--require-key", env=env)
    worker = openai.start("local", "worker", *store, env=env, stderr=subprocess.DEVNULL)
    yield served
    served.close()
    worker.terminate()
    worker.wait()


@pytest.mark.needs("postgres")
@pytest.mark.parametrize("script", FOR_OPENAI)
def test_script_on_several_machines(openai: Shell, front: Served, script: str) -> None:
    check(openai, front, [python(3), SCRIPTS / f"{script}.py"])


@pytest.mark.parametrize("script", FOR_OPENAI)
@pytest.mark.parametrize("version", [2, 3])
def test_script(openai: Shell, served: Served, version: int, script: str) -> None:
    check(openai, served, [python(version), SCRIPTS / f"{script}.py"])


@pytest.mark.parametrize("served", [("--passthrough",)], indirect=True)
@pytest.mark.parametrize("version", [2, 3])
def test_chat_completions_beside_runs(openai: Shell, served: Served, version: int) -> None:
    check(openai, served, [python(version), SCRIPTS / "passthrough.py"])


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_program_for_azure(openai: Shell, served: Served, version: int) -> None:
    check(openai, served, [python(version), SCRIPTS / "azure.py"])


def test_a_program_for_azure_in_node(openai: Shell, served: Served) -> None:
    package = ROOT / ".venv" / "npm-sdk"
    assert package.exists(), "`make sdks` installs the npm package"
    # As a module on standard input, it imports from the current folder.
    with (SCRIPTS / "azure.mjs").open("rb") as script:
        check(openai, served, ["node", "--input-type=module", "-"], cwd=package, stdin=script)


def python(version: int) -> Path:
    found = ROOT / f".venv-sdk{version}" / "bin" / "python"
    assert found.exists(), "`make sdks` makes the environments of the official SDK"
    return found


def check(openai: Shell, served: Served, command: list[str | Path], **options: Any) -> None:
    environ = {name: text for name, text in openai.environ.items() if name != "PYTHONWARNINGS"}
    done = subprocess.run(
        [*command, served.url],
        env={**environ, "OPENAI_API_KEY": KEY},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        **{"cwd": openai.folder, **options},
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert served.stop() == 0
    assert served.said.count(b"\n") == 1, served.said


def test_there_is_a_script_for_every_file() -> None:
    assert {file.stem for file in SCRIPTS.glob("*.py")} == {
        *FOR_OPENAI,
        "azure",
        "common",
        "passthrough",
    }
