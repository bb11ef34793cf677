"""Reads the options of commands that return a run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from openai_cli import windows
from openai_cli.api.run_limits import MAX_TOOL_TURNS, MAX_TOOL_TURNS_VARIABLE, MOST_TOOL_TURNS
from openai_cli.cli.configuration import Configuration
from openai_cli.cli.option_reader import OptionReader, Options
from openai_cli.cli.option_values import seconds, whole
from openai_cli.errors import Problem
from openai_cli.follow.follow_options import ToolCommand, ToolOptions, WaitLimits
from openai_cli.input.arguments import Occurrence

_NEED_WAIT = ("--poll-interval", "--wait-timeout")
_NEED_COMMAND = ("--tool-timeout", "--tool-concurrency", "--max-tool-turns", "--tool-errors")


class RunOptions(NamedTuple):
    """How to follow a run."""

    waits: bool = False
    wait_limits: WaitLimits = WaitLimits()
    cancel_on_interrupt: bool = False
    tools: ToolOptions = ToolOptions()
    fallback: bool = True
    """Whether to send separate requests to a server without this route."""
    continues: bool = False
    """Whether to run on the engine's newest thread."""
    usage: bool = False
    """Whether to print the run's tokens."""


def read_run_options(
    occurrences: Sequence[Occurrence], options: Options
) -> tuple[RunOptions, list[Problem]]:
    """The parsed options, and all problems with them."""
    reader = OptionReader(Configuration(occurrences, options.settings.environ))
    commands = _tool_commands(occurrences, reader.problems)
    tool_errors = reader.value("--tool-errors", _tool_errors, "send")
    tool_defaults, wait_defaults = ToolOptions(), WaitLimits()
    tools = ToolOptions(
        commands=commands,
        concurrency=reader.value("--tool-concurrency", whole(1, 64), tool_defaults.concurrency),
        timeout=reader.value("--tool-timeout", seconds, tool_defaults.timeout),
        fail=tool_errors == "fail",
        max_turns=_max_turns(reader) if commands else MAX_TOOL_TURNS,
    )
    wait_limits = WaitLimits(
        interval=reader.value("--poll-interval", seconds, wait_defaults.interval),
        timeout=reader.value("--wait-timeout", seconds, wait_defaults.timeout),
    )
    waits = reader.has("--wait") or reader.has("--on-tool-call")
    _need(reader, _NEED_WAIT, "--wait", waits)
    _need(reader, _NEED_COMMAND, "--on-tool-call", reader.has("--on-tool-call"))
    if reader.has("--on-tool-call") and options.style.format == "explore":
        what = "works with any format but explore"
        reader.problems.append(Problem("--on-tool-call", what))
    if reader.has("--on-tool-call") and windows.is_windows():
        reader.problems.append(Problem("--on-tool-call", windows.UNSUPPORTED))
    if reader.has("--continue") and not options.settings.address.is_local:
        what = (
            "works with the embedded engine only (--local), because servers do not list their "
            "threads; with an id: beta:threads:runs create THREAD --additional-message TEXT"
        )
        reader.problems.append(Problem("--continue", what))
    found = RunOptions(
        waits=waits,
        wait_limits=wait_limits,
        cancel_on_interrupt=reader.has("--cancel-on-interrupt"),
        tools=tools,
        fallback=not reader.has("--no-fallback"),
        continues=reader.has("--continue"),
        usage=reader.has("--usage"),
    )
    return found, reader.problems


def _max_turns(reader: OptionReader) -> int:
    read, default = whole(1, MOST_TOOL_TURNS), MAX_TOOL_TURNS
    return reader.setting_value("--max-tool-turns", MAX_TOOL_TURNS_VARIABLE, read, default)


def _need(reader: OptionReader, names: Sequence[str], other: str, met: bool) -> None:
    given = [] if met else [name for name in names if reader.has(name)]
    reader.problems += [Problem(name, f"needs {other} too") for name in given]


def _tool_commands(
    occurrences: Sequence[Occurrence], problems: list[Problem]
) -> tuple[ToolCommand, ...]:
    commands: dict[str, ToolCommand] = {}
    for occurrence in occurrences:
        if occurrence.name != "--on-tool-call":
            continue
        try:
            command = _tool_command(occurrence.text or "")
        except ValueError as error:
            problems.append(Problem(occurrence.source, str(error)))
            continue
        if commands.setdefault(command.name, command) != command:
            what = f"there is already a command for {command.name}"
            problems.append(Problem(occurrence.source, what))
    return tuple(commands.values())


def _tool_command(text: str) -> ToolCommand:
    name, equals, command = text.partition("=")
    if not (name.strip() and equals):
        raise ValueError(f'expected NAME=COMMAND, found "{text}"')
    try:
        import shlex

        words = tuple(shlex.split(command))
    except ValueError as error:
        raise ValueError(f"the command cannot be split into words: {error}") from None
    if not words or not words[0]:
        raise ValueError(f'expected a command after "{name}="')
    if any("\0" in word for word in words):
        raise ValueError("a command cannot contain a NUL character")
    return ToolCommand(name.strip(), words)


def _tool_errors(text: str) -> str:
    if text not in ("send", "fail"):
        raise ValueError("send or fail")
    return text
