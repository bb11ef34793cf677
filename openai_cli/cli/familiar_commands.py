"""Command names from other programs, and the matching commands here."""

from __future__ import annotations

from collections.abc import Collection

_COUNTERPARTS = (
    ("get show describe read view cat", "retrieve"),
    ("wait poll watch follow", "retrieve --wait"),
    ("add new post make send", "create"),
    ("run start", "create-and-run"),
    ("run start", "create"),
    ("edit modify set patch change", "update"),
    ("rm remove del destroy", "delete"),
    ("ls all", "list"),
    ("stop abort kill", "cancel"),
    ("submit outputs", "submit-tool-outputs"),
)
"""Names, and our command for them; the first matching row applies."""


def familiar_command(typed: str, names: Collection[str]) -> str:
    """The command among `names` that `typed` means in other programs, or ""."""
    for spellings, ours in _COUNTERPARTS:
        if typed.lower() in spellings.split() and ours.split()[0] in names:
            return ours
    return ""
