"""Inspects a store without changing it."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from openai_cli.engine.store import schema
from openai_cli.engine.store.connection import is_there, prepare_file, store_error
from openai_cli.engine.store_place import DatabaseUrl, StorePlace, check_driver
from openai_cli.errors import StoreError

_WAIT = 5.0
"""Seconds to wait for a lock."""


class StoreFacts(NamedTuple):
    """Facts about a store, for a report."""

    version: int
    """Version of the schema."""
    size: int
    """Size of the file or database, in bytes."""
    integrity: str
    """Result of SQLite's check ("ok" if there is no damage); for PostgreSQL, a remark."""


def inspect(place: StorePlace) -> StoreFacts | None:
    """The facts of a store; None if it does not exist. Raises StoreError if it is unusable."""
    if isinstance(place, DatabaseUrl):
        check_driver(place)
        from openai_cli.engine.store.postgres.inspection import inspect_database

        found = inspect_database(place)
        return found and StoreFacts(*found, "left to the server")
    return _inspect_file(place)


def _inspect_file(path: Path) -> StoreFacts | None:
    if not is_there(path):
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
