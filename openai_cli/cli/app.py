"""The Typer app: resources and commands made from the declared operations."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Annotated, Any, cast

import typer
import typer.main
from typer.core import TyperCommand, TyperGroup

import openai_cli
from openai_cli.api.operation import Operation
from openai_cli.api.operations import OPERATIONS, RESOURCES, commands_of, main_operation
from openai_cli.cli.builtin_commands import (
    BUILTIN_COMMANDS,
    GROUPS,
    BuiltinCommand,
    builtin_commands_of,
)
from openai_cli.cli.catalog import FlagRow, command_rows, global_rows, root_rows, specs_of
from openai_cli.cli.help import HelpPage, flag_rows, render
from openai_cli.cli.options import ROOT_OPTIONS
from openai_cli.cli.session import Session
from openai_cli.errors import Interrupted, Problem, UsageError
from openai_cli.input.argv import split_args


def build_app() -> typer.Typer:
    """The whole command tree; commands themselves are built when they are asked for."""
    app = typer.Typer(
        cls=_Root,
        add_completion=False,
        pretty_exceptions_enable=False,
        add_help_option=False,
        help="Threads and runs of assistants, on any compatible server, on the embedded engine, "
        "or offline.",
    )
    app.callback()(_takes(_parameters(root_rows())))
    for level, names in ((_Resource, RESOURCES), (_BuiltinGroup, GROUPS)):
        for name, summary in names.items():
            group = typer.Typer(
                cls=level, help=summary, add_help_option=False, no_args_is_help=False
            )
            group.callback()(_takes([]))
            app.add_typer(group, name=name)
    return app


_HELP = ("help RESOURCE COMMAND", "Show the help of a resource or command.")


class _Group(TyperGroup):
    """A level of the tree: takes global options, shows help, suggests names."""

    def page(self, ctx: Any) -> HelpPage:
        """What its help says."""
        rows = [(name, self._summary(ctx, name)) for name in self.list_commands(ctx)]
        return HelpPage(
            usage="openai [options] RESOURCE COMMAND [flags]",
            summary=self.help or "",
            flags=flag_rows(self.params),
            names=tuple((name, f"{text}.") for name, text in rows if name in RESOURCES),
            names_title="Resources",
            more=(*(row for row in rows if row[0] not in RESOURCES), _HELP),
            examples=main_operation().examples,
            hint="openai RESOURCE --help lists its commands; openai RESOURCE COMMAND --help has "
            "the flags of one. The manual: man openai.",
        )

    def rows(self) -> tuple[FlagRow, ...]:
        """The options that may stand at this level."""
        return global_rows()

    def _summary(self, ctx: Any, name: str) -> str:
        command = self.get_command(ctx, name)
        return str(command.help) if command else ""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        session = _session(ctx)
        specs = specs_of(self.rows())
        split = split_args(args, specs, until_word=True)
        if split.words[:1] == ["help"]:
            names = split_args(split.words[1:], specs).words
            split = split_args([*names, "--help"], specs, until_word=True)
        session.take(split)
        _answer_questions(ctx, session, bare=not split.words)
        if session.split.problems:
            self._take_options_behind(session, split.words)
            raise UsageError(
                problems=session.split.problems,
                hint="flags of a command go behind it; see openai --help",
            )
        return super().parse_args(ctx, split.words)

    def _take_options_behind(self, session: Session, args: list[str]) -> None:
        """Options behind what is wrong still say how the error is to be printed."""
        session.take(replace(split_args(args, specs_of(self.rows())), problems=[]))

    def get_params(self, _ctx: Any) -> list[Any]:
        """None for Typer to parse: `split_args` has read them, `params` is for the help."""
        return []

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name = args[0]
        command = self.get_command(ctx, name)
        if command is None:
            self._take_options_behind(_session(ctx), args[1:])
            names = self.list_commands(ctx)
            kind = "command" if isinstance(self, _Level) else "resource"
            near = f" (did you mean {close}?)" if (close := nearest_name(name, names)) else ""
            raise UsageError(
                problems=[Problem(f'"{name}"', f"no such {kind}{near}")],
                hint=f"there are: {', '.join(names)}",
            )
        return name, command, args[1:]


def nearest_name(typed: str, names: Sequence[str]) -> str:
    """What was likely meant: one of the names, one by its last part, or a command elsewhere."""
    begun = [name for name in names if name.startswith(f"{typed}:")]
    main = main_operation().resource
    if main in begun:
        return main
    if close := get_close_matches(typed, names, n=1, cutoff=0.6) or begun:
        return close[0]
    parts = {name.rpartition(":")[2]: name for name in names}
    if close := get_close_matches(typed, parts, n=1, cutoff=0.7):
        return parts[close[0]]
    elsewhere = [one.name for one in (*OPERATIONS, *BUILTIN_COMMANDS) if one.command == typed]
    return elsewhere[0] if len(elsewhere) == 1 else ""


class _Root(_Group):
    """The first level: the resources, and the tool's own commands behind them."""

    def rows(self) -> tuple[FlagRow, ...]:
        return root_rows()

    def list_commands(self, ctx: Any) -> list[str]:
        return [*super().list_commands(ctx), *builtin_commands_of("")]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        tool = builtin_commands_of("").get(cmd_name)
        return build_builtin(tool) if tool else super().get_command(ctx, cmd_name)


class _Level(_Group):
    """The second level: commands, built one at a time from their declarations."""

    def declared(self) -> Mapping[str, Operation | BuiltinCommand]:
        """What stands at this level, by the word it is called with."""
        raise NotImplementedError

    def page(self, _ctx: Any) -> HelpPage:
        """What its help says: the commands; the options are those of `openai --help`."""
        commands = self.declared().values()
        return HelpPage(
            usage=f"openai {self.name} COMMAND [flags]",
            summary=(self.help or "") + ".",
            flags=(),
            names=tuple((one.command, one.summary + ".") for one in commands),
            examples=tuple(one.examples[0] for one in commands if one.examples),
            hint=f"openai {self.name} COMMAND --help has the flags of a command.",
        )

    def list_commands(self, _ctx: Any) -> list[str]:
        return list(self.declared())

    def get_command(self, _ctx: Any, cmd_name: str) -> Any:
        found = self.declared().get(cmd_name)
        if isinstance(found, BuiltinCommand):
            return build_builtin(found)
        return build_command(found) if found else None


class _Resource(_Level):
    """A resource's operations."""

    def declared(self) -> Mapping[str, Operation | BuiltinCommand]:
        return commands_of(self.name or "")


class _BuiltinGroup(_Level):
    """Commands of the tool itself that share their first word."""

    def declared(self) -> Mapping[str, Operation | BuiltinCommand]:
        return builtin_commands_of(self.name or "")


@dataclass(frozen=True)
class _Plan:
    """What a command is built from. `typed` is its name from the resource on."""

    name: str
    typed: str
    usage: str
    summary: str
    rows: tuple[FlagRow, ...]
    examples: tuple[str, ...]
    run: Callable[[Session], None]


class _Command(TyperCommand):
    """An operation or a command of the tool: its own flags and global ones, in any order."""

    plan: _Plan

    def page(self, _ctx: Any) -> HelpPage:
        """What its help says."""
        return HelpPage(
            usage=self.plan.usage,
            summary=self.help or "",
            flags=flag_rows(self.params),
            examples=self.plan.examples,
        )

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        session = _session(ctx)
        session.command = self.plan.typed
        split = split_args(args, specs_of(self.plan.rows))
        session.take(split)
        session.split.words = split.words
        _answer_questions(ctx, session)
        ctx.params = {}
        return []


def _session(ctx: Any) -> Session:
    return cast("Session", ctx.find_object(Session))


def _answer_questions(ctx: Any, session: Session, *, bare: bool = False) -> None:
    """`--help` and `--version` are answered before anything else is looked at."""
    asked = session.split.names()
    if "--version" in asked:
        session.env.out.write(f"openai {openai_cli.__version__}\n")
        raise typer.Exit(0)
    about_completion = not asked.isdisjoint(option.name for option in ROOT_OPTIONS)
    if about_completion and "--help" not in asked and not session.split.problems:
        from openai_cli.completion.completion_commands import answer

        answer(session)
        raise typer.Exit(0)
    if "--help" in asked or (bare and not session.split.problems):
        out, environ = session.env.out, session.env.environ
        out.write(render(ctx.command.page(ctx), environ, is_terminal=out.is_terminal))
        raise typer.Exit(0)


def build_command(operation: Operation) -> _Command:
    """The Typer command of an operation."""

    def run(session: Session) -> None:
        from openai_cli.cli.execute import execute

        execute(operation, session)

    return _build(
        _Plan(
            name=operation.command,
            typed=operation.name,
            usage=operation.usage,
            summary=operation.summary,
            rows=command_rows(operation),
            examples=operation.examples,
            run=run,
        )
    )


def build_builtin(tool: BuiltinCommand) -> _Command:
    """The Typer command of one of the tool's own commands."""
    return _build(
        _Plan(
            name=tool.command,
            typed=tool.name,
            usage=tool.usage,
            summary=tool.summary,
            rows=tool.rows,
            examples=tool.examples,
            run=tool.run,
        )
    )


def _build(plan: _Plan) -> _Command:
    app = typer.Typer(add_completion=False, add_help_option=False)
    app.command(name=plan.name, cls=_Command, help=plan.summary + ".", add_help_option=False)(
        _runs(plan)
    )
    command = cast("_Command", typer.main.get_command(app))
    command.plan = plan
    return command


def _runs(plan: _Plan) -> Any:
    def command(ctx: typer.Context, **_: Any) -> None:
        try:
            plan.run(_session(ctx))
        except KeyboardInterrupt:
            # Typer would make a silent exit of it.
            raise Interrupted("interrupted") from None

    context = inspect.Parameter("ctx", _KEYWORD, annotation=typer.Context)
    parameters = [context, *_parameters(plan.rows)]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # read by inspect
    return command


def _takes(parameters: list[inspect.Parameter]) -> Any:
    def callback(**_: Any) -> None:
        """Nothing to do: options are read where the command runs."""

    callback.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # read by inspect
    return callback


_KEYWORD = inspect.Parameter.KEYWORD_ONLY


def _parameters(rows: Iterable[FlagRow]) -> list[inspect.Parameter]:
    return [
        _parameter(
            row.name,
            typer.Option(
                *row.spellings,
                help=row.help,
                metavar=row.metavar,
                rich_help_panel=row.panel,
                show_default=False,
            ),
        )
        for row in rows
    ]


def _parameter(name: str, info: Any) -> inspect.Parameter:
    safe = name.lstrip("-").replace("-", "_").replace(".", "__")
    annotation = Annotated[str | None, info]
    return inspect.Parameter(safe, _KEYWORD, default=None, annotation=annotation)
