"""Executes one operation, from flags to output."""

from __future__ import annotations

import re

from openai_cli.api.operation import Operation, Request
from openai_cli.cli.each_flags import asks_for_lines
from openai_cli.cli.env import Env
from openai_cli.cli.explore import explorable
from openai_cli.cli.interrupts import time_limit
from openai_cli.cli.option_reader import Options, read_options
from openai_cli.cli.report import note_missed
from openai_cli.cli.run_option_reader import RunOptions, read_run_options
from openai_cli.cli.session import Session
from openai_cli.client.headers import carries_credentials
from openai_cli.client.settings import ConnectionSettings
from openai_cli.errors import ApiError, Interrupted, Problem, UsageError
from openai_cli.input.read_request import read_request
from openai_cli.input.stdin import Stdin
from openai_cli.output.formats import ROW_FORMATS
from openai_cli.output.printer import Printer

_LACKS_TOOL = (
    r"'(tools\[\d+\]\.type|.*\battachments(\[\d+\]\.tools)?)'.* is not supported by the \w+ backend"
)
"""The engine's refusal of a tool that --drop-unsupported-tools would leave out."""
_WAITING = (
    "standard input is read as the body, but has not ended yet (in a loop that reads standard "
    "input, end the command with < /dev/null)"
)


def execute(operation: Operation, session: Session) -> None:
    """Read the input, send the request, print the answer.

    Raises CliError; also for an incomplete run that this call started or continued, after printing
    the run.
    """
    stdin = Stdin(
        session.env.stdin,
        barred="--no-stdin" in session.arguments.names(),
        on_wait=lambda: session.env.say("note", _WAITING),
    )
    configuration = session.configuration()
    options, problems = read_options(configuration, stdin)
    run_options, more = read_run_options(session.arguments.occurrences, options)
    session.arguments.problems += [*problems, *more]
    for line in configuration.warnings:
        session.env.say("warning", line)
    if options.debug and configuration.profile:
        session.env.talk(f"* profile {configuration.profile} of {configuration.file}")
    with time_limit(options.max_time):
        _execute(operation, session, options, run_options, stdin)


def _execute(
    operation: Operation, session: Session, options: Options, run_options: RunOptions, stdin: Stdin
) -> None:
    env = session.env
    if operation.takes_lines and asks_for_lines(session.arguments.names()):
        from openai_cli.cli.each import run_each

        run_each(operation, session, options, run_options, stdin, connect=_connected)
        return
    request, warnings = read_request(
        operation, session.arguments, stdin, wait=options.stdin_timeout, check=options.check
    )
    _warn(env, warnings, stdin, options)
    if run_options.continues:
        from openai_cli.cli.continue_thread import on_newest_thread

        request = on_newest_thread(request, options.settings)
    request = _streaming_for_text(request, options)
    options = explorable(options, env)
    out = env.paged() if options.pager else env.out
    printer = Printer(out, options.style, env.environ)
    if options.dry_run:
        _show(request, options, printer, env)
        return
    options = options._replace(settings=_connected(operation, options, env))
    # Imported late: invalid input and --dry-run need no HTTP client.
    from openai_cli.cli.call import call

    if env.interrupted():
        raise Interrupted()
    try:
        call(request, printer, options, run_options, env)
    except ApiError as error:
        if error.retired:
            error.hint += _command_lines(operation, env)
        elif options.settings.in_process:
            error.hint = error.hint or _engine_hint(error, request, options.settings)
        raise
    finally:
        note_missed(printer, "--transform", env)
    for note in printer.notes:
        env.say("note", note)


def _command_lines(operation: Operation, env: Env) -> str:
    """The typed command line, rewritten for the engine and for another server."""
    from openai_cli.cli.catalog import command_rows
    from openai_cli.cli.suggested_commands import for_other_server

    rows = command_rows(operation)
    server = ["--base-url", "https://YOUR-SERVER/v1"]
    alternatives = (
        ("on the engine", for_other_server(env.args, rows, ["--local"])),
        ("on a server", for_other_server(env.args, rows, server)),
    )
    return "".join(f"\n{where}: {line}" for where, line in alternatives if line)


def _engine_hint(error: ApiError, request: Request, settings: ConnectionSettings) -> str:
    """The hint for a refusal by the engine: how to import the missing assistant, or to run without
    a hosted tool. Empty for other refusals.
    """
    from openai_cli.cli.suggested_commands import assistant_commands

    if re.match(_LACKS_TOOL, error.message):
        return "--drop-unsupported-tools runs it without this tool"
    found = re.fullmatch("No assistant found with id '(.*)'.", error.message, re.DOTALL)
    model = (request.body or {}).get("model")
    return assistant_commands(found[1], model, settings) if found else ""


def _warn(env: Env, warnings: list[Problem], stdin: Stdin, options: Options) -> None:
    for warning in warnings:
        env.say("warning", str(warning))
    if stdin.kept_silent:
        env.say(
            "warning",
            "standard input is a pipe and was not read: no data arrived within "
            f"{options.stdin_timeout:g} s (- or --body - waits for a body that comes later; "
            "< /dev/null or --no-stdin: there is none)",
        )


def _streaming_for_text(request: Request, options: Options) -> Request:
    """The request with `stream: true` for `--format text`, unless `stream` is set already.

    Not with a transform, which applies to the run and needs no events.
    """
    body = request.body
    wants = options.style.wants_reply and request.operation.streams
    if not wants or body is None or "stream" in body:
        return request
    return request._replace(body={**body, "stream": True})


def _show(request: Request, options: Options, printer: Printer, env: Env) -> None:
    from openai_cli.cli.dry_run import as_curl, as_json, shown_settings

    settings = shown_settings(options)
    if options.dry_run == "curl":
        env.out.write(as_curl(request, settings))
        return
    text = as_json(request, settings)
    # A request contains no reply and none of an answer's columns, so show all of it.
    if options.style.format in ("text", *ROW_FORMATS):
        printer = Printer(env.out, options.style._replace(format="auto"), env.environ)
    printer.document((text + "\n").encode())
    note_missed(printer, "--transform", env)


def _instead_of_a_key(operation: Operation, settings: ConnectionSettings, env: Env) -> str:
    """The hint for a missing key, or for a server on which these endpoints do not exist."""
    if not (operation.gone and settings.address.is_openai):
        return "this server needs a key; --local uses the embedded engine, which needs none"
    from openai_cli.client.api_errors import retirement_hint

    return f"{retirement_hint()}{_command_lines(operation, env)}"


def _connected(operation: Operation, options: Options, env: Env) -> ConnectionSettings:
    """The settings with the key of a profile, and callbacks for notes and traces.

    Raises UsageError if a key is missing, CliError if it cannot be read.
    """
    settings = options.settings
    if settings.address.needs_key and not (
        settings.api_key or options.key or carries_credentials(settings.headers)
    ):
        hint = _instead_of_a_key(operation, settings, env)
        missing = Problem("OPENAI_API_KEY", "is not set, and --api-key was not given")
        raise UsageError(
            problems=[Problem("--api-key", "is empty") if options.has_empty_key else missing],
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
