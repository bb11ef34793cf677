"""Looks at a store without changing it."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from openai_cli.engine.store import schema
from openai_cli.engine.store.connection import prepare_file, store_error
from openai_cli.errors import StoreError

_WAIT = 5.0
"""Seconds to wait for a lock."""


class StoreFacts(NamedTuple):
    """Schema version, bytes of the file, and what SQLite's own check found ("ok" if nothing)."""

    version: int
    size: int
    integrity: str


def inspect(path: Path) -> StoreFacts | None:
    """The facts of a store; None if there is no file. Raises StoreError if it cannot be used."""
    if not path.exists():
        return None
    prepare_file(path)
    try:
        with closing(_open(path)) as connection:
            version = schema.version(connection)
            (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise store_error(path, error) from error
    if version < 0:
        raise StoreError(f"The store {path} is a database of another program.")
    return StoreFacts(version, path.stat().st_size, str(found))


def _open(path: Path) -> sqlite3.Connection:
    address = f"file:{quote(str(path))}?mode=ro"
    return sqlite3.connect(address, uri=True, timeout=_WAIT)
