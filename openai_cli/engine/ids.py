"""Ids: a prefix that names the kind, and 24 random letters and digits."""

import secrets
import string
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

Prefix = Literal["asst", "thread", "msg", "run", "step", "call", "req"]

PREFIXES: Mapping[str, Prefix] = MappingProxyType(
    {"assistant": "asst", "thread": "thread", "message": "msg", "run": "run", "step": "step"}
)
"""The prefix of each kind of object; a parameter `thread_id` names a `thread`."""

_ALPHABET = string.ascii_letters + string.digits
_LENGTH = 24


def new_id(prefix: Prefix) -> str:
    """A new id such as `run_3k…`: 142 random bits from the system's secure source."""
    # One call for all letters: a call for each costs more than storing a row.
    number = secrets.randbelow(len(_ALPHABET) ** _LENGTH)
    letters = []
    for _ in range(_LENGTH):
        number, index = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[index])
    return f"{prefix}_" + "".join(letters)
