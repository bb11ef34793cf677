"""Connection settings that tell the user what happens, once it is sure that something is sent."""

from __future__ import annotations

from openai_cli.api.operation import Operation
from openai_cli.cli.env import Env
from openai_cli.cli.option_reader import Options
from openai_cli.client.headers import carries_credentials
from openai_cli.client.settings import ConnectionSettings
from openai_cli.errors import Problem, UsageError


def connected(operation: Operation, options: Options, env: Env) -> ConnectionSettings:
    """The settings with the key of a profile, and callbacks for notes and traces.

    Raises UsageError if a key is missing, CliError if it cannot be read.
    """
    settings = options.settings
    if settings.address.needs_key and not (
        settings.api_key or options.key or carries_credentials(settings.headers)
    ):
        hint = _instead_of_a_key(operation, settings, env)
        raise UsageError(
            problems=[Problem("OPENAI_API_KEY", "is not set, and --api-key was not given")],
            hint=f"{options.withheld}\n{hint}" if options.withheld else hint,
        )
    if options.key and "authorization" not in (name.lower() for name, _ in settings.headers):
        settings = settings._replace(api_key=options.key())
    quiet = options.debug or not env.err.is_terminal
    return settings._replace(
        notice=settings.notice if quiet else lambda line: env.say("note", line),
        note=settings.note if options.debug else lambda line: env.say("note", line),
        warn=lambda line: env.say("warning", line),
        trace=env.talk if options.debug else None,
    )


def _instead_of_a_key(operation: Operation, settings: ConnectionSettings, env: Env) -> str:
    """The hint where a key is missing; a key is of no use on servers without these endpoints."""
    if not (operation.gone and settings.address.is_openai):
        return "this server needs a key; --local uses the embedded engine, which needs none"
    from openai_cli.client.api_errors import retirement_hint

    return f"{retirement_hint()}{command_lines(operation, env)}"


def command_lines(operation: Operation, env: Env) -> str:
    """The typed command line, changed for the engine and for another server."""
    from openai_cli.cli.catalog import command_rows
    from openai_cli.cli.suggested_commands import for_other_server

    rows = command_rows(operation)
    server = ["--base-url", "https://YOUR-SERVER/v1"]
    alternatives = (
        ("on the engine", for_other_server(env.args, rows, ["--local"])),
        ("on a server", for_other_server(env.args, rows, server)),
    )
    return "".join(f"\n{where}: {line}" for where, line in alternatives if line)
