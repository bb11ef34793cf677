"""The official SDK, as programs use it, against a served engine.

Its versions cannot live beside each other, nor beside this tool (it brings a command `openai` of
its own), so each has an environment: `make test-slow` makes them.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.serve.support import Served
from tests.engine.upstream.support import DONE, Upstream, chunk, wire
from tests.support.shell import Shell

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SCRIPTS = Path(__file__).parent / "scripts"
KEY = "sk-of-these-tests"


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """A Chat Completions server that says the same to everybody, and counts no tokens."""
    opened = Upstream()
    opened.reply(wire(chunk(content="Hello"), chunk("stop"), DONE))
    yield opened
    opened.close()


@pytest.fixture
def served(openai: Shell, tmp_path: Path, upstream: Upstream) -> Iterator[Served]:
    env = {"OPENAI_LOCAL_SERVER_KEY": KEY, "OPENAI_LOCAL_UPSTREAM_URL": upstream.url}
    served = Served(openai, "--store", str(tmp_path / "sdk.db"), "--require-key", env=env)
    yield served
    served.close()


@pytest.mark.parametrize("script", ["polls", "streams", "lists", "errors", "asynchronous", "usage"])
@pytest.mark.parametrize("version", [2, 3])
def test_script(openai: Shell, served: Served, version: int, script: str) -> None:
    python = ROOT / f".venv-sdk{version}" / "bin" / "python"
    assert python.exists(), "`make sdks` makes the environments of the official SDK"
    environ = {name: text for name, text in openai.environ.items() if name != "PYTHONWARNINGS"}
    done = subprocess.run(
        [python, SCRIPTS / f"{script}.py", served.url],
        env={**environ, "OPENAI_API_KEY": KEY},
        cwd=openai.folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert served.stop() == 0
    assert served.said.count(b"\n") == 1, served.said


def test_there_is_a_script_for_every_file() -> None:
    tried = {"polls", "streams", "lists", "errors", "asynchronous", "usage"}
    assert {file.stem for file in SCRIPTS.glob("*.py")} == {*tried, "common"}
