"""How to follow a run: how long to wait, and which commands answer its function calls."""

from __future__ import annotations

from dataclasses import dataclass

from openai_cli.api.run_limits import MAX_TOOL_TURNS

ANY = "*"
"""The name that stands for every function without a command of its own."""


@dataclass(frozen=True)
class WaitLimits:
    """Seconds between two polls, unless the server says otherwise, and seconds to wait in all."""

    interval: float = 1.0
    timeout: float = 900.0


@dataclass(frozen=True)
class ToolCommand:
    """The command, as words, for the function `name` (`*`: for all others)."""

    name: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class ToolOptions:
    """The commands for function calls; `timeout` is seconds for each command."""

    commands: tuple[ToolCommand, ...] = ()
    concurrency: int = 4
    timeout: float = 300.0
    fail: bool = False
    """Whether a failed command cancels the run; otherwise its failure is sent as the output."""
    max_turns: int = MAX_TOOL_TURNS
    """Times that the calls of the run are answered."""

    def command_for(self, name: str) -> ToolCommand | None:
        """The command for a function: its own, else the one for all others."""
        by_name = {command.name: command for command in self.commands}
        return by_name.get(name) or by_name.get(ANY)
