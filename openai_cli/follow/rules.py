"""How a run is followed: how long it is waited for, and which commands answer its calls."""

from __future__ import annotations

from dataclasses import dataclass

ANY = "*"
"""The name that stands for every function without a command of its own."""


@dataclass(frozen=True)
class WaitLimits:
    """Seconds between two questions, if the server does not say, and seconds to wait in all."""

    interval: float = 1.0
    timeout: float = 900.0


@dataclass(frozen=True)
class Handler:
    """The command, as words, for the function of that name (`*`: for all others)."""

    name: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class Rules:
    """Which command answers which function; `timeout` is seconds for each command."""

    handlers: tuple[Handler, ...] = ()
    concurrency: int = 4
    timeout: float = 300.0
    fail: bool = False
    """Whether a command that fails ends the run, in place of telling it so."""

    def handler(self, name: str) -> Handler | None:
        """The command for a function: its own, else the one for all others."""
        own = {handler.name: handler for handler in self.handlers}
        return own.get(name) or own.get(ANY)
