"""Runs one command line and returns its exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

import typer

from openai_cli.cli.app import build_app
from openai_cli.cli.check_words import check_words
from openai_cli.cli.env import system_env
from openai_cli.cli.session import Session
from openai_cli.errors import CliError, Interrupted
from openai_cli.output.sink import OutputClosedError, OutputFailedError


def run(args: tuple[str, ...], interrupted: Callable[[], int]) -> int:
    """Run one command line against this process's streams; never raises.

    `interrupted` returns how often Ctrl-C was pressed.
    """
    session = Session(system_env(args, interrupted))
    code = _run(args, session)
    if code == 0 and interrupted():
        code = _report(Interrupted(), session)
    _settle_streams()
    return code


def _run(args: tuple[str, ...], session: Session) -> int:
    try:
        check_words(args, session)
        code = build_app()(list(args), prog_name="openai", standalone_mode=False, obj=session)
    except CliError as error:
        return _report(error, session)
    except (OutputClosedError, BrokenPipeError):
        return 0
    except OutputFailedError as error:
        return _report(CliError(f"cannot write the output: {error}"), session)
    except (KeyboardInterrupt, typer.Abort):
        return _report(Interrupted(), session)
    except typer.Exit as stop:
        return stop.exit_code
    except Exception as error:  # last resort: show the user a message, not a traceback
        if session.env.interrupted():
            return _report(Interrupted(), session)
        from openai_cli.cli.report import report_unexpected

        return report_unexpected(error, session)
    return code if isinstance(code, int) else 0


def _report(error: CliError, session: Session) -> int:
    from openai_cli.cli.report import report

    return report(error, session)


def _settle_streams() -> None:
    """Prevent error messages of Python's flush at exit if a reader closed the pipe."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream:
                stream.flush()
        except (OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
