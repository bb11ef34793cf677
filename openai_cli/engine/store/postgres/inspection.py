"""Looks at a store in PostgreSQL without changing it."""

import psycopg

from openai_cli.engine.store.postgres import schema
from openai_cli.engine.store.postgres.connecting import connect
from openai_cli.engine.store.postgres.database_errors import store_error
from openai_cli.engine.store_place import DatabaseUrl


def inspect_database(place: DatabaseUrl) -> tuple[int, int] | None:
    """Schema version and bytes; None if there are no tables. Raises StoreError."""
    with connect(place) as connection:
        try:
            connection.read_only = True
            version = schema.check_version(connection, str(place))
            (size,) = connection.execute(
                "SELECT pg_database_size(current_database())"
            ).fetchone() or (0,)
        except psycopg.Error as error:
            raise store_error(str(place), error) from None
    return (version, int(size)) if version else None
