"""Words of a command line that are no text."""

from __future__ import annotations

import os

from openai_cli.cli.session import Session
from openai_cli.errors import Problem, UsageError


def check_words(args: tuple[str, ...], session: Session) -> None:
    """Raise UsageError for words that hold bytes which the locale's encoding does not know.

    They could be neither sent nor shown, whatever they are for.
    """
    problems = [
        Problem(f"word {place}", f'"{_shown(word)}" holds bytes that are no text')
        for place, word in enumerate(args, 1)
        if _undecodable(word)
    ]
    if not problems:
        return
    from openai_cli.cli.catalog import global_rows
    from openai_cli.cli.flag_parser import read_arguments

    # The options say how the error is to be printed.
    readable = [word for word in args if not _undecodable(word)]
    for found in read_arguments(readable, global_rows()).occurrences:
        session.arguments.add(found.name, found.text)
    raise UsageError(problems=problems)


def _undecodable(word: str) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in word)


def _shown(word: str) -> str:
    try:
        return os.fsencode(word).decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # half a pair of UTF-16, which words can hold on Windows
        return word.encode("utf-8", "backslashreplace").decode()
