"""The open connections, and which one to close when there are too many."""

from collections.abc import Callable
from typing import Protocol


class PooledConnection(Protocol):
    """What the pool asks of a connection."""

    @property
    def waiting_since(self) -> float | None:
        """When the client was last heard of; None while a request of it is being answered."""
        ...

    def drop(self) -> None:
        """Close at once."""
        ...

    def refuse(self) -> None:
        """Say that there is no room, and close."""
        ...


class ConnectionPool:
    """Holds at most `limit` connections. A new one takes the place of the idlest.

    Where every other one is being answered, the new one is refused.
    """

    def __init__(self, limit: int, log: Callable[[str], None]) -> None:
        self._limit = limit
        self._log = log
        self._open: set[PooledConnection] = set()

    def add(self, connection: PooledConnection) -> None:
        """Take in a new connection."""
        if len(self._open) >= self._limit:
            self._make_room(connection)
        self._open.add(connection)

    def discard(self, connection: PooledConnection) -> None:
        """Forget a connection that is closed."""
        self._open.discard(connection)

    def __len__(self) -> int:
        return len(self._open)

    @property
    def has_room(self) -> bool:
        """Whether another connection would be taken in."""
        return len(self._open) < self._limit or bool(self._waiting())

    def _waiting(self) -> list[tuple[float, PooledConnection]]:
        return [(since, one) for one in self._open if (since := one.waiting_since) is not None]

    def _make_room(self, newest: PooledConnection) -> None:
        waiting = self._waiting()
        if not waiting:
            self._log(f"all {self._limit} connections are at work: new ones are refused")
            newest.refuse()
            return
        _, idlest = min(waiting, key=lambda found: found[0])
        self._log(f"all {self._limit} connections are in use: the idlest are closed")
        self._open.discard(idlest)
        idlest.drop()
