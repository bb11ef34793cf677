"""Rejects command-line arguments that cannot be decoded."""

from __future__ import annotations

import os

from openai_cli.cli.session import Session
from openai_cli.errors import Problem, UsageError


def check_words(args: tuple[str, ...], session: Session) -> None:
    """Raise UsageError for arguments that are invalid in the locale's encoding.

    Such text could be neither sent nor printed.
    """
    problems = [
        Problem(f"word {place}", f'"{_shown(word)}" holds bytes that are not valid text')
        for place, word in enumerate(args, 1)
        if _undecodable(word)
    ]
    if not problems:
        return
    from openai_cli.cli.catalog import global_rows
    from openai_cli.cli.flag_parser import read_arguments

    # Options such as --format-error decide how the error is printed.
    readable = [word for word in args if not _undecodable(word)]
    for found in read_arguments(readable, global_rows()).occurrences:
        session.arguments.add(found.name, found.text)
    raise UsageError(problems=problems)


def _undecodable(word: str) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in word)


def _shown(word: str) -> str:
    try:
        return os.fsencode(word).decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # a lone surrogate, which arguments can contain on Windows
        return word.encode("utf-8", "backslashreplace").decode()
