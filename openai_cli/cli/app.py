"""The Typer app: resources and commands made from the declared operations."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup
from typer.main import get_group

from openai_cli.api.operation import Operation
from openai_cli.api.operations import OPERATIONS, RESOURCES, commands_of, main_operation
from openai_cli.cli.builtin_command import BuiltinCommand
from openai_cli.cli.builtin_commands import BUILTIN_COMMANDS, builtin_commands_of, groups_in
from openai_cli.cli.catalog import FlagRow, global_rows, root_rows
from openai_cli.cli.flag_parser import read_arguments
from openai_cli.cli.options import ROOT_OPTIONS
from openai_cli.cli.session import session_of
from openai_cli.cli.typer_command import FlagsMixin, build_command, show_help, show_version
from openai_cli.errors import Problem, UsageError

if TYPE_CHECKING:
    from openai_cli.cli.help import HelpPage


def build_app() -> typer.Typer:
    """The command tree; options and commands are built lazily."""
    app = typer.Typer(
        cls=_Root,
        add_completion=False,
        pretty_exceptions_enable=False,
        add_help_option=False,
        invoke_without_command=True,
        help="Threads and runs of assistants, on any compatible server, on the embedded engine, "
        "or offline.",
    )
    app.callback()(_on_root)
    return app


def _level(kind: type[_Level], name: str, summary: str) -> TyperGroup:
    level = typer.Typer(
        cls=kind, name=name, help=summary, add_help_option=False, invoke_without_command=True
    )
    level.callback()(_on_level)
    return get_group(level)


def _on_root(ctx: typer.Context) -> None:
    session = session_of(ctx)
    if not session.arguments.names().isdisjoint(option.name for option in ROOT_OPTIONS):
        from openai_cli.completion.completion_commands import answer

        answer(session)
        raise typer.Exit(0)
    _on_level(ctx)


def _on_level(ctx: typer.Context) -> None:
    if ctx.invoked_subcommand is None:
        show_help(ctx)


_HELP = ("help RESOURCE COMMAND", "Show the help of a resource or command.")


class _Group(FlagsMixin, TyperGroup):
    """A level of the tree: parses global options, shows help, suggests names."""

    def page(self, ctx: Any) -> HelpPage:
        """The help page of this level."""
        from openai_cli.cli.help import HelpPage, flag_rows

        rows = [(name, self._summary(ctx, name)) for name in self.list_commands(ctx)]
        return HelpPage(
            usage="openai [options] RESOURCE COMMAND [flags]",
            summary=self.help or "",
            flags=flag_rows(self.get_params(ctx)),
            names=tuple((name, f"{text}.") for name, text in rows if name in RESOURCES),
            names_title="Resources",
            more=(*(row for row in rows if row[0] not in RESOURCES), _HELP),
            examples=main_operation().examples,
            hint="openai RESOURCE --help lists its commands; openai RESOURCE COMMAND --help has "
            "the flags of one. The manual: man openai.",
        )

    def rows(self) -> tuple[FlagRow, ...]:
        """The options that are valid at this level."""
        return global_rows()

    def _summary(self, ctx: Any, name: str) -> str:
        command = self.get_command(ctx, name)
        return str(command.help) if command else ""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the options up to the first word. Raises UsageError with all problems."""
        rest = super().parse_args(ctx, args)
        arguments = session_of(ctx).arguments
        if arguments.problems:
            self._read_following(ctx, arguments.words)
            raise UsageError(
                problems=arguments.problems,
                hint="flags of a command go after it; see openai --help",
            )
        return rest

    def _read_following(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the options that no level will parse, such as --color; returns the other words."""
        arguments = session_of(ctx).arguments
        following = read_arguments(args, self.rows())
        for found in following.occurrences:
            arguments.add(found.name, found.text)
        return following.words

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command named by the first word; `help WORDS` shows the help of WORDS.

        `version` shows the version. Raises UsageError for an unknown name.
        """
        name, *rest = args
        if name == "version":
            show_version(ctx)
        if name == "help":
            words = self._read_following(ctx, rest)
            while words[:1] in (["help"], ["version"]):
                words.pop(0)
            if not words:
                show_help(ctx)
            name, *rest = *words, "--help"
        command = self.get_command(ctx, name)
        if command is None:
            self._read_following(ctx, rest)
            raise self._unknown(ctx, name)
        return name, command, rest

    def _unknown(self, ctx: Any, name: str) -> UsageError:
        from openai_cli.cli.other_tools import explanation, owner_of
        from openai_cli.input.hints import quoting_hints

        names = self.list_commands(ctx)
        if isinstance(self, _Root) and (owner := owner_of(name)):
            return UsageError(problems=[Problem(f'"{name}"', explanation(name, owner))])
        kind = "command" if isinstance(self, _Level) else "resource"
        close = self._deeper(name) or nearest_name(name, names) or _familiar(name, names)
        near = f" (did you mean {close}?)" if close else ""
        near = _NOT_IN_THE_API.get(f"{self.name} {name}", near)
        return UsageError(
            problems=[Problem(f'"{name}"', f"no such {kind}{near}")],
            hint="; ".join(
                [
                    *quoting_hints(session_of(ctx).arguments, [name]),
                    f"available: {', '.join(names)}",
                ]
            ),
        )

    def _deeper(self, name: str) -> str:
        """A resource or command below this level that the name stands for; or ""."""
        longer = f"{self.name}:{name}"
        if longer in RESOURCES:
            return longer
        return _joined(longer) if ":" in name else ""


_NOT_IN_THE_API = {
    "beta:threads list": " (the API has no list of threads; the engine's: openai local threads)"
}
"""Addition to the error for commands that users expect but the API lacks."""


def _familiar(typed: str, names: Sequence[str]) -> str:
    from openai_cli.cli.familiar_commands import familiar_command

    return familiar_command(typed, names)


def nearest_name(typed: str, names: Sequence[str]) -> str:
    """The name most similar to `typed`, as a whole or in its last part; or ""."""
    if joined := _joined(typed):
        return joined
    longer = [name for name in names if name.startswith(f"{typed}:")]
    main = main_operation().resource
    if main in longer:
        return main
    if close := get_close_matches(typed, names, n=1, cutoff=0.6) or longer:
        return close[0]
    parts = {name.rpartition(":")[2]: name for name in names}
    if close := get_close_matches(typed, parts, n=1, cutoff=0.7):
        return parts[close[0]]
    elsewhere = [one.name for one in (*OPERATIONS, *BUILTIN_COMMANDS) if one.command == typed]
    return elsewhere[0] if len(elsewhere) == 1 else ""


def _joined(typed: str) -> str:
    """The command that was typed with colons between all words: `beta:threads:create`; or ""."""
    commands = [one.name for one in (*OPERATIONS, *BUILTIN_COMMANDS)]
    joined = {re.sub("[ :./]", ":", name): name for name in commands}
    plain = re.sub("[ :./]", ":", typed)
    close = [] if plain in RESOURCES else get_close_matches(plain, joined, n=1, cutoff=0.9)
    return joined[close[0]] if close else joined.get(f"beta:{plain}", "")


class _Root(_Group):
    """The first level: the resources, then the tool's own commands."""

    def rows(self) -> tuple[FlagRow, ...]:
        return root_rows()

    def list_commands(self, _ctx: Any) -> list[str]:
        return [*RESOURCES, *groups_in(""), *builtin_commands_of("")]

    def get_command(self, _ctx: Any, cmd_name: str) -> Any:
        if tool := builtin_commands_of("").get(cmd_name):
            return build_command(tool)
        for level, names in ((_Resource, RESOURCES), (_BuiltinGroup, groups_in(""))):
            if cmd_name in names:
                return _level(level, cmd_name, names[cmd_name])
        return None


class _Level(_Group):
    """The second level: commands, built one at a time from their declarations."""

    def declared(self) -> Mapping[str, Operation | BuiltinCommand]:
        """The commands of this level, by name."""
        raise NotImplementedError

    def page(self, _ctx: Any) -> HelpPage:
        """The help page: the commands, without the global options."""
        from openai_cli.cli.help import HelpPage

        commands = self.declared().values()
        return HelpPage(
            usage=f"openai {self.name} COMMAND [flags]",
            summary=(self.help or "") + ".",
            flags=(),
            names=tuple((one.command, one.summary + ".") for one in commands),
            examples=tuple(one.shown_examples[0] for one in commands if one.examples),
            hint=f"openai {self.name} COMMAND --help has the flags of a command.",
        )

    def list_commands(self, _ctx: Any) -> list[str]:
        return list(self.declared())

    def get_command(self, _ctx: Any, cmd_name: str) -> Any:
        found = self.declared().get(cmd_name)
        return build_command(found) if found else None


class _Resource(_Level):
    """A resource's operations."""

    def declared(self) -> Mapping[str, Operation | BuiltinCommand]:
        return commands_of(self.name or "")


class _BuiltinGroup(_Level):
    """The tool's own commands that share their first words; `name` is all of these words."""

    def declared(self) -> Mapping[str, Operation | BuiltinCommand]:
        return builtin_commands_of(self.name or "")

    def page(self, ctx: Any) -> HelpPage:
        page = super().page(ctx)
        groups = self._groups().items()
        more = tuple((name.rpartition(" ")[2], f"{text}.") for name, text in groups)
        return page._replace(names=(*page.names, *more))

    def list_commands(self, ctx: Any) -> list[str]:
        return [*super().list_commands(ctx), *(name.rpartition(" ")[2] for name in self._groups())]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        name = f"{self.name} {cmd_name}"
        if summary := self._groups().get(name):
            return _level(_BuiltinGroup, name, summary)
        return super().get_command(ctx, cmd_name)

    def _groups(self) -> dict[str, str]:
        return groups_in(self.name or "")
