"""The store: assistants, threads, messages, runs and steps in one database.

The database is an SQLite file or PostgreSQL. All SQL of the engine is in this package. Callers see
records and transactions:

    with store.write() as tx:
        tx.threads.insert(thread)

A transaction is atomic and sees a consistent state. Any number of processes and threads may use one
store. With SQLite, writers wait for each other. With PostgreSQL, a writer waits only for rows that
another transaction has looked up by id.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TypeVar

from openai_cli.engine.clock import Clock
from openai_cli.engine.store.database import Connection, Database, Listener, UnstorableTextError
from openai_cli.engine.store.record_table import RecordPage, UnknownCursorError, Window
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
    Backlog,
    Events,
    IdempotencyRecords,
    Messages,
    Runs,
    Steps,
    Threads,
)
from openai_cli.engine.store_place import DatabaseUrl, StorePlace, check_driver
from openai_cli.errors import StoreError

__all__ = [
    "ACTIVE",
    "QUEUED",
    "AssistantRecord",
    "Backlog",
    "IdempotencyRecord",
    "MessageRecord",
    "RecordPage",
    "RunRecord",
    "StepRecord",
    "Store",
    "ThreadRecord",
    "Transaction",
    "UnknownCursorError",
    "UnstorableTextError",
    "Window",
    "store_to_read",
]

T = TypeVar("T")

QUEUED = "queued"
"""The notification that a run is queued."""


class Transaction:
    """The tables, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self.assistants = Assistants(connection)
        self.threads = Threads(connection)
        self.messages = Messages(connection)
        self.runs = Runs(connection)
        self.steps = Steps(connection)
        self.idempotency_records = IdempotencyRecords(connection)
        self.events = Events(connection)
        self.shared = bool(connection.row_lock)
        self.notify = connection.notify


class Store:
    """One store. Methods raise `StoreError` and no other database error."""

    def __init__(self, place: StorePlace, *, read_only: bool = False) -> None:
        """Open the store; create it if it is missing, and migrate it to the newest schema.

        If `read_only`, the store must exist and have that schema; `write` must not be used.
        """
        self.place = place
        self.read_only = read_only
        self._database = _open(place, read_only)
        self.shared = self._database.shared
        """Whether processes on several machines may use the store; only then it is a run queue."""

    def clock(self) -> Clock:
        """A clock that is the same for all processes that use the store."""
        return Clock(self._database.clock_offset)

    def listen(self, on_notification: Callable[[str], None]) -> Listener:
        """Call `on_notification` in a thread with notifications of processes: see `Database`."""
        return self._database.listen(on_notification)

    def reach(self) -> None:
        """Check that the store can be read now. Raises StoreError."""
        with self.read() as tx:
            tx.assistants.page(Window(1))

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """A consistent read-only view."""
        with self._database.transaction(write=False) as connection:
            yield Transaction(connection)

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """A transaction: committed when the block ends, rolled back if it raises."""
        with self._database.transaction(write=True) as connection:
            yield Transaction(connection)

    def transact(self, work: Callable[[Transaction], T], *, idempotent: bool = False) -> T:
        """Do the work in a write transaction; retry after a conflict or a database outage.

        `idempotent`: the work may be done twice, so it is also retried if the connection broke
        during the commit.
        """
        return self._attempt(self.write, work, idempotent=idempotent)

    def view(self, look: Callable[[Transaction], T]) -> T:
        """Read a consistent state; retry after a database outage."""
        return self._attempt(self.read, look, idempotent=True)

    def _attempt(
        self,
        begin: Callable[[], AbstractContextManager[Transaction]],
        work: Callable[[Transaction], T],
        *,
        idempotent: bool,
    ) -> T:
        attempts = self._database.attempts(idempotent=idempotent)
        while True:
            try:
                with begin() as tx:
                    return work(tx)
            except StoreError as error:
                if not attempts.should_retry(error):
                    raise

    def stop_waiting(self) -> None:
        """From now on, do not wait during a database outage: the process is about to end."""
        self._database.stop_waiting()

    def close(self) -> None:
        """Close the store. Transactions in progress keep their own connection."""
        self._database.close()


def store_to_read(place: StorePlace) -> Store:
    """An existing store, for reading; its file or folder may be read-only.

    Raises:
        StoreError: the store does not exist, or cannot be read.
    """
    if isinstance(place, DatabaseUrl):
        return Store(place)
    from openai_cli.engine.store.connection import check_file, is_read_only

    check_file(place)
    return Store(place, read_only=is_read_only(place))


def _open(place: StorePlace, read_only: bool) -> Database:
    if isinstance(place, DatabaseUrl):
        check_driver(place)
        from openai_cli.engine.store.postgres import PostgresDatabase

        return PostgresDatabase(place)
    from openai_cli.engine.store.sqlite import SqliteDatabase

    return SqliteDatabase(place, read_only=read_only)
