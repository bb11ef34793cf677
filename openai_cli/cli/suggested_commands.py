"""Command lines to suggest: the one that was typed, sent elsewhere, and those about a run."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence

from openai_cli.cli.catalog import FlagRow
from openai_cli.cli.flag_parser import without
from openai_cli.cli.options import CONNECTION, OPTIONS
from openai_cli.client.address import LOCAL
from openai_cli.client.redaction import redacted_url, scrub
from openai_cli.client.settings import ConnectionSettings
from openai_cli.follow.follow_options import ToolOptions
from openai_cli.follow.run import Run

_KEPT = ("--timeout", "--max-retries")
"""Options for the connection that are about no server; others may hold secrets."""
_LONGEST = 2000
"""Characters of a command line that are worth repeating."""


def for_other_server(
    args: Sequence[str], rows: Iterable[FlagRow], connection: Sequence[str]
) -> str:
    """The command line with other options for the connection; empty if it is very long.

    `rows` are the flags of the command, so that values are not taken for flags.
    """
    dropped = [o.name for o in OPTIONS if o.panel == CONNECTION and o.name not in _KEPT]
    words = ["openai", *connection, *without(args, rows, dropped)]
    line = " ".join(map(quoted, words))
    return line if len(line) <= _LONGEST else ""


def quoted(word: str) -> str:
    """The word as a shell reads it, always on one line and without control characters.

    What cannot be shown needs `$'…'`, which POSIX has since 2024.
    """
    return shlex.quote(word) if word.isprintable() else f"$'{''.join(map(_escaped, word))}'"


def _escaped(letter: str) -> str:
    if letter in "\\'":
        return "\\" + letter
    if letter.isprintable():
        return letter
    return "".join(f"\\{byte:03o}" for byte in letter.encode(errors="surrogateescape"))


def next_commands(run: Run, settings: ConnectionSettings, tools: ToolOptions) -> str:
    """The command lines that continue a run, with the same commands for its calls, or cancel it."""
    commands = [
        word
        for command in tools.commands
        for word in ("--on-tool-call", f"{command.name}={shlex.join(command.words)}")
    ]
    # Outputs make the engine ask the model again: it must be the same one.
    more = [*commands, *_upstream(settings)] if commands else ["--wait"]
    wait = run_command(run, settings, "retrieve", *more)
    stop = run_command(run, settings, "cancel")
    return scrub(f"go on with: {wait}\nor stop it: {stop}", settings)


def run_command(run: Run, settings: ConnectionSettings, command: str, *more: str) -> str:
    """The command line of `beta:threads:runs COMMAND` for this run, on the same server."""
    address = settings.address.text
    server: list[str] = []
    if address == LOCAL:
        server = ["--local"]
    elif not settings.address.is_openai:
        server = ["--base-url", redacted_url(address)]
    ids = [str(run.get("thread_id")), str(run.get("id"))]
    return shlex.join(["openai", *server, "beta:threads:runs", command, *ids, *more])


def _upstream(settings: ConnectionSettings) -> list[str]:
    """The options for the upstream of the embedded engine; none for a server, or if not set."""
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
