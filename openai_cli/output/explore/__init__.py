"""`--format explore`: an answer as a tree to walk through (extra `explore`)."""

from __future__ import annotations

from importlib.util import find_spec


def is_available() -> bool:
    """Whether the TUI library of the extra is installed."""
    return find_spec("textual") is not None
