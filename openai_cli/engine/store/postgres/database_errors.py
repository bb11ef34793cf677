"""What a PostgreSQL error says, as one line, and whether trying again may help."""

import psycopg
from psycopg import errors
from psycopg_pool import PoolTimeout

from openai_cli.errors import StoreError

RACES = (errors.SerializationFailure, errors.DeadlockDetected, errors.UniqueViolation)
"""Another transaction was faster. A second attempt sees what that one did."""
_OUTAGES = (
    errors.AdminShutdown,
    errors.CrashShutdown,
    errors.CannotConnectNow,
    errors.IdleSessionTimeout,
    errors.ReadOnlySqlTransaction,  # of a primary that has become a standby
    errors.ConnectionException,
)
_FULL = (errors.DiskFull, errors.OutOfMemory, errors.TooManyConnections)


class CommitError(StoreError):
    """The connection broke while a transaction was being committed: it may be done or not."""

    def __init__(self, name: str, error: psycopg.Error) -> None:
        super().__init__(
            f"The store {name} went away during a change, which may have been made "
            f"({_detail(error)})."
        )


def is_outage(error: BaseException | None) -> bool:
    """Whether the connection is gone, or the server does not take work at the moment."""
    if isinstance(error, _OUTAGES):
        return True
    # libpq's own errors have no code: the server could not be reached, or went away.
    return isinstance(error, psycopg.OperationalError) and error.sqlstate is None


def store_error(name: str, error: psycopg.Error) -> StoreError:
    """The error as one sentence. It quotes the server, and never the URL."""
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
    """The server's or libpq's own words, on one line, without a final period."""
    text = error.diag.message_primary or str(error)
    return " ".join(text.split()).rstrip(".") or type(error).__name__
