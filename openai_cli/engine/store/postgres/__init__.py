"""PostgreSQL as the database of the store, for many machines.

Writers run side by side. What a write transaction has looked up by id stays as it is until its end
(`row_lock`), and unique indexes stop what two transactions do at once: the second one is undone and
tried again, and then sees what the first one did (`may_repeat`).
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
"""The most that a process has open; transactions wait for one."""
_PATIENCE = 60.0
"""Seconds for which a transaction is tried, or waits for a lock that another one holds."""
_WAIT = 2.0
"""Seconds that one attempt waits for a connection.

The pool tries to connect once for each: if it did so itself, it would wait longer and longer.
"""
_MOST_RACES = 8
"""Attempts at a transaction that others are in the way of."""
_PAUSE = 0.2
"""Seconds between attempts while the database is away."""


class PostgresDatabase:
    """One PostgreSQL database, with a pool of connections."""

    shared = True

    def __init__(self, place: DatabaseUrl) -> None:
        """Connect, create the tables if they are missing, bring them to the newest schema."""
        self._place = place
        self._name = str(place)
        self._hurried = threading.Event()
        _keep_quiet()
        with connect(place) as connection:
            try:
                schema.set_up(connection, self._name)
            except psycopg.Error as error:
                raise store_error(self._name, error) from None
        self._away: psycopg.Error | None = None
        """Why the last attempt to connect failed, if it did."""
        self._pool = ConnectionPool(
            connection_class=_Pooled,
            kwargs={"tell": self._tried, **parameters(place)},
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
        """A transaction, as `Database` has it. Raises StoreError."""
        try:
            with self._connection() as raw:
                raw.read_only = not write
                # A reader sees one snapshot. A writer that waited for a row sees it as it is now.
                raw.isolation_level = (
                    IsolationLevel.READ_COMMITTED if write else IsolationLevel.REPEATABLE_READ
                )
                yield _Connection(raw, locks=write)
                if write:
                    self._commit(raw)
                else:
                    raw.rollback()
        except PoolTimeout as error:
            # Either all connections are in use, or there are none.
            raise store_error(self._name, self._away or error) from error
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
        """A connection that works. All that are idle may be broken; the pool replaces them.

        The pool would check them too, but pause for longer and longer behind each broken one.
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

    def _tried(self, error: psycopg.Error | None) -> None:
        self._away = error

    def _commit(self, raw: psycopg.Connection) -> None:
        try:
            raw.commit()
        except psycopg.Error as error:
            if is_outage(error):
                raise CommitError(self._name, error) from error
            raise

    def attempts(self, *, idempotent: bool) -> Attempts:
        """Several, as long as others are in the way or the database is away."""
        return _Attempts(idempotent, self._hurried)

    def hurry(self) -> None:
        """Wait for the database no more."""
        self._hurried.set()

    def clock_offset(self) -> float:
        """Seconds by which the server's clock is ahead; half of the way is taken into account."""
        begun = time.time()
        with self.transaction(write=False) as connection:
            (there,) = connection.execute(
                "SELECT EXTRACT(EPOCH FROM clock_timestamp())::float8", []
            ).fetchone()
        return float(there) - (begun + time.time()) / 2

    def listen(self, hear: Callable[[str], None]) -> Listener:
        """Call `hear` in a thread with what other processes tell."""
        return PostgresListener(self._place, hear)

    def close(self) -> None:
        """Close the connections. Transactions in progress keep their own."""
        self._pool.close()


class _Pooled(psycopg.Connection):
    """A connection of the pool, which tells nobody why it has none."""

    @classmethod
    def connect(  # type: ignore[override]  # takes `tell` too
        cls, conninfo: str = "", *, tell: Callable[[psycopg.Error | None], None], **parameters: Any
    ) -> "_Pooled":
        """Connect, and tell with which error that failed, or None."""
        try:
            connection = super().connect(conninfo, **parameters)
        except psycopg.Error as error:
            tell(error)
            raise
        tell(None)
        return connection


class _Attempts:
    """The attempts at one transaction."""

    def __init__(self, idempotent: bool, hurried: threading.Event) -> None:
        """Once `hurried`, the database is not waited for."""
        self._idempotent = idempotent
        self._hurried = hurried
        self._races = 0
        self._deadline = time.monotonic() + _PATIENCE

    def more_after(self, error: StoreError) -> bool:
        """Whether another transaction was in the way, or the connection broke before the commit."""
        cause = error.__cause__
        if isinstance(cause, RACES):
            self._races += 1
            time.sleep(random.uniform(0, 0.005 * 2**self._races))  # noqa: S311 - no secret
            return self._races < _MOST_RACES
        known = self._idempotent or not isinstance(error, CommitError)
        if not (known and is_outage(cause)) or time.monotonic() > self._deadline:
            return False
        return not self._hurried.wait(_PAUSE)


class _Connection:
    """A connection that takes the portable statements."""

    def __init__(self, raw: psycopg.Connection, *, locks: bool) -> None:
        self._raw = raw
        # It does not stop foreign keys from being checked, as FOR UPDATE would.
        self.row_lock = "FOR NO KEY UPDATE" if locks else ""

    def execute(self, statement: str, values: Sequence[Any]) -> Cursor:
        """Run a statement with a `?` for each value. Raises UnstorableTextError."""
        if any(isinstance(value, str) and "\0" in value for value in values):
            raise UnstorableTextError
        return self._raw.execute(statement.replace("?", "%s").encode(), values)

    def notify(self, what: str) -> None:
        """Tell all processes that listen, once the transaction has been committed."""
        self._raw.execute("SELECT pg_notify(%s, %s)", [CHANNEL, what])

    def go_on_from_last(self, table: str) -> None:
        """Set the sequence of the table to the greatest `seq`."""
        last = f"SELECT setval(pg_get_serial_sequence('{table}', 'seq'), max(seq)) FROM {table}"  # noqa: S608
        self._raw.execute(last.encode())


def _keep_quiet() -> None:
    """Keep the log of the driver off stderr: its errors are told where they arrive."""
    logger = logging.getLogger("psycopg")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())


def _configure(connection: psycopg.Connection) -> None:
    connection.execute("SELECT set_config('lock_timeout', %s, false)", [f"{_PATIENCE}s"])
    connection.commit()
