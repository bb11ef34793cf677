"""The picture in the README: an SVG of a terminal session with the installed command."""

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

from openai_cli.output.command_line import wrapped

_RUN = (
    'openai --local beta:threads create-and-run --assistant-id asst_demo --message "Hello from '
    'the embedded engine" --metadata team=core --format pretty'
)
_EVENTS = (
    'openai --local beta:threads create-and-run --assistant-id asst_demo --message "Hello" '
    "--stream --format jsonl --transform '[event,data.status]' --max-items 6"
)
_WIDTH = 82
_TIME = "2026-11-22 12:00:00"
_LETTERS = "k3Tz9QmVw2XcR8bNfY5sLdH7"
"""Replaces the random part of every id; it has the same length."""


def picture() -> str:
    """The picture as SVG text. Ids and times are replaced, so each call returns the same text."""
    console = Console(
        record=True,
        width=_WIDTH,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        legacy_windows=False,
        _environ={},
    )
    with tempfile.TemporaryDirectory() as home:
        for command in (_RUN, _EVENTS):
            console.print(_typed(command))
            console.print(Text.from_ansi(_normalized(_printed(command, Path(home))).rstrip()))
            console.print()
    svg = console.export_svg(title="openai", unique_id="openai")
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
    done = subprocess.run(  # noqa: S602 - a command of ours, as a reader would type it
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
