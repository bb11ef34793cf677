"""Typer commands built from declarations, and the base of commands and command groups."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache, partial
from typing import TYPE_CHECKING, Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

import openai_cli
from openai_cli.api.operation import Operation
from openai_cli.cli.builtin_command import BuiltinCommand
from openai_cli.cli.catalog import FlagRow, command_rows, global_rows
from openai_cli.cli.flag_parser import FlagOption, FlagParser
from openai_cli.cli.session import Session, session_of
from openai_cli.errors import Interrupted

if TYPE_CHECKING:
    from openai_cli.cli.help import HelpPage


class FlagsMixin:
    """Base of commands and groups: Typer options are built from flag rows on first use."""

    params: list[Any]

    def rows(self) -> tuple[FlagRow, ...]:
        """The flags of this command or group."""
        raise NotImplementedError

    def page(self, ctx: Any) -> HelpPage:
        """The content of its help page."""
        raise NotImplementedError

    def get_params(self, _ctx: Any) -> list[Any]:
        """The options, built on first use; called by Typer."""
        if not self.params:
            self.params = [_option(row) for row in self.rows()]
        return self.params

    def make_parser(self, ctx: Any) -> FlagParser:
        """The parser of the options, which adds to the session's arguments; called by Typer."""
        parser = FlagParser(session_of(ctx).arguments, ctx)
        for param in self.get_params(ctx):
            param.add_to_parser(parser, ctx)
        return parser

    def get_help(self, ctx: Any) -> str:
        """The help page as text, laid out for stdout."""
        from openai_cli.cli.help import render

        env = session_of(ctx).env
        page = self.page(ctx)
        return render(page, colour=env.colours(env.out))


def show_help(ctx: Any) -> NoReturn:
    """Print the help of the context's command and exit with code 0."""
    session_of(ctx).env.out.write(ctx.get_help())
    raise typer.Exit(0)


def show_version(ctx: Any) -> NoReturn:
    """Print the version and exit with code 0."""
    session_of(ctx).env.out.write(openai_cli.version_line())
    raise typer.Exit(0)


@cache
def _option(row: FlagRow) -> FlagOption:
    """The option; global ones are the same at each level of the tree, so they are made once."""
    answers = {"--help": _on_help, "--version": _on_version}
    return FlagOption(row, answers.get(row.name))


def _on_help(ctx: Any, _option: Any, given: Any) -> None:
    """Show the help of what the words behind `--help` name, if they name something."""
    if not given:
        return
    words, is_group = session_of(ctx).arguments.words, isinstance(ctx.command, TyperGroup)
    named = ctx.command.get_command(ctx, words[0]) if words and is_group else None
    if named:
        named.make_context(words[0], ["--help", *words[1:]], parent=ctx)  # shows it and exits
    show_help(ctx)


def _on_version(ctx: Any, _option: Any, given: Any) -> None:
    if given:
        show_version(ctx)


_ONLY_HELP = (["--help"], ["-h"], ["help"])
"""Arguments of a command that ask for its help, whatever its flags are."""


class AppCommand(FlagsMixin, TyperCommand):
    """An operation or a command of the tool itself; takes its own and global flags in any order.

    Positional words are left to the command, as their meaning depends on the given flags.
    """

    allow_extra_args = True

    def __init__(
        self,
        declared: Operation | BuiltinCommand,
        rows: Callable[[], tuple[FlagRow, ...]],
        run: Callable[[Session], None],
        shown_rows: Callable[[], tuple[FlagRow, ...]] | None = None,
    ) -> None:
        super().__init__(
            declared.command, callback=run, help=f"{declared.summary}.", add_help_option=False
        )
        self._declared = declared
        self._rows = rows
        self._shown_rows = shown_rows or rows

    def rows(self) -> tuple[FlagRow, ...]:
        """Its own flags, then the global ones."""
        return self._rows()

    def page(self, ctx: Any) -> HelpPage:
        """The content of its help page."""
        from openai_cli.cli.help import HelpPage, flag_rows

        return HelpPage(
            usage=self._declared.usage,
            summary=self.help or "",
            flags=flag_rows(self.get_params(ctx), {row.name for row in global_rows()}),
            examples=self._declared.shown_examples,
        )

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the flags; the callback gets the session with the flags of all levels."""
        if args in _ONLY_HELP:
            self._rows = self._shown_rows
        words = super().parse_args(ctx, args)
        self._answer_word(ctx)
        ctx.params = {"session": session_of(ctx)}
        return words

    def _answer_word(self, ctx: Any) -> None:
        """Answer `help` and `version`, typed alone; an id of that name can be given by its flag."""
        typed = session_of(ctx).arguments.typed
        answer = {"help": show_help, "version": show_version}.get("".join(typed))
        is_file = "FILE" in self._declared.usage.split() and os.path.exists("".join(typed))  # noqa: PTH110 - pathlib is not loaded yet
        if answer and not is_file:
            answer(ctx)

    def invoke(self, ctx: Any) -> Any:
        """Execute the command. Raises CliError."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            # Typer would exit silently.
            raise Interrupted() from None


def build_command(declared: Operation | BuiltinCommand) -> AppCommand:
    """The Typer command of an operation, or of one of the tool's own commands."""
    if isinstance(declared, BuiltinCommand):
        return AppCommand(declared, lambda: declared.rows, declared.run)
    rows, shown_rows = partial(command_rows, declared), partial(_shown_rows, declared)
    return AppCommand(declared, rows, partial(_execute, declared), shown_rows)


def _shown_rows(operation: Operation) -> tuple[FlagRow, ...]:
    from openai_cli.cli.help_rows import help_rows

    return help_rows(operation)


def _execute(operation: Operation, session: Session) -> None:
    from openai_cli.cli.execute import execute

    execute(operation, session)
