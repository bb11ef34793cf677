"""The interface of a database: transactions that execute portable SQL statements.

    Database.transaction(write=True) ─▶ Connection.execute(statement, values) ─▶ Cursor

`tables` and the engine use only these interfaces. `sqlite` and `postgres` implement them: how a
transaction begins, ends and waits, and how errors are reported.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from openai_cli.errors import StoreError


class DamagedRowError(Exception):
    """A row contains an invalid value, which this program never writes."""


class UnstorableTextError(Exception):
    """A text contains a character that this database cannot store."""


class Cursor(Protocol):
    """The result of a statement."""

    @property
    def rowcount(self) -> int:
        """Number of changed rows."""
        ...

    def fetchone(self) -> Any:
        """The next row, or None."""
        ...

    def __iter__(self) -> Iterator[Sequence[Any]]: ...


class Connection(Protocol):
    """A connection, within one transaction."""

    @property
    def row_lock(self) -> str:
        """The clause at the end of a SELECT that locks its rows until the transaction ends.

        Empty if no lock is needed.
        """
        ...

    @property
    def has_returning(self) -> bool:
        """Whether an UPDATE can return the changed rows."""
        ...

    def execute(self, statement: str, values: Sequence[Any]) -> Cursor:
        """Run a statement with a `?` for each value."""
        ...

    def notify(self, what: str) -> None:
        """Notify all listening processes when the transaction is committed."""
        ...

    def advance_sequence(self, table: str) -> None:
        """Let the sequence of a table continue after its greatest `seq`."""
        ...


class Attempts(Protocol):
    """The retry policy for one transaction."""

    def should_retry(self, error: StoreError) -> bool:
        """Whether to retry after this error; waits for a moment before it returns."""
        ...


class NoRetry:
    """The policy without retries."""

    def should_retry(self, _error: StoreError) -> bool:
        """Always False."""
        return False


class Listener(Protocol):
    """Receives notifications until it is closed."""

    def close(self) -> None:
        """Stop listening."""
        ...


class Database(Protocol):
    """An open database. Its methods raise `StoreError` and no other database error."""

    @property
    def shared(self) -> bool:
        """Whether processes on several machines may use the database."""
        ...

    def clock_offset(self) -> float:
        """Seconds by which the database's clock is ahead of this machine's."""
        ...

    def listen(self, on_notification: Callable[[str], None]) -> Listener:
        """Call `on_notification` in a thread with each notification, which may be outdated.

        It is also called with an empty text whenever notifications may have been missed.
        """
        ...

    def transaction(self, *, write: bool) -> AbstractContextManager[Connection]:
        """A transaction: committed when the block ends, rolled back if it raises.

        Without `write`, the transaction is a consistent, read-only view.
        """
        ...

    def attempts(self, *, idempotent: bool) -> Attempts:
        """The retry policy for one transaction."""
        ...

    def stop_waiting(self) -> None:
        """From now on, do not wait during an outage: the process is about to end."""
        ...

    def close(self) -> None:
        """Close the database. Transactions in progress keep their own connection."""
        ...
