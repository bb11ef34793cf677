"""Executes one operation, from flags to output."""

from __future__ import annotations

import re

from openai_cli.api.operation import Operation, Request
from openai_cli.cli.connected_settings import command_lines, connected
from openai_cli.cli.each_flags import EACH_OPTIONS
from openai_cli.cli.env import Env
from openai_cli.cli.explore import explorable
from openai_cli.cli.interrupts import time_limit
from openai_cli.cli.option_reader import Options, read_options
from openai_cli.cli.report import note_missed
from openai_cli.cli.run_options import RunOptions, read_run_options
from openai_cli.cli.session import Session
from openai_cli.client.settings import ConnectionSettings
from openai_cli.errors import ApiError, Interrupted, Problem
from openai_cli.input.read_request import read_request
from openai_cli.input.stdin import Stdin
from openai_cli.output.printer import ROW_FORMATS, Printer

_NOT_FOUND = 404


def execute(operation: Operation, session: Session) -> None:
    """Read the input, send the request, print the answer.

    Raises CliError; also for a run that this call started or continued and that did not complete,
    after the run was printed.
    """
    stdin = Stdin(session.env.stdin, barred="--no-stdin" in session.arguments.names())
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
    if not session.arguments.names().isdisjoint(option.name for option in EACH_OPTIONS):
        from openai_cli.cli.each import run_each

        run_each(operation, session, options, run_options, stdin)
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
    options = options._replace(settings=connected(operation, options, env))
    # Imported late: invalid input and --dry-run need no HTTP client.
    from openai_cli.cli.call import call

    if env.interrupted():
        raise Interrupted()
    try:
        call(request, printer, options, run_options, env)
    except ApiError as error:
        if error.retired:
            error.hint += command_lines(operation, env)
        elif options.settings.in_process and error.status == _NOT_FOUND:
            error.hint = error.hint or _assistant_hint(error, request, options.settings)
        raise
    finally:
        note_missed(printer, "--transform", env)
    for note in printer.notes:
        env.say("note", note)


def _assistant_hint(error: ApiError, request: Request, settings: ConnectionSettings) -> str:
    """How to bring an assistant into a store that lacks it; empty for another refusal."""
    from openai_cli.cli.suggested_commands import assistant_commands

    found = re.fullmatch("No assistant found with id '(.*)'.", error.message, re.DOTALL)
    model = (request.body or {}).get("model")
    return assistant_commands(found[1], model, settings) if found else ""


def _warn(env: Env, warnings: list[Problem], stdin: Stdin, options: Options) -> None:
    for warning in warnings:
        env.say("warning", str(warning))
    if stdin.kept_silent:
        env.say(
            "warning",
            "standard input is a pipe and was not read: it brought nothing within "
            f"{options.stdin_timeout:g} s (- or --body - waits for a body that comes later; "
            "< /dev/null or --no-stdin says that there is none)",
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
    from openai_cli.cli.dry_run import as_curl, as_json
    from openai_cli.client.redaction import REDACTED

    settings = options.settings
    if options.key:  # it is not read to be hidden
        settings = settings._replace(api_key=REDACTED)
    if options.dry_run == "curl":
        env.out.write(as_curl(request, settings))
        return
    text = as_json(request, settings)
    # A request contains no reply and none of an answer's columns, so show all of it.
    if options.style.format in ("text", *ROW_FORMATS):
        printer = Printer(env.out, options.style._replace(format="auto"), env.environ)
    printer.document((text + "\n").encode())
    note_missed(printer, "--transform", env)
