"""State of one invocation."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from openai_cli.cli.env import Env
from openai_cli.input.arguments import Arguments
from openai_cli.output.terminal import COLOURS

if TYPE_CHECKING:
    from openai_cli.cli.config_file.profile import Profile
    from openai_cli.cli.configuration import Configuration


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
        """The environment, with the last valid --color parsed so far, else the profile's."""
        typed = (one.text or "" for one in self.arguments.occurrences if one.name == "--color")
        valid = [text.lower() for text in typed if text.lower() in COLOURS]
        return self._env._replace(color=valid[-1]) if valid else self._env

    def configuration(self, *, engine: bool = False) -> Configuration:
        """The flags and variables in effect, with what the configuration file adds.

        `engine`: the command works on the embedded engine, whatever the base URL. Raises
        UsageError for a file that cannot be used.
        """
        from openai_cli.cli.configuration import Configuration

        typed, environ = self.arguments.occurrences, self.env.environ
        if self._profile is None:
            return Configuration(typed, environ)
        from openai_cli.cli.config_file.profile import configuration

        found = configuration(self._profile, typed, environ, engine=engine)
        if "--color" in found.supplied:
            color = next(one.text for one in found.occurrences if one.name == "--color")
            self._env = self._env._replace(color=(color or "").lower())
        return found

    @cached_property
    def _profile(self) -> Profile | None:
        from openai_cli.cli.config_file.location import PROFILE_VARIABLE, config_path, is_absent

        environ = self.env.environ
        path = config_path(environ)
        named = PROFILE_VARIABLE in environ or "--profile" in self.arguments.names()
        if is_absent(path, environ) and not named:
            return None
        from openai_cli.cli.config_file.profile import read_profile

        return read_profile(path, self.arguments.occurrences, environ)


def session_of(ctx: Any) -> Session:
    """The session of the invocation that this Typer context belongs to."""
    return cast("Session", ctx.find_object(Session))
