"""`--format explore`: an answer as an interactive tree (extra `explore`)."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec

_TERMINAL = "/dev/tty"


def is_available() -> bool:
    """Whether Textual, the library of the extra, is installed."""
    return find_spec("textual") is not None


def has_screen(environ: Mapping[str, str]) -> bool:
    """Whether there is a terminal to draw on and read keys from."""
    if environ.get("TERM", "dumb") == "dumb" or sys.__stdin__ is None or sys.__stderr__ is None:
        return False
    try:
        os.close(os.open(_TERMINAL, os.O_RDWR))
    except OSError:
        return False
    return True


@contextmanager
def own_screen() -> Iterator[None]:
    """Connect stdin and stderr, which Textual reads and draws on, to the terminal.

    Stdin may have been a pipe with the request's body, and stderr a file.
    """
    terminal = os.open(_TERMINAL, os.O_RDWR)
    saved = {number: os.dup(number) for number in (0, 2) if not os.isatty(number)}
    for number in saved:
        os.dup2(terminal, number)
    try:
        yield
    finally:
        for number, file in saved.items():
            os.dup2(file, number)
            os.close(file)
        os.close(terminal)
