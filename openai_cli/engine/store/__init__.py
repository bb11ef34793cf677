"""The store: assistants, threads, messages, runs and steps in one SQLite file.

All SQL of the engine is in this package. Callers see records and transactions:

    with store.write() as tx:
        tx.threads.insert(thread)

A transaction is all or nothing, and sees a consistent state. Any number of processes and threads
may use one file; writers wait for each other.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from openai_cli.engine.store.connection import (
    check_file,
    check_schema,
    connect,
    connect_read_only,
    may_only_be_read,
    patiently,
    prepare_file,
    set_up,
    store_error,
)
from openai_cli.engine.store.records import (
    ACTIVE,
    AssistantRecord,
    IdempotencyRecord,
    MessageRecord,
    RunRecord,
    StepRecord,
    ThreadRecord,
)
from openai_cli.engine.store.tables import (
    Assistants,
    IdempotencyRecords,
    Messages,
    RecordPage,
    Runs,
    Steps,
    Threads,
    UnknownCursorError,
    Window,
)

__all__ = [
    "ACTIVE",
    "AssistantRecord",
    "IdempotencyRecord",
    "MessageRecord",
    "RecordPage",
    "RunRecord",
    "StepRecord",
    "Store",
    "ThreadRecord",
    "Transaction",
    "UnknownCursorError",
    "Window",
    "store_to_read",
]


class Transaction:
    """The tables, within one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.assistants = Assistants(connection)
        self.threads = Threads(connection)
        self.messages = Messages(connection)
        self.runs = Runs(connection)
        self.steps = Steps(connection)
        self.idempotency_records = IdempotencyRecords(connection)


class Store:
    """One store file. Methods raise `StoreError` and no other database error."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        """Open the file, create it if it is missing, bring it to the newest schema.

        If `read_only`, the file must be there and have that schema; `write` is not for it.
        """
        self.path = path
        self.read_only = read_only
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._closed = False
        (check_file if read_only else prepare_file)(path)
        try:
            with self._connection() as connection:
                (check_schema if read_only else set_up)(connection, path)
        except BaseException:
            self.close()
            raise

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """A consistent read-only view."""
        with self._connection() as connection:
            connection.execute("BEGIN")
            try:
                # The first read takes the snapshot; only here can another process be in the way.
                patiently(lambda: connection.execute("SELECT step FROM migrations").fetchone())
                yield Transaction(connection)
            finally:
                connection.rollback()

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """A transaction: committed when the block ends, rolled back if it raises."""
        # Threads of one process take turns here: SQLite would let them sleep and try again.
        with self._turn, self._connection() as connection:
            patiently(lambda: connection.execute("BEGIN IMMEDIATE"))
            try:
                yield Transaction(connection)
                connection.execute("COMMIT")
            except BaseException:
                connection.rollback()
                raise

    def close(self) -> None:
        """Close the file. Transactions in progress keep their own connection."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """An idle connection, or a new one; given back afterwards unless it is broken."""
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        try:
            if connection is None:
                connection = (connect_read_only if self.read_only else connect)(self.path)
            yield connection
        except (sqlite3.Error, UnicodeDecodeError) as error:  # of a message that quotes damage
            if connection is not None:
                connection.close()
            raise store_error(self.path, error) from error
        except BaseException:
            self._give_back(connection)
            raise
        else:
            self._give_back(connection)

    def _give_back(self, connection: sqlite3.Connection | None) -> None:
        if connection is None:
            return
        with self._lock:
            if not self._closed:
                self._idle.append(connection)
                return
        connection.close()


def store_to_read(path: Path) -> Store:
    """A store that is there, for reading; also one on a file or in a folder that is read-only.

    Raises:
        StoreError: it does not exist, or cannot be read.
    """
    check_file(path)
    return Store(path, read_only=may_only_be_read(path))
