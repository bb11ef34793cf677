"""Ids: a prefix that names the kind, and 24 random letters and digits."""

import secrets
import string
from typing import Literal

Kind = Literal["asst", "thread", "msg", "run", "step", "call", "req"]

_ALPHABET = string.ascii_letters + string.digits
_LENGTH = 24


def new_id(kind: Kind) -> str:
    """A fresh id such as `run_3k…`; 142 bits, drawn from the system's secure source."""
    return f"{kind}_" + "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
