"""Connects to PostgreSQL."""

import re
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from openai_cli.engine.store.postgres.database_errors import store_error
from openai_cli.engine.store_place import DatabaseUrl
from openai_cli.errors import StoreError

_CONNECT_TIME = 10
"""Seconds that connecting may take."""
_PARAMETERS: dict[str, Any] = {
    "application_name": "openai-local",
    "connect_timeout": _CONNECT_TIME,
    # A peer that is gone without a word is noticed within a minute.
    "keepalives_idle": 20,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 50_000,  # the same while it owes an answer, in milliseconds
}


def connect(place: DatabaseUrl) -> psycopg.Connection:
    """A connection of its own, with every statement a transaction. Raises StoreError."""
    try:
        return psycopg.connect(**parameters(place), autocommit=True)
    except psycopg.Error as error:
        raise store_error(str(place), error) from None


def parameters(place: DatabaseUrl) -> dict[str, Any]:
    """The parameters of libpq: those of the URL, and ours where it has none. Raises StoreError."""
    try:
        found = conninfo_to_dict(place.url)
        ports, hosts = str(found.get("port", "")), str(found.get("host", ""))
        # A host with an @ is the end of a password that is not encoded.
        if (ports.replace(",", "").isdecimal() or not ports) and not re.match("[^/@]+@", hosts):
            return _PARAMETERS | found
    except psycopg.ProgrammingError:
        pass
    # libpq's reason quotes what stands in the wrong place, which may be the password.
    raise StoreError(
        f"The store {place} is not a valid URL: in a user name and a password, all but letters "
        "and digits must be percent-encoded."
    )
