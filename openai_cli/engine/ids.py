"""Ids: a prefix that names the kind, and 24 random letters and digits."""

import os
import string
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

Prefix = Literal["asst", "thread", "msg", "run", "step", "call", "req"]

PREFIXES: Mapping[str, Prefix] = MappingProxyType(
    {"assistant": "asst", "thread": "thread", "message": "msg", "run": "run", "step": "step"}
)
"""The prefix of each kind of object; a parameter `thread_id` names a `thread`."""

_LENGTH = 24
_LETTERS = bytes((string.ascii_letters + string.digits).encode()[byte % 62] for byte in range(256))
_TOO_MANY = bytes(range(4 * 62, 256))
"""Bytes that are dropped, so that each of the 62 characters is equally likely."""


def new_id(prefix: Prefix) -> str:
    """A new id such as `run_3k…`: 142 random bits from the system's secure source."""
    letters = b""
    while len(letters) < _LENGTH:
        letters += os.urandom(2 * _LENGTH).translate(_LETTERS, _TOO_MANY)
    return f"{prefix}_{letters[:_LENGTH].decode()}"
