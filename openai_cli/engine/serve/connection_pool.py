"""The open connections; selects the one to close when there are too many."""

from collections.abc import Callable
from typing import Protocol


class PooledConnection(Protocol):
    """The interface of a connection in the pool."""

    @property
    def waiting_since(self) -> float | None:
        """Time of the client's last activity; None while its request is being answered."""
        ...

    def drop(self) -> None:
        """Close immediately."""
        ...

    def refuse(self) -> None:
        """Answer that the server is full, and close."""
        ...


class ConnectionPool:
    """Holds at most `limit` connections. If full, a new one replaces the longest idle one.

    If no connection is idle, the new one is refused.
    """

    def __init__(self, limit: int, log: Callable[[str], None]) -> None:
        self._limit = limit
        self._log = log
        self._open: set[PooledConnection] = set()

    def add(self, connection: PooledConnection) -> None:
        """Add a new connection."""
        if len(self._open) >= self._limit:
            self._make_room(connection)
        self._open.add(connection)

    def discard(self, connection: PooledConnection) -> None:
        """Remove a closed connection."""
        self._open.discard(connection)

    def __len__(self) -> int:
        return len(self._open)

    @property
    def has_room(self) -> bool:
        """Whether another connection would be accepted."""
        return len(self._open) < self._limit or bool(self._waiting())

    def _waiting(self) -> list[tuple[float, PooledConnection]]:
        return [(since, one) for one in self._open if (since := one.waiting_since) is not None]

    def _make_room(self, newest: PooledConnection) -> None:
        waiting = self._waiting()
        if not waiting:
            self._log(f"all {self._limit} connections are busy: new ones are refused")
            newest.refuse()
            return
        _, idlest = min(waiting, key=lambda found: found[0])
        self._log(f"all {self._limit} connections are in use: the longest idle ones are closed")
        self._open.discard(idlest)
        idlest.drop()
