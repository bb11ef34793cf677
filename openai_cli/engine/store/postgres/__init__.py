"""PostgreSQL as the database of the store, shared by several machines.

Writers run concurrently. A write transaction locks the rows that it looks up by id (`row_lock`).
Unique indexes detect conflicting inserts: the second transaction is rolled back and retried, and
then sees the result of the first one (`should_retry`).
"""

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import IsolationLevel
from psycopg_pool import ConnectionPool, PoolTimeout

from openai_cli.engine.store.database import (
    Attempts,
    Connection,
    Cursor,
    DamagedRowError,
    Listener,
    UnstorableTextError,
)
from openai_cli.engine.store.postgres import schema
from openai_cli.engine.store.postgres.connecting import connect, parameters
from openai_cli.engine.store.postgres.database_errors import (
    RACES,
    CommitError,
    is_outage,
    store_error,
)
from openai_cli.engine.store.postgres.listener import CHANNEL, PostgresListener
from openai_cli.engine.store_place import DatabaseUrl
from openai_cli.errors import StoreError

_CONNECTIONS = 16
"""Maximum open connections of a process; transactions wait for a free one."""
_RETRY_TIME = 60.0
"""Seconds for which a transaction is retried during an outage, or waits for a lock."""
_WAIT = 2.0
"""Seconds that an attempt waits for a connection.

The pool tries to connect once per attempt; its own retries would have growing pauses.
"""
_MOST_RACES = 8
"""Maximum attempts at a transaction that conflicts with others."""
_PAUSE = 0.2
"""Seconds between attempts during an outage."""


class PostgresDatabase:
    """One PostgreSQL database, with a pool of connections."""

    shared = True

    def __init__(self, place: DatabaseUrl) -> None:
        """Connect; create the tables if they are missing, and migrate them to the newest schema."""
        self._place = place
        self._name = str(place)
        self._stopping = threading.Event()
        _keep_quiet()
        with connect(place) as connection:
            try:
                schema.set_up(connection, self._name)
            except psycopg.Error as error:
                raise store_error(self._name, error) from None
        self._connect_error: psycopg.Error | None = None
        """The error of the last attempt to connect; None if it succeeded."""
        self._pool = ConnectionPool(
            connection_class=_Pooled,
            kwargs={"report": self._on_connect, **parameters(place)},
            configure=_configure,
            min_size=0,
            max_size=_CONNECTIONS,
            timeout=_WAIT,
            reconnect_timeout=0,
            num_workers=1,
            open=True,
        )

    @contextmanager
    def transaction(self, *, write: bool) -> Iterator[Connection]:
        """A transaction: see `Database`. Raises StoreError."""
        try:
            with self._connection() as raw:
                raw.read_only = not write
                # A reader sees one snapshot; a writer that waited for a row sees its new state.
                raw.isolation_level = (
                    IsolationLevel.READ_COMMITTED if write else IsolationLevel.REPEATABLE_READ
                )
                yield _Connection(raw, locks=write)
                if write:
                    self._commit(raw)
                else:
                    raw.rollback()
        except PoolTimeout as error:
            # Either all connections are in use, or none can be made.
            raise store_error(self._name, self._connect_error or error) from error
        except psycopg.Error as error:
            raise store_error(self._name, error) from error
        except DamagedRowError as error:
            raise StoreError(f"The store {self._name} is damaged ({error}).") from error

    @contextmanager
    def _connection(self) -> Iterator["_Pooled"]:
        raw = self._working()
        try:
            with raw:
                yield raw
        finally:
            self._pool.putconn(raw)

    def _working(self) -> "_Pooled":
        """A working connection. All idle ones may be broken; the pool replaces them.

        The pool's own check would pause for longer and longer after each broken connection.
        """
        for _ in range(_CONNECTIONS):
            raw = self._pool.getconn()
            try:
                self._pool.check_connection(raw)
            except psycopg.Error:
                self._pool.putconn(raw)
            else:
                return raw
        return self._pool.getconn()

    def _on_connect(self, error: psycopg.Error | None) -> None:
        self._connect_error = error

    def _commit(self, raw: psycopg.Connection) -> None:
        try:
            raw.commit()
        except psycopg.Error as error:
            if is_outage(error):
                raise CommitError(self._name, error) from error
            raise

    def attempts(self, *, idempotent: bool) -> Attempts:
        """Retries after conflicts and during outages."""
        return _Attempts(idempotent, self._stopping)

    def stop_waiting(self) -> None:
        """From now on, do not wait during an outage."""
        self._stopping.set()

    def clock_offset(self) -> float:
        """Seconds by which the server's clock is ahead; corrected by half the round-trip time."""
        begun = time.time()
        with self.transaction(write=False) as connection:
            (there,) = connection.execute(
                "SELECT EXTRACT(EPOCH FROM clock_timestamp())::float8", []
            ).fetchone()
        return float(there) - (begun + time.time()) / 2

    def listen(self, on_notification: Callable[[str], None]) -> Listener:
        """Call `on_notification` in a thread with notifications of other processes."""
        return PostgresListener(self._place, on_notification)

    def close(self) -> None:
        """Close the connections. Transactions in progress keep their own."""
        self._pool.close()


class _Pooled(psycopg.Connection):
    """A connection of the pool that reports connection errors, which the pool hides."""

    @classmethod
    def connect(  # type: ignore[override]  # takes `report` too
        cls,
        conninfo: str = "",
        *,
        report: Callable[[psycopg.Error | None], None],
        **parameters: Any,
    ) -> "_Pooled":
        """Connect; calls `report` with the error, or with None on success."""
        try:
            connection = super().connect(conninfo, **parameters)
        except psycopg.Error as error:
            report(error)
            raise
        report(None)
        return connection


class _Attempts:
    """The retry policy for one transaction."""

    def __init__(self, idempotent: bool, stopping: threading.Event) -> None:
        """When `stopping` is set, outages are not waited for."""
        self._idempotent = idempotent
        self._stopping = stopping
        self._races = 0
        self._deadline = time.monotonic() + _RETRY_TIME

    def should_retry(self, error: StoreError) -> bool:
        """Whether there was a conflict, or an outage before the commit; waits before a retry."""
        cause = error.__cause__
        if isinstance(cause, RACES):
            self._races += 1
            time.sleep(random.uniform(0, 0.005 * 2**self._races))  # noqa: S311 - no secret
            return self._races < _MOST_RACES
        known = self._idempotent or not isinstance(error, CommitError)
        if not (known and is_outage(cause)) or time.monotonic() > self._deadline:
            return False
        return not self._stopping.wait(_PAUSE)


class _Connection:
    """A connection that executes the portable statements."""

    has_returning = True

    def __init__(self, raw: psycopg.Connection, *, locks: bool) -> None:
        self._raw = raw
        # Unlike FOR UPDATE, this lock does not block foreign-key checks.
        self.row_lock = "FOR NO KEY UPDATE" if locks else ""

    def execute(self, statement: str, values: Sequence[Any]) -> Cursor:
        """Run a statement with a `?` for each value. Raises UnstorableTextError."""
        if any(isinstance(value, str) and "\0" in value for value in values):
            raise UnstorableTextError
        return self._raw.execute(statement.replace("?", "%s").encode(), values)

    def notify(self, what: str) -> None:
        """Notify all listening processes when the transaction is committed."""
        self._raw.execute("SELECT pg_notify(%s, %s)", [CHANNEL, what])

    def advance_sequence(self, table: str) -> None:
        """Set the sequence of the table to the greatest `seq`."""
        last = f"SELECT setval(pg_get_serial_sequence('{table}', 'seq'), max(seq)) FROM {table}"  # noqa: S608
        self._raw.execute(last.encode())


def _keep_quiet() -> None:
    """Keep the driver's log off stderr: errors are reported as StoreError."""
    logger = logging.getLogger("psycopg")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())


def _configure(connection: psycopg.Connection) -> None:
    connection.execute("SELECT set_config('lock_timeout', %s, false)", [f"{_RETRY_TIME}s"])
    connection.commit()
