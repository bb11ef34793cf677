"""Command lines to suggest: the one that was typed, sent elsewhere, and those about a run."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from openai_cli.client.redaction import redacted_url, scrub
from openai_cli.client.settings import Settings
from openai_cli.follow.rules import Rules
from openai_cli.follow.run import Run

_WITH_VALUE = (
    "--api-key",
    "--base-url",
    "--admin-api-key",
    "--webhook-secret",
    "--header",
    "--organization",
    "--project",
    "--mtls-client-cert-file",
    "--mtls-client-key-file",
)
"""Options about the server that was asked; many of them hold secrets."""
_ALONE = ("--local",)
_LONGEST = 2000
"""Characters of a command line that are worth repeating."""


def elsewhere(args: Sequence[str], connection: Sequence[str]) -> str:
    """The command line with other options for the connection; empty if it is very long."""
    words, rest = ["openai", *connection], list(args)
    while rest:
        word = rest.pop(0)
        name, equals, _ = word.partition("=")
        name = "--" + name.lstrip("-")
        if word == "--":
            words += [word, *rest]
            break
        if word.startswith("-") and name in _WITH_VALUE:
            rest = rest if equals else rest[1:]
        elif not (word.startswith("-") and name in _ALONE):
            words.append(word)
    line = shlex.join(words)
    return line if len(line) <= _LONGEST else ""


def ways_on(run: Run, settings: Settings, rules: Rules) -> str:
    """The command lines to go on with a run, with the same commands for its calls, or end it."""
    commands = [
        word
        for handler in rules.handlers
        for word in ("--on-tool-call", f"{handler.name}={shlex.join(handler.words)}")
    ]
    wait = about_run(run, settings, "retrieve", *(commands or ["--wait"]))
    stop = about_run(run, settings, "cancel")
    return scrub(f"go on with: {wait}\nor stop it: {stop}", settings)


def about_run(run: Run, settings: Settings, command: str, *more: str) -> str:
    """The command line of `beta:threads:runs COMMAND` for this run, on the same server."""
    address = settings.address.text
    place: list[str] = []
    if address == "local:":
        place = ["--local"]
    elif not settings.address.is_openai:
        place = ["--base-url", redacted_url(address)]
    ids = [str(run.get("thread_id")), str(run.get("id"))]
    return shlex.join(["openai", *place, "beta:threads:runs", command, *ids, *more])
