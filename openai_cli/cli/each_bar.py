"""The progress bar of `--each` on a terminal, drawn by rich."""

from __future__ import annotations

from typing import IO, cast

from rich.console import Console, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from openai_cli.bulk.job_progress import JobProgress, details
from openai_cli.cli.env import Env

_BAR_WIDTH = 30


class _Stderr:
    """File object through which rich writes to our stderr."""

    def __init__(self, env: Env) -> None:
        self._env = env

    def write(self, text: str) -> int:
        self._env.put(text)
        return len(text)

    def flush(self) -> None:
        """Does nothing: writes are not buffered."""


def live(env: Env, width: int) -> Live:
    """A display that redraws in place, only on `update(refresh=True)`."""
    console = Console(
        file=cast("IO[str]", _Stderr(env)),
        force_terminal=True,
        width=width,
        no_color=not env.colours(env.err),
    )
    display = Live(console=console, auto_refresh=False, transient=True)
    display.start()
    return display


def bar(progress: JobProgress, seconds: float) -> RenderableType:
    """The bar, with the counts below it."""
    finished = progress.done + progress.skipped
    head = Table.grid(padding=(0, 1))
    shown = ProgressBar(
        total=progress.total or None,
        completed=finished,
        width=_BAR_WIDTH,
        animation_time=seconds,
        pulse=progress.total is None,
    )
    of_total = "" if progress.total is None else f" of {progress.total:,}"
    head.add_row(shown, Text(f"{finished:,}{of_total} lines"))
    whole = Table.grid()
    whole.add_row(head)
    whole.add_row(Text("  ".join(details(progress, seconds)), style="dim", overflow="ellipsis"))
    return whole
