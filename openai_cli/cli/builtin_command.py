"""Declares and runs a command of the tool itself (not an API operation)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from openai_cli.cli.catalog import FlagRow, global_rows, option_row
from openai_cli.cli.options import Option
from openai_cli.cli.session import Session
from openai_cli.errors import Problem, UsageError

SEVERAL_FILES = "FILE..."
"""Name of the last positional argument of a command that takes any number of them."""
_COMMON = ("--format-error", "--debug", "--help")


class BuiltinCommand(NamedTuple):
    """A command of the tool itself; the function `runs` executes it.

    `name` is group and command as typed. `words` are the names of the positional arguments in the
    help, `choices` the allowed values of the first one. The command takes the global options in
    `shared` and in `_COMMON`. `consequence` ends the message of a usage error. A command that
    `stays` runs until stopped, so tests skip its examples.
    """

    name: str
    summary: str
    runs: Callable[[Session], None]
    words: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()
    examples: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    consequence: str = "nothing was done"
    stays: bool = False

    @property
    def group(self) -> str:
        """The group it belongs to, or ""."""
        return self.name.rpartition(" ")[0]

    @property
    def command(self) -> str:
        """The last word of its name."""
        return self.name.rpartition(" ")[2]

    @property
    def usage(self) -> str:
        """The command as typed, with placeholders for its arguments."""
        return " ".join(["openai", self.name, *self.words, "[flags]"])

    @property
    def shown_examples(self) -> tuple[str, ...]:
        """Its examples as the help shows them."""
        return self.examples

    @property
    def own_rows(self) -> tuple[FlagRow, ...]:
        """Its own flags, and the global ones in `shared`."""
        shared = (row for row in global_rows() if row.name in self.shared)
        return (*map(option_row, self.options), *shared)

    @property
    def rows(self) -> tuple[FlagRow, ...]:
        """All flags it takes, including those in `_COMMON`."""
        return (*self.own_rows, *(row for row in global_rows() if row.name in _COMMON))

    def run(self, session: Session) -> None:
        """Check the arguments and execute the command. Raises CliError."""
        try:
            self._check(session)
            self.runs(session)
        except UsageError as error:
            error.consequence = error.consequence or self.consequence
            raise

    def _check(self, session: Session) -> None:
        words = session.arguments.words
        several = self.words[-1:] == (SEVERAL_FILES,)
        # The command itself reports a word that is not one of its choices.
        is_wrong = self.choices and words and words[0] not in self.choices
        extra = [] if several or is_wrong else words[len(self.words) :]
        taken = {row.name for row in self.rows}
        problems = [Problem(f'"{word}"', "unexpected argument") for word in extra] + [
            Problem(occurrence.source, f"not an option of openai {self.name}")
            for occurrence in session.arguments.occurrences
            if occurrence.name not in taken
        ]
        if problems or session.arguments.problems:
            from openai_cli.input.hints import quoting_hints

            raise UsageError(
                problems=[*session.arguments.problems, *problems],
                hint="; ".join(quoting_hints(session.arguments, extra)),
            )
