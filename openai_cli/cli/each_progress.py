"""Shows the progress of `--each`: a bar on a terminal, else a line every few seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from openai_cli.bulk.job_progress import JobProgress, status_line
from openai_cli.cli.env import Env
from openai_cli.cli.progress import columns
from openai_cli.output.terminal import harmless

if TYPE_CHECKING:
    from rich.live import Live

_LINE_INTERVAL = 15.0
"""Seconds between two lines if stderr is not a terminal."""
_REDRAW = 0.2


class EachProgress:
    """Shows a `JobProgress` on stderr, with a minimum interval."""

    def __init__(
        self, env: Env, *, quiet: bool = False, now: Callable[[], float] = time.monotonic
    ) -> None:
        capable = env.err.is_terminal and env.environ.get("TERM", "") not in ("", "dumb")
        self._env = env
        self._now = now
        self._since = now()
        self._shown_at = self._since
        self._live = _live(env) if capable and not quiet else None

    def show(self, progress: JobProgress) -> None:
        """Show the progress, unless it was shown within the interval."""
        now = self._now()
        if now - self._shown_at < (_REDRAW if self._live else _LINE_INTERVAL):
            return
        self._shown_at = now
        if self._live:
            from openai_cli.cli.each_bar import bar

            self._live.update(bar(progress, now - self._since), refresh=True)
        else:
            self._env.say("note", status_line(progress, now - self._since))

    def say(self, kind: str, text: str) -> None:
        """Write a message above the bar."""
        if self._live:
            shown = f"{kind}: {harmless(text)}"
            self._live.console.print(shown, markup=False, highlight=False, soft_wrap=True)
        else:
            self._env.say(kind, text)

    def close(self) -> None:
        """Remove the bar."""
        if self._live:
            self._live.stop()
            self._live = None


def _live(env: Env) -> Live:
    from openai_cli.cli.each_bar import live

    return live(env, columns(env.err))
