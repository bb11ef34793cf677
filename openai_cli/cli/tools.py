"""Commands of the tool itself, beside the operations: `openai @manpages -o DIR` and its like."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import cast

from openai_cli.cli.catalog import FlagRow, global_rows, option_row
from openai_cli.cli.options import OTHER, Option
from openai_cli.cli.session import Session
from openai_cli.completion.shells import SHELLS
from openai_cli.errors import Problem, UsageError


@dataclass(frozen=True)
class ToolCommand:
    """One such command. `runs` names its function, `module:name`, which is given the session.

    `words` are the words it takes, as help shows them, `choices` what the first may be; its
    options are in `session.split` like any other. The name begins with `@`, which no resource
    does.
    """

    name: str
    summary: str
    runs: str
    words: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()
    examples: tuple[str, ...] = ()

    @property
    def usage(self) -> str:
        """The command as it is typed, with the places of its words."""
        return " ".join(["openai", self.name, *self.words, "[flags]"])

    @property
    def rows(self) -> tuple[FlagRow, ...]:
        """All flags it takes: its own, and of the global ones `--debug` and `--help`."""
        common = ("--format-error", "--debug", "--help")
        shared = (row for row in global_rows() if row.name in common)
        return (*map(option_row, self.options), *shared)

    def run(self, session: Session) -> None:
        """Do it. Raises a CliError."""
        extra = session.split.words[len(self.words) :]
        problems = [Problem(f'"{word}"', "unexpected argument") for word in extra]
        if problems or session.split.problems:
            raise UsageError(problems=[*session.split.problems, *problems])
        module, _, name = self.runs.partition(":")
        cast("Callable[[Session], None]", getattr(import_module(module), name))(session)


TOOLS = (
    ToolCommand(
        name="@completion",
        summary="Print the completion script of a shell",
        runs="openai_cli.completion.command:print_script",
        words=("SHELL",),
        choices=SHELLS,
        examples=("openai @completion bash > openai.bash",),
    ),
    ToolCommand(
        name="@manpages",
        summary="Write the manual pages",
        runs="openai_cli.manual.command:write_pages",
        options=(
            Option("--output", "Folder to write them to; made if missing.", OTHER, "DIR", "-o"),
        ),
        examples=("openai @manpages -o man1",),
    ),
)


def find_tool(name: str) -> ToolCommand | None:
    """The tool command of that name, if there is one."""
    return next((tool for tool in TOOLS if tool.name == name), None)
