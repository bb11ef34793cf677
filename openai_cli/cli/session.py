"""State of one invocation."""

from __future__ import annotations

from typing import Any, cast

from openai_cli.cli.env import Env
from openai_cli.input.arguments import Arguments
from openai_cli.output.terminal import COLOURS


class Session:
    """The environment, and the command line as parsed so far.

    Global options are valid at every level: `arguments` has the flags of all levels, in order, and
    the words of the last level.
    """

    def __init__(self, env: Env) -> None:
        self._env = env
        self.arguments = Arguments()

    @property
    def env(self) -> Env:
        """The environment, with the last valid --color that was parsed so far."""
        typed = (one.text or "" for one in self.arguments.occurrences if one.name == "--color")
        valid = [text.lower() for text in typed if text.lower() in COLOURS]
        return self._env._replace(color=valid[-1]) if valid else self._env


def session_of(ctx: Any) -> Session:
    """The session of the invocation that this Typer context belongs to."""
    return cast("Session", ctx.find_object(Session))
