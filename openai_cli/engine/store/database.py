"""What the store needs from a database: transactions that take the portable statements.

    Database.transaction(write=True) ─▶ Connection.execute(statement, values) ─▶ Cursor

`tables` and the engine know these interfaces only. What differs between the two databases is in
`sqlite` and in `postgres`: how a transaction begins, ends and waits, and how its errors are told.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from openai_cli.errors import StoreError


class DamagedRowError(Exception):
    """A row contains a value that this program never writes."""


class UnstorableTextError(Exception):
    """A text has a character that this database cannot hold."""


class Cursor(Protocol):
    """The result of a statement."""

    @property
    def rowcount(self) -> int:
        """Rows that were changed."""
        ...

    def fetchone(self) -> Any:
        """The next row, or None."""
        ...

    def __iter__(self) -> Iterator[Sequence[Any]]: ...


class Connection(Protocol):
    """A connection, within one transaction."""

    @property
    def row_lock(self) -> str:
        """What ends a SELECT whose rows are to stay as they are until the transaction ends.

        Empty if nobody else can change them anyway.
        """
        ...

    def execute(self, statement: str, values: Sequence[Any]) -> Cursor:
        """Run a statement with a `?` for each value."""
        ...

    def notify(self, what: str) -> None:
        """Tell all processes that listen, once the transaction has been committed."""
        ...

    def go_on_from_last(self, table: str) -> None:
        """Let the sequence of a table go on behind the greatest `seq` that is in it."""
        ...


class Attempts(Protocol):
    """The attempts at one transaction."""

    def more_after(self, error: StoreError) -> bool:
        """Whether to try again after this error; waits a moment before it says so."""
        ...


class NoMoreAttempts:
    """One attempt is all."""

    def more_after(self, _error: StoreError) -> bool:
        """No."""
        return False


class Listener(Protocol):
    """Listens to what other processes tell, until it is closed."""

    def close(self) -> None:
        """Stop listening."""
        ...


class Database(Protocol):
    """An open database. Its methods raise `StoreError` and no other database error."""

    @property
    def shared(self) -> bool:
        """Whether processes on several machines may use it."""
        ...

    def clock_offset(self) -> float:
        """Seconds by which its clock is ahead of this machine's."""
        ...

    def listen(self, hear: Callable[[str], None]) -> Listener:
        """Call `hear` in a thread with what others tell; they may be told of what is long past.

        It is also called with an empty text whenever something may have been missed.
        """
        ...

    def transaction(self, *, write: bool) -> AbstractContextManager[Connection]:
        """A transaction: committed when the block ends, rolled back if it raises.

        Without `write`, it is a consistent view that nothing can be written to.
        """
        ...

    def attempts(self, *, idempotent: bool) -> Attempts:
        """Decides how often one transaction is tried."""
        ...

    def hurry(self) -> None:
        """From now on, do not wait for a database that is away: the process is about to end."""
        ...

    def close(self) -> None:
        """Close it. Transactions in progress keep their own connection."""
        ...
