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
from openai_cli.follow.rules import Rules
from openai_cli.follow.run import Run

_KEPT = ("--timeout", "--max-retries")
"""Options for the connection that are about no server; others may hold secrets."""
_LONGEST = 2000
"""Characters of a command line that are worth repeating."""


def elsewhere(args: Sequence[str], rows: Iterable[FlagRow], connection: Sequence[str]) -> str:
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


def ways_on(run: Run, settings: ConnectionSettings, rules: Rules) -> str:
    """The command lines to go on with a run, with the same commands for its calls, or end it."""
    commands = [
        word
        for handler in rules.handlers
        for word in ("--on-tool-call", f"{handler.name}={shlex.join(handler.words)}")
    ]
    # Outputs make the engine ask the model again: it must be the same one.
    more = [*commands, *_upstream(settings)] if commands else ["--wait"]
    wait = about_run(run, settings, "retrieve", *more)
    stop = about_run(run, settings, "cancel")
    return scrub(f"go on with: {wait}\nor stop it: {stop}", settings)


def about_run(run: Run, settings: ConnectionSettings, command: str, *more: str) -> str:
    """The command line of `beta:threads:runs COMMAND` for this run, on the same server."""
    address = settings.address.text
    place: list[str] = []
    if address == LOCAL:
        place = ["--local"]
    elif not settings.address.is_openai:
        place = ["--base-url", redacted_url(address)]
    ids = [str(run.get("thread_id")), str(run.get("id"))]
    return shlex.join(["openai", *place, "beta:threads:runs", command, *ids, *more])


def _upstream(settings: ConnectionSettings) -> list[str]:
    """The options for the upstream of the embedded engine; none for a server, or if not set."""
    if not settings.address.is_local:
        return []
    url = settings.environ.get("OPENAI_LOCAL_UPSTREAM_URL", "")
    api = settings.environ.get("OPENAI_LOCAL_UPSTREAM_API", "")
    told = (("--upstream-url", redacted_url(url)), ("--upstream-api", api))
    return [word for name, text in told if text for word in (name, text)]
