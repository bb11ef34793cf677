"""Options for following a run: time limits, and commands for function calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from openai_cli.api.run_limits import MAX_TOOL_TURNS

if TYPE_CHECKING:
    from openai_cli.follow.process import Shutdown

ANY = "*"
"""The name of the command for all functions without their own."""


class WaitLimits(NamedTuple):
    """`interval`: seconds between polls, unless the server asks for others. `timeout`: in total."""

    interval: float = 1.0
    timeout: float = 900.0


class ToolCommand(NamedTuple):
    """The command, as words, for the function `name` (`*`: all others)."""

    name: str
    words: tuple[str, ...]


class ToolOptions(NamedTuple):
    """The commands for function calls; `timeout` is in seconds per command."""

    commands: tuple[ToolCommand, ...] = ()
    concurrency: int = 4
    timeout: float = 300.0
    fail: bool = False
    """Whether a failed command cancels the run; otherwise the error is sent as its output."""
    max_turns: int = MAX_TOOL_TURNS
    """Maximum number of turns of tool calls that are answered."""
    shutdown: Shutdown | None = None
    """Shared shutdown flag if several threads follow runs; its owner calls `orphans_adopted`."""

    def command_for(self, name: str) -> ToolCommand | None:
        """The command for a function: its own, else the one named `*`, else None."""
        by_name = {command.name: command for command in self.commands}
        return by_name.get(name) or by_name.get(ANY)
