"""Whether this is Windows, and what to say of what does not work there."""

from __future__ import annotations

import os

UNSUPPORTED = "does not work on Windows; it does in WSL"


def is_windows() -> bool:
    """Whether this is Windows itself; WSL is a Linux."""
    return os.name == "nt"
