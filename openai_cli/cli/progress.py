"""Status line on stderr while waiting for a run; only on a terminal."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from openai_cli.cli.env import Env
from openai_cli.client.settings import ConnectionSettings
from openai_cli.follow.run import Run, status_of
from openai_cli.output.sink import Sink
from openai_cli.output.terminal import harmless

_REDRAW = 0.25
"""Seconds between redraws of the line."""


class Progress:
    """Shows the run's status, the elapsed time and, if known, the tokens.

    `pause` waits for a time; `waiting` wraps a block of code that takes long, such as a run of the
    embedded engine: a thread redraws the line, with the run last given to `update`.
    """

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
        self._run: Run | None = None
        self._lock = threading.RLock()

    @property
    def shows(self) -> bool:
        """Whether there is a terminal for the line."""
        return self._shows

    def update(self, run: Run) -> None:
        """Set the run whose status is shown."""
        self._run = run

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Redraw the line while the block runs, once a run is known."""
        if not self._shows:
            yield
            return
        stop = threading.Event()
        drawing = threading.Thread(target=self._draw_until, args=(stop,), daemon=True)
        drawing.start()
        try:
            yield
        finally:
            stop.set()
            drawing.join()
            self.clear()

    def _draw_until(self, stop: threading.Event) -> None:
        while not stop.wait(_REDRAW):
            if self._run is not None:
                self.show(_status(self._run))

    def beside(self, settings: ConnectionSettings) -> ConnectionSettings:
        """The settings, with callbacks that remove the line before they print a message."""

        def cleared(write: Callable[[str], None]) -> Callable[[str], None]:
            def clear_and_write(text: str) -> None:
                with self._lock:
                    self.clear()
                    write(text)

            return clear_and_write

        if not self._shows:
            return settings
        return settings._replace(
            notice=cleared(settings.notice),
            note=cleared(settings.note),
            warn=cleared(settings.warn),
        )

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
            with self._lock:
                self._visible = True
                self._env.put(f"\r\x1b[K{text[: max(columns(self._env.err) - 1, 1)]}")

    def clear(self) -> None:
        """Remove the line, before other output is written."""
        with self._lock:
            if self._visible:
                self._visible = False
                self._env.put("\r\x1b[K")


def columns(sink: Sink) -> int:
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
