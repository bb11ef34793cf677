"""Prints errors to stderr and returns their exit codes."""

from __future__ import annotations

import json
import re
import traceback
from collections.abc import Sequence

from openai_cli.cli.env import Env
from openai_cli.cli.option_reader import error_style
from openai_cli.cli.session import Session
from openai_cli.errors import (
    MESSAGE_LIMIT,
    ApiError,
    CliError,
    UsageError,
    one_line,
    problem_lines,
    shortened,
)
from openai_cli.input.arguments import Occurrence
from openai_cli.output.printer import OutputStyle, Printer
from openai_cli.output.sink import OutputClosedError, OutputFailedError

_HALF_PAIR = "[\ud800-\udfff]"


def report(error: CliError, session: Session) -> int:
    """Print the error in the format of --format-error; returns its exit code."""
    style = error_style(_occurrences(session))
    readable = style.format in ("auto", "text", "pretty") and not style.transform
    if readable:
        _as_text(error, session)
    else:
        _as_data(error, session, style)
    return error.exit_code


def _occurrences(session: Session) -> Sequence[Occurrence]:
    try:
        return session.configuration().occurrences
    except Exception:  # report the original error even if the configuration file is invalid
        return session.arguments.occurrences


def report_unexpected(error: Exception, session: Session) -> int:
    """Report an internal error: one line, and with --debug the traceback. Returns exit code 1."""
    if isinstance(error, MemoryError):
        return report(CliError("not enough memory"), session)
    if "--debug" in session.arguments.names():
        for line in traceback.format_exception(error):
            session.env.talk(line.rstrip("\n"))
    from openai_cli.shadowed_modules import hidden_package

    if hidden := hidden_package():
        return report(CliError(hidden), session)
    message = f"internal error: {type(error).__name__}: {error}"
    hint = "run the command with --debug and report the output as a bug"
    return report(CliError(message, hint=hint), session)


def _as_text(error: CliError, session: Session) -> None:
    say = session.env.say
    if isinstance(error, UsageError) and error.problems:
        count = len(error.problems) + error.unlisted
        consequence = error.consequence or "nothing was sent"
        if count == 1:
            first, newline, more = str(error.problems[0]).partition("\n")
            say("error", f"{first}; {consequence}{newline}{more}")
        else:
            problems = "\n".join(problem_lines(error.problems, error.unlisted))
            say("error", f"{consequence}, {count} problems:\n{problems}")
    elif isinstance(error, ApiError):
        say("error", _api_line(error))
    else:
        say("error", one_line(shortened(error.message, 4 * MESSAGE_LIMIT)))
    if error.hint:
        say("hint", error.hint)


def _api_line(error: ApiError) -> str:
    status = " ".join(str(part) for part in (error.status, error.reason) if part)
    message = shortened(error.message, 4 * MESSAGE_LIMIT)
    head = f"{status}: {message}" if status else message
    facts = [
        f"{key} {shortened(str(error.fields[key]))}"
        for key in ("type", "code", "param")
        if error.fields.get(key)
    ]
    if error.request_id:
        facts.append(f"request {shortened(error.request_id)}")
    return f"{head} ({', '.join(facts)})" if facts else head


def _as_data(error: CliError, session: Session, style: OutputStyle) -> None:
    # A lone surrogate, which a server may send, stays escaped: it has no UTF-8 form.
    whole = json.dumps(error.as_json(), ensure_ascii=False)
    text = re.sub(_HALF_PAIR, lambda half: f"\\u{ord(half[0]):04x}", whole)
    if style.format == "raw" and isinstance(error, ApiError) and error.body:
        text = error.body
    printer = Printer(session.env.err, style, session.env.environ)
    try:
        printer.document(text.encode())
    except (OutputClosedError, OutputFailedError):
        return
    note_missed(printer, "--transform-error", session.env)


def note_missed(printer: Printer, option: str, env: Env) -> None:
    """Note, on a terminal, that the option's path selected nothing and everything is printed."""
    if printer.transform_missed and env.err.is_terminal:
        as_in_jq = printer.path.startswith(".") and not printer.path.startswith("..")
        why = "; a GJSON path begins without a dot: id, not .id" if as_in_jq else ""
        env.say("note", f"{option} selects nothing here, so all of it is printed{why}")
