"""The script of docs/scripting.md, run wherever `OPENAI_BASE_URL` may point.

Whatever answers there has to know the `echo` model; a server that does is one more `base_url`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.page import steps_of
from tests.engine.serve.support import Served
from tests.support.shell import Shell

pytestmark = pytest.mark.slow

PAGE = Path(__file__).parents[2] / "docs" / "scripting.md"


# The page itself is run with the script's own default, by test_examples.
@pytest.fixture(params=["local:elsewhere/trip.db", "served"])
def base_url(request: pytest.FixtureRequest, openai: Shell) -> Iterator[str]:
    """Where the script is to run: a store, or `openai local serve`."""
    (openai.folder / "elsewhere").mkdir()
    if request.param != "served":
        yield request.param
        return
    served = Served(openai, "--store", str(openai.folder / "elsewhere" / "served.db"))
    yield served.url
    served.close()


def life(openai: Shell, base_url: str, script: str = "./life.sh") -> list[str]:
    """What the page's script prints."""
    (made,) = [step.text for step in steps_of(PAGE) if "life.sh <<" in step.text]
    done = subprocess.run(
        ["sh", "-euc", f"{made}\n{script}"],
        cwd=openai.folder,
        env={
            **openai.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{openai.environ['PATH']}",
            "OPENAI_BASE_URL": base_url,
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()


def test_the_script_does_what_the_page_shows(openai: Shell, base_url: str) -> None:
    printed = life(openai, base_url)
    assert printed == [
        *("user", "completed,", "22", "tokens", "Oslo:", "4", "degrees"),
        *("tool_calls", "message_creation", "true", "true"),
    ]
    left = openai("beta:assistants list --format jsonl", env={"OPENAI_BASE_URL": base_url})
    assert [one["id"] for one in left.lines] == ["asst_demo"]


def test_the_script_cleans_up_after_a_failure(openai: Shell) -> None:
    # The run fails: its command is gone, and the script stops there, but not before cleaning up.
    broken = "sed -i 's/runs create/runs creat/' life.sh; ./life.sh 2> talk || echo code $?"
    assert life(openai, "local:", broken) == ["user", "true", "true", "code", "2"]
    left = openai("beta:assistants list --local --format jsonl")
    assert [one["id"] for one in left.lines] == ["asst_demo"]
