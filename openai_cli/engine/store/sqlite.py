"""SQLite as the database of the store: one file, and one writer at a time."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from openai_cli.engine.store.connection import (
    SqliteConnection,
    check_file,
    check_schema,
    connect,
    connect_read_only,
    prepare_file,
    retry_while_busy,
    set_up,
    store_error,
)
from openai_cli.engine.store.database import (
    Attempts,
    Connection,
    DamagedRowError,
    Listener,
    NoRetry,
)


class SqliteDatabase:
    """One SQLite file, with a connection for each transaction in progress."""

    shared = False

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        """Open the file; create it if it is missing, and migrate it to the newest schema.

        If `read_only`, the file must exist and have that schema.
        """
        self._path = path
        self._connect = connect_read_only if read_only else connect
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._idle: list[SqliteConnection] = []
        self._closed = False
        (check_file if read_only else prepare_file)(path)
        try:
            with self._connection() as connection:
                (check_schema if read_only else set_up)(connection, path)
        except BaseException:
            self.close()
            raise

    @contextmanager
    def transaction(self, *, write: bool) -> Iterator[Connection]:
        """A transaction: see `Database`. Raises StoreError."""
        with self._turn if write else nullcontext(), self._connection() as connection:
            # A lock for the threads of this process: SQLite would make them sleep and retry.
            if not write:
                connection.execute("BEGIN")
                # The first read takes the snapshot; only this read can be blocked.
                retry_while_busy(
                    lambda: connection.execute("SELECT step FROM migrations").fetchone()
                )
            else:
                retry_while_busy(lambda: connection.execute("BEGIN IMMEDIATE"))
            try:
                yield connection
                if write:
                    connection.execute("COMMIT")
            finally:
                connection.rollback()  # does nothing after a commit

    def attempts(self, *, idempotent: bool) -> Attempts:  # noqa: ARG002
        """No retries: a writer has already waited for the lock, and has no conflicts."""
        return NoRetry()

    def clock_offset(self) -> float:
        """Zero: all processes use this machine's clock."""
        return 0.0

    def listen(self, on_notification: Callable[[str], None]) -> Listener:
        """Never called: SQLite has no notifications."""
        raise NotImplementedError

    def stop_waiting(self) -> None:
        """Does nothing: a file has no outages."""

    def close(self) -> None:
        """Close the file. Transactions in progress keep their own connection."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    @contextmanager
    def _connection(self) -> Iterator[SqliteConnection]:
        """An idle connection, or a new one; returned to the idle ones unless it failed."""
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        try:
            if connection is None:
                connection = self._connect(self._path)
            yield connection
        # An error message that quotes damaged text may fail to decode.
        except (sqlite3.Error, DamagedRowError, UnicodeDecodeError) as error:
            if connection is not None:
                connection.close()
            raise store_error(self._path, error) from error
        except BaseException:
            self._give_back(connection)
            raise
        else:
            self._give_back(connection)

    def _give_back(self, connection: SqliteConnection | None) -> None:
        if connection is None:
            return
        with self._lock:
            if not self._closed:
                self._idle.append(connection)
                return
        connection.close()
