"""A module is imported when its work begins: budgets by name, not by time."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

import pytest

from tests.cli.conftest import RUN
from tests.support.server import Reply, Server
from tests.support.shell import Shell

HEAVY = frozenset(
    f"openai_cli.{name}"
    for name in (
        "engine", "client.client", "output.panel", "output.yaml_layout", "output.gjson.parser",
        "output.pager", "output.explore",
    )
) | {"httpx", "rich", "ruamel", "pydantic", "sqlite3", "textual", "asyncio"}  # fmt: skip
REMOTE = {"httpx", "pydantic", "openai_cli.client.client"}

PROGRAM = """
import sys
from openai_cli.__main__ import main
try:
    main()
finally:
    print(*sys.modules, sep="\\n", file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("words", "needed"),
    [
        (["--debug", "--version"], set()),
        (["--help"], set()),
        (["help", "beta:threads"], set()),
        (["beta:thread"], set()),
        ([*RUN, "--help"], {"pydantic"}),
        ([*RUN, "--top-p", "7"], {"pydantic"}),
        ([*RUN], REMOTE),
        ([*RUN, "--transform", "id"], {*REMOTE, "openai_cli.output.gjson.parser"}),
        ([*RUN, "--format", "pretty"], {*REMOTE, "rich", "openai_cli.output.panel"}),
        ([*RUN, "--format", "yaml"], {*REMOTE, "ruamel", "openai_cli.output.yaml_layout"}),
        (["--local", *RUN, "--message", "Hi"], {*REMOTE, "sqlite3", "openai_cli.engine"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)  # fmt: skip
def test_what_is_not_needed_is_not_imported(
    openai: Shell, server: Server, words: list[str], needed: set[str]
) -> None:
    server.reply(Reply(body={"id": "x"}))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words],
        cwd=openai.folder,
        env={**openai.environ, "OPENAI_BASE_URL": server.url},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    loaded = set(done.stderr.splitlines())
    assert all(map(find_spec, HEAVY))
    assert "openai_cli.cli.main" in loaded
    assert loaded & HEAVY <= needed | ({"asyncio"} if "httpx" in needed else set())
    assert needed <= loaded


@pytest.mark.parametrize("flag", ["--version", "-v"])
def test_version_loads_one_module_of_ours(openai: Shell, flag: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, flag],
        env=openai.environ,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(done.stderr.splitlines())
    ours = {name for name in loaded if name.startswith("openai_cli")}
    assert ours == {"openai_cli", "openai_cli.__main__"}
    assert not loaded & {"typer", "dataclasses", "typing"}
