"""Suggested command lines: the typed one for another server, and commands to continue a run."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from openai_cli.cli.catalog import FlagRow
from openai_cli.cli.flag_parser import without
from openai_cli.cli.options import CONNECTION, OPTIONS
from openai_cli.client.address import LOCAL
from openai_cli.client.redaction import redacted_url, scrub
from openai_cli.client.settings import ConnectionSettings
from openai_cli.errors import shortened
from openai_cli.follow.follow_options import ToolOptions
from openai_cli.follow.run import RequiredCall, Run, tool_calls
from openai_cli.shell_words import command_line

_KEPT = ("--profile", "--timeout", "--max-retries")
"""Connection options that are kept; the others are for one server or may hold secrets."""
_LONGEST = 2000
"""Maximum length of a suggested command line, in characters."""


def for_other_server(
    args: Sequence[str], rows: Iterable[FlagRow], connection: Sequence[str]
) -> str:
    """The command line with `connection` in place of its connection options; "" if too long.

    `rows` are the flags of the command, to distinguish flags from values.
    """
    dropped = [o.name for o in OPTIONS if o.panel == CONNECTION and o.name not in _KEPT]
    words = ["openai", *connection, *without(args, rows, dropped)]
    line = command_line(words)
    return line if len(line) <= _LONGEST else ""


def next_commands(run: Run, settings: ConnectionSettings, tools: ToolOptions) -> str:
    """A hint with the command lines that continue a run, with the same tool commands, or cancel it.

    If there is no command for one of the run's calls, the first line submits outputs.
    """
    commands = [
        word
        for command in tools.commands
        for word in ("--on-tool-call", f"{command.name}={command_line(command.words)}")
    ]
    # After tool outputs the engine calls the model again, on the same upstream.
    more = [*commands, *_upstream(settings)] if commands else ["--wait"]
    wait = run_command(run, settings, "retrieve", *more)
    calls = tool_calls(run)
    if any(tools.command_for(call.name) is None for call in calls):
        wait = _submit_command(run, calls, settings)
    stop = run_command(run, settings, "cancel")
    if len(stop) > _LONGEST:  # the server's ids are too long for a command line
        return ""
    return scrub(f"continue with: {wait}\nor cancel it: {stop}", settings)


def _submit_command(run: Run, calls: Sequence[RequiredCall], settings: ConnectionSettings) -> str:
    """The command line that submits tool outputs; with many calls only its beginning."""
    more = [*_upstream(settings), "--wait"]
    outputs = [
        ("--tool-output.tool-call-id", call.id, "--tool-output.output", "OUTPUT") for call in calls
    ]
    words = [word for output in outputs for word in output]
    line = run_command(run, settings, "submit-tool-outputs", *words, *more)
    if len(line) <= _LONGEST:
        return line
    return run_command(run, settings, "submit-tool-outputs", *more, *outputs[0]) + " …"


def run_command(run: Run, settings: ConnectionSettings, command: str, *more: str) -> str:
    """The command line of `beta:threads:runs COMMAND` for this run, on the same server."""
    return _runs_command(settings, command, str(run.get("thread_id")), str(run.get("id")), *more)


def list_runs_command(thread_id: str, settings: ConnectionSettings) -> str:
    """The command line that lists the runs of a thread on the same server."""
    return scrub(_runs_command(settings, "list", thread_id), settings)


def assistant_commands(assistant_id: str, model: str | None, settings: ConnectionSettings) -> str:
    """A hint with the command lines that import or create the assistant in the engine's store."""
    saved = json.dumps({"id": shortened(assistant_id), "model": model or "MODEL"})
    keep = _store_command(settings, "import", "FILE")
    make = _command(settings, "beta:assistants", "create", "--model", model or "MODEL")
    return (
        "the engine has only the assistants that were imported or created in its store\n"
        f"with this id: {keep}  (FILE holds saved assistants, or {saved})\n"
        f"with a new id: {make}"
    )


def go_on(run: Run, settings: ConnectionSettings) -> str:
    """A note with the run's new thread, and the command that continues it."""
    thread = shortened(str(run.get("thread_id")))
    if settings.address.is_local:
        show = _store_command(settings, "show", thread)
        way = "the same command with --continue and another --message"
        return f"thread {thread}; to continue: {way}; to read it: {show}"
    assistant = shortened(str(run.get("assistant_id") or "ASSISTANT"))
    more = ("--assistant-id", assistant, "--additional-message", "TEXT")
    line = scrub(_runs_command(settings, "create", thread, *more), settings)
    return f"thread {thread}; to continue: {line}"


def _store_command(settings: ConnectionSettings, *words: str) -> str:
    """A command line of the group `local`, for the same store."""
    file = settings.address.text[len(LOCAL) :]
    return command_line(["openai", "local", *words, *(["--store", file] if file else [])])


def _runs_command(settings: ConnectionSettings, command: str, *words: str) -> str:
    return _command(settings, "beta:threads:runs", command, *words)


def _command(settings: ConnectionSettings, *words: str) -> str:
    """A command line for the same server."""
    address = settings.address.text
    server: list[str] = []
    if address == LOCAL:
        server = ["--local"]
    elif not settings.address.is_openai:
        server = ["--base-url", redacted_url(address)]
    return command_line(["openai", *settings.chosen_with, *server, *words])


def _upstream(settings: ConnectionSettings) -> list[str]:
    """The options for the engine's upstream; empty for a server or without an upstream."""
    if not settings.address.is_local:
        return []
    url = settings.environ.get("OPENAI_LOCAL_UPSTREAM_URL", "")
    api = settings.environ.get("OPENAI_LOCAL_UPSTREAM_API", "")
    flags = (
        ("--upstream-url", redacted_url(url)),
        ("--upstream-api", api),
        ("--upstream-model", settings.environ.get("OPENAI_LOCAL_UPSTREAM_MODEL", "")),
    )
    return [word for name, text in flags if text for word in (name, text)]
