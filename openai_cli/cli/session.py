"""State of one invocation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

from openai_cli.cli.env import Env
from openai_cli.input.arguments import Arguments


@dataclass
class Session:
    """The environment, and the command line as parsed so far.

    Global options are valid at every level: `arguments` has the flags of all levels, in order, and
    the words of the last level.
    """

    env: Env
    arguments: Arguments = field(default_factory=Arguments)


def session_of(ctx: Any) -> Session:
    """The session of the invocation that this Typer context belongs to."""
    return cast("Session", ctx.find_object(Session))
