"""The pictures in the documentation: SVGs of terminal sessions with the installed command."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sysconfig
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

from openai_cli.bulk.job_progress import JobProgress
from openai_cli.cli.each_bar import bar
from openai_cli.output.command_line import wrapped

_RUN = (
    'openai --local beta:threads create-and-run --assistant-id asst_demo --message "Hello from '
    'the embedded engine" --metadata team=core --format pretty'
)
_EVENTS = (
    'openai --local beta:threads create-and-run --assistant-id asst_demo --message "Hello" '
    "--stream --format jsonl --transform '[event,data.status]' --max-items 6"
)
_EACH = (
    "openai beta:threads create-and-run --assistant-id asst_demo --each requests.jsonl "
    "--concurrency 16 --output results.jsonl --wait"
)
_STANDING = JobProgress(done=2164, failed=3, in_flight=16, total=4200, tokens=391_684)
_SECONDS = 412.0
_WIDTH = 82
_TIME = "2026-11-22 12:00:00"
_LETTERS = "k3Tz9QmVw2XcR8bNfY5sLdH7"
"""Replaces the random part of every id; it has the same length."""


def picture() -> str:
    """The README's picture as SVG text. Ids and times are replaced, so the text never changes."""
    console = _console()
    with tempfile.TemporaryDirectory() as home:
        for command in (_RUN, _EVENTS):
            console.print(_typed(command))
            console.print(Text.from_ansi(_normalized(_printed(command, Path(home))).rstrip()))
            console.print()
    return _svg(console, "openai")


def bulk_picture() -> str:
    """The progress display of `--each`, as SVG text; the numbers are invented."""
    console = _console()
    console.print(_typed(_EACH))
    console.print(bar(_STANDING, _SECONDS))
    return _svg(console, "bulk")


def _console() -> Console:
    return Console(
        record=True,
        width=_WIDTH,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        legacy_windows=False,
        _environ={},
    )


def _svg(console: Console, ident: str) -> str:
    svg = console.export_svg(title="openai", unique_id=ident)
    # Rich's template loads a font from the network; without it, the next font in the list is used.
    return re.sub(r"\s*@font-face {.*?}", "", svg, flags=re.DOTALL)


def _typed(command: str) -> Text:
    lines = wrapped(command, _WIDTH - 2)
    return Text.assemble(("$ ", "bold green"), ("\n".join(lines), "bold"))


def _printed(command: str, home: Path) -> str:
    """What the command prints on a colour terminal, with `home` as its home folder."""
    environ = {
        "PATH": os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")]),
        "HOME": str(home),
        "TZ": "UTC",
        "LANG": "C.UTF-8",
    }
    done = subprocess.run(  # noqa: S602 - a fixed command
        f"{command} --color always",
        shell=True,
        check=True,
        cwd=home,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )
    return done.stdout.decode()


def _normalized(text: str) -> str:
    ids = re.sub(r"(run|thread|msg|step)_[A-Za-z0-9]{24}", rf"\1_{_LETTERS}", text)
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", _TIME, ids)
