"""The store: assistants, threads, messages, runs and steps in one database.

That is an SQLite file, or a PostgreSQL database. All SQL of the engine is in this package. Callers
see records and transactions:

    with store.write() as tx:
        tx.threads.insert(thread)

A transaction is all or nothing, and sees a consistent state. Any number of processes and threads
may use one store. In an SQLite file, writers wait for each other. In PostgreSQL, they wait for the
rows that another transaction has looked up by id.
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
"""What processes tell each other when a run waits for one of them."""


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
        """Open the store, create it if it is missing, bring it to the newest schema.

        If `read_only`, a file must be there and have that schema; `write` is not for it.
        """
        self.place = place
        self.read_only = read_only
        self._database = _open(place, read_only)
        self.shared = self._database.shared
        """Whether processes on several machines may use it: it has a queue of runs then."""

    def clock(self) -> Clock:
        """A clock that all who use the store agree on."""
        return Clock(self._database.clock_offset)

    def listen(self, hear: Callable[[str], None]) -> Listener:
        """Call `hear` in a thread with what other processes tell: see `Database`."""
        return self._database.listen(hear)

    def reach(self) -> None:
        """See whether it can be read now."""
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
        """Do the work in a write transaction; again if others were in its way, or if the database
        was away.

        `idempotent` says that doing the work twice does no harm: it is then repeated even if the
        connection broke while it was being committed.
        """
        return self._attempt(self.write, work, idempotent=idempotent)

    def view(self, look: Callable[[Transaction], T]) -> T:
        """Look at a consistent state; again if the database was away."""
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
                if not attempts.more_after(error):
                    raise

    def hurry(self) -> None:
        """From now on, do not wait for a database that is away: the process is about to end."""
        self._database.hurry()

    def close(self) -> None:
        """Close the store. Transactions in progress keep their own connection."""
        self._database.close()


def store_to_read(place: StorePlace) -> Store:
    """A store that is there, for reading; also one on a file or in a folder that is read-only.

    Raises:
        StoreError: it does not exist, or cannot be read.
    """
    if isinstance(place, DatabaseUrl):
        return Store(place)
    from openai_cli.engine.store.connection import check_file, may_only_be_read

    check_file(place)
    return Store(place, read_only=may_only_be_read(place))


def _open(place: StorePlace, read_only: bool) -> Database:
    if isinstance(place, DatabaseUrl):
        check_driver(place)
        from openai_cli.engine.store.postgres import PostgresDatabase

        return PostgresDatabase(place)
    from openai_cli.engine.store.sqlite import SqliteDatabase

    return SqliteDatabase(place, read_only=read_only)
