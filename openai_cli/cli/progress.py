"""Status line on stderr while waiting for a run; only on a terminal."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from openai_cli.cli.env import Env
from openai_cli.follow.run import Run, status_of
from openai_cli.output.sink import Sink
from openai_cli.output.terminal import harmless

_REDRAW = 0.25
"""Seconds between redraws of the line."""


class Progress:
    """Waits, showing the run's status, the elapsed time and, if known, the tokens."""

    def __init__(
        self,
        env: Env,
        *,
        quiet: bool = False,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        # A dumb terminal cannot rewrite a line, so it would fill with copies of it.
        capable = env.err.is_terminal and env.environ.get("TERM", "") not in ("", "dumb")
        self._shows = capable and not quiet
        self._env = env
        self._sleep = sleep
        self._now = now
        self._since = now()
        self._visible = False

    def pause(self, run: Run, seconds: float) -> None:
        """Wait, updating the elapsed time in the line."""
        until = self._now() + seconds
        while self._shows and until - self._now() > 0:
            self.show(_status(run))
            self._sleep(max(0.0, min(_REDRAW, until - self._now())))
        if not self._shows:
            self._sleep(seconds)

    def show(self, what: str) -> None:
        """Show this text and the elapsed time in the line."""
        if self._shows:
            text = f"{harmless(what, lines=False)}  {self._now() - self._since:.0f} s"
            self._visible = True
            self._env.put(f"\r\x1b[K{text[: max(_columns(self._env.err) - 1, 1)]}")

    def clear(self) -> None:
        """Remove the line, before other output is written."""
        if self._visible:
            self._visible = False
            self._env.put("\r\x1b[K")


def _columns(sink: Sink) -> int:
    """The width of this sink's terminal, in columns; stdout may be a different one."""
    try:
        return os.get_terminal_size(sink.stream.fileno() if sink.stream else -1).columns or 80
    except (OSError, ValueError):
        return 80


def _status(run: Run) -> str:
    usage = run.get("usage")
    tokens = usage.get("total_tokens") if isinstance(usage, dict) else None
    shown = f"  {tokens} tokens" if tokens else ""
    return f"run {run.get('id')}: {status_of(run)}{shown}"
