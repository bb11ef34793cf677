"""Every command on a page of the documentation is run, and prints what the page shows.

The pages are README.md and all of docs/. How a block is fenced says what happens to it:

    ```console          a session. `$ ` begins a command (a backslash at the end of a line goes
                        on in the next), the lines up to the next `$ ` are what it prints, on
                        stdout and stderr together; none means that it prints nothing.
                        `…` stands for anything within a line, a line of only `…` for any
                        number of lines. `# exit 2` as a line of its own is the exit code.
    ```sh               run as a script that must not fail; what it prints is not looked at.
    ```shell-session    a session that is not run: it needs a remote server or a key.
    ```bash             a script of that kind.
    ```text, json, …    not run.

The blocks of a page run in one bash, in order, in an empty folder below a home of its own
(shown as /home/you), without keys. Ids, times and ports may differ from what is shown.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.docs.page import Step, difference, steps_of
from tests.support.shell import clean_environ

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
WITH_COMMANDS = [str(page.relative_to(ROOT)) for page in PAGES if steps_of(page)]

_BEGIN, _END = "\x1e", "\x1f"


_PROGRAMS = ("curl", "jq")
"""What the pages use beside the command and a shell."""


def with_programs(pages: list[str]) -> list[object]:
    """The pages as parameters; each needs the programs that its commands name."""
    return [pytest.param(page, marks=pytest.mark.needs(*_programs(page))) for page in pages]


def _programs(page: str) -> list[str]:
    text = "\n".join(step.text for step in steps_of(ROOT / page))
    return [name for name in _PROGRAMS if re.search(rf"\b{name} ", text)]


@pytest.mark.slow
@pytest.mark.parametrize("page", with_programs(WITH_COMMANDS))
def test_page(page: str, tmp_path: Path) -> None:
    check(page, tmp_path)


def check(page: str, tmp_path: Path) -> None:
    steps = steps_of(ROOT / page)
    outcomes = run(steps, tmp_path)
    wrong = [
        f"{page}:{step.line}: {problem}\n"
        for step, problem in zip(steps, map(problem_of, steps, outcomes), strict=True)
        if problem
    ]
    assert not wrong, "\n".join(wrong)


def problem_of(step: Step, outcome: tuple[int, str] | None) -> str:
    if outcome is None:
        return f"never finished, or never begun:\n{step.text}"
    code, printed = outcome
    if code != step.code:
        return f"exit {code}, not {step.code}:\n{step.text}\n{printed}"
    return difference(step.shown, printed) if step.shown is not None else ""


def run(
    steps: list[Step], folder: Path, more: Mapping[str, str] | None = None
) -> list[tuple[int, str] | None]:
    """The exit code and output of each step; None for one that was not reached.

    `more` is added to the environment; `PATH` stands before the other folders.
    """
    home = folder / "home"
    folder = home / "project"
    folder.mkdir(parents=True)
    script = folder / "page.bash"
    script.write_text("".join(_scripted(step) for step in steps), encoding="utf-8")
    environ = clean_environ(home)
    more = more or {}
    folders = [more.get("PATH"), str(Path(sys.executable).parent), environ["PATH"]]
    environ |= {**more, "PATH": os.pathsep.join(filter(None, folders))}
    environ.update(LANG="C.UTF-8", TZ="UTC")
    log = folder / "output"
    with log.open("wb") as out:
        bash = subprocess.Popen(
            ["bash", "-euo", "pipefail", str(script)],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=environ,
            start_new_session=True,
        )
        try:
            bash.wait(timeout=300)
        finally:
            _end_group(bash.pid)
    output = log.read_text(encoding="utf-8").replace(str(home), "/home/you")
    found = _outcomes(output)
    if len(found) < len(steps):
        rest = output.rpartition(_BEGIN)[2]
        found.append((bash.returncode, rest))
    return [*found, *[None] * (len(steps) - len(found))]


def _scripted(step: Step) -> str:
    """The step between marks; a session's command may fail, a script may not."""
    text = f"{{ {step.text}\n}} && code=0 || code=$?" if step.shown is not None else step.text
    code = "${code}" if step.shown is not None else "0"
    return f"printf '{_BEGIN}'\n{text}\nprintf '{_END}%d{_END}' \"{code}\"\n"


def _outcomes(output: str) -> list[tuple[int, str] | None]:
    found: list[tuple[int, str] | None] = []
    for part in output.split(_BEGIN)[1:]:
        printed, mark, code = part.partition(_END)
        if mark:
            found.append((int(code.partition(_END)[0]), printed))
    return found


def _end_group(leader: int) -> None:
    """End what the page left running in the background."""
    try:
        os.killpg(leader, signal.SIGTERM)
    except ProcessLookupError:
        return
