"""Turns PostgreSQL errors into one-line messages, and decides whether a retry may help."""

import psycopg
from psycopg import errors
from psycopg_pool import PoolTimeout

from openai_cli.errors import StoreError

RACES = (errors.SerializationFailure, errors.DeadlockDetected, errors.UniqueViolation)
"""Conflicts with another transaction. A second attempt sees the other's result."""
_OUTAGES = (
    errors.AdminShutdown,
    errors.CrashShutdown,
    errors.CannotConnectNow,
    errors.IdleSessionTimeout,
    errors.ReadOnlySqlTransaction,  # the primary has become a standby
    errors.ConnectionException,
)
_FULL = (errors.DiskFull, errors.OutOfMemory, errors.TooManyConnections)


class CommitError(StoreError):
    """The connection broke during a commit: the transaction may or may not be committed."""

    def __init__(self, name: str, error: psycopg.Error) -> None:
        super().__init__(
            f"The connection to the store {name} broke during a change, which may have been made "
            f"({_detail(error)})."
        )


def is_outage(error: BaseException | None) -> bool:
    """Whether the connection broke, or the server does not accept work at the moment."""
    if isinstance(error, _OUTAGES):
        return True
    # Errors of libpq itself have no code: the server is unreachable, or the connection broke.
    return isinstance(error, psycopg.OperationalError) and error.sqlstate is None


def store_error(name: str, error: psycopg.Error) -> StoreError:
    """The error as one sentence. It quotes the server, but never the URL."""
    detail = _detail(error)
    if isinstance(error, errors.LockNotAvailable):
        return StoreError(f"The store {name} has been locked by another process for too long.")
    if isinstance(error, PoolTimeout):
        return StoreError(f"The store {name} had no connection free for too long.")
    if is_outage(error):
        return StoreError(f"The store {name} cannot be reached ({detail}).")
    if isinstance(error, _FULL):
        return StoreError(f"The store {name} has no room ({detail}).")
    if isinstance(error, errors.InsufficientPrivilege):
        return StoreError(f"The store {name} may not be used ({detail}).")
    return StoreError(f"The store {name} cannot be used ({detail}).")


def _detail(error: psycopg.Error) -> str:
    """The message of the server or of libpq, on one line, without a final period."""
    text = error.diag.message_primary or str(error)
    return " ".join(text.split()).rstrip(".") or type(error).__name__
