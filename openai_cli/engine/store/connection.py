"""Opens the SQLite file, waits for its lock, and explains its errors."""

import errno
import os
import secrets
import sqlite3
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from openai_cli import windows
from openai_cli.client.address import LOCAL
from openai_cli.engine.store import schema
from openai_cli.engine.store.database import DamagedRowError
from openai_cli.engine.store_place import STORE_VARIABLE
from openai_cli.errors import StoreError
from openai_cli.shell_words import command_line, quoted

T = TypeVar("T")

_LOCK_TIMEOUT = 60.0
"""Seconds to wait for the lock of another process; a transaction takes milliseconds."""
_SQLITE_TIMEOUT = 1.0
"""SQLite's own lock timeout, in seconds. Ctrl-C has no effect during it, so it is short."""
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL}
_PASSING = {errno.EMFILE, errno.ENFILE, errno.EINTR, errno.EAGAIN}
"""Temporary errors of the system, such as a lack of file descriptors."""
_COMPANIONS = ("-wal", "-shm", "-journal")
"""Suffixes of the files that SQLite keeps beside the store."""
_MADE_BY = "the first request to the engine (--local), or an import, creates it"
_ELSEWHERE = f"{STORE_VARIABLE}=FILE, or --base-url {LOCAL}FILE, selects another store"
_REASONS = {
    sqlite3.SQLITE_NOTADB: "is not a database",
    sqlite3.SQLITE_CORRUPT: "is damaged",
    sqlite3.SQLITE_FULL: "cannot grow: the disk is full",
    sqlite3.SQLITE_READONLY: "is read-only",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened",
    sqlite3.SQLITE_PERM: "may not be opened",
    sqlite3.SQLITE_IOERR: "cannot be read or written",
}


class SqliteConnection(sqlite3.Connection):
    """A connection to the SQLite file."""

    row_lock = ""
    """Empty: a writer locks the whole file."""
    has_returning = sqlite3.sqlite_version_info >= (3, 35)

    def notify(self, what: str) -> None:
        """Does nothing: processes on one machine poll the file."""

    def advance_sequence(self, table: str) -> None:
        """Does nothing: SQLite's sequences follow the inserted values."""


def store_error(
    path: Path, error: sqlite3.Error | DamagedRowError | UnicodeDecodeError
) -> StoreError:
    """A database error as one line."""
    damaged = isinstance(error, DamagedRowError | UnicodeDecodeError)
    code = sqlite3.SQLITE_CORRUPT if damaged else _primary_code(error)
    if code in _BUSY:
        return StoreError(f"The store {path} has been locked by another process for too long.")
    reason = _REASONS.get(code, "cannot be used")
    detail = " ".join(str(error).split())
    found = StoreError(f"The store {path} {reason} ({detail}).")
    if code == sqlite3.SQLITE_CORRUPT:
        fresh = path.with_name(f"recovered-{path.name}")
        files = quoted(str(path)), quoted(str(fresh))
        found.hint = f"to recover readable data: sqlite3 {files[0]} .recover | sqlite3 {files[1]}"
    if code == sqlite3.SQLITE_READONLY:  # its folder is, in which SQLite creates further files
        found.hint = _copying(path)
    return found


def _copying(path: Path) -> str:
    """The hint for a read-only store: how to work on a copy."""
    target = os.path.realpath(path)
    copy = f"OPENAI_LOCAL_STORE=FOLDER/{Path(target).name}"
    return f"to work on a copy: cp {quoted(target)}* FOLDER, then {copy}"


def retry_while_busy(action: Callable[[], T], path: Path | None = None) -> T:
    """Retry `action` while a temporary condition prevents it.

    The conditions are a lock held by another process and, if the action opens the store at `path`,
    a lack of file descriptors.

    Raises:
        sqlite3.Error: the action failed for another reason, or still fails after a minute.
    """
    deadline = time.monotonic() + _LOCK_TIMEOUT
    while True:
        try:
            return action()
        except (sqlite3.OperationalError, OSError) as error:
            if not _passes(error, path) or time.monotonic() > deadline:
                raise
            time.sleep(0.005)


def prepare_file(path: Path) -> None:
    """Create the file and its folder, readable only by the owner; SQLite copies the mode.

    An existing file is only inspected, never opened: closing any of its descriptors would release
    the locks of this process's other connections, and other processes could damage the file.

    Raises:
        StoreError: the file cannot be created, is not a regular file, is not writable, or is
            writable by other users.
    """
    target = Path(os.path.realpath(path))  # a link may point to a store that does not exist yet
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not target.exists():
            retry_while_busy(lambda: _create(target))
        is_file = target.is_file()
    except OSError as error:
        raise _cannot_open(path, error) from error
    _check_readable(path, is_file=is_file)
    if not _may_use(path, os.W_OK):
        what = f"The store {path} is read-only, but the engine has to write to it."
        raise StoreError(what, hint=_copying(path))
    _refuse_other_writers(path, target)


def check_file(path: Path) -> None:
    """Check the file of a store that is only read, without creating or changing it.

    Raises:
        StoreError: the file does not exist, is not readable, or is writable by other users.
    """
    if not is_there(path):
        raise StoreError(f"The store {path} does not exist.", hint=_MADE_BY)
    _check_readable(path, is_file=path.is_file())
    _refuse_other_writers(path, Path(os.path.realpath(path)))


def is_there(path: Path) -> bool:
    """Whether the file exists. Raises StoreError if its folder is not accessible."""
    try:
        return path.exists()
    except OSError as error:
        raise _cannot_open(path, error) from error


def check_place(path: Path) -> None:
    """Raise StoreError if no store can be created there, because its folder is not writable."""
    folder = next(one for one in Path(os.path.realpath(path)).parents if one.exists())
    if not (folder.is_dir() and _may_use(folder, os.W_OK | os.X_OK)):
        what = f"The store {path} cannot be created: {folder} is not writable."
        raise StoreError(what, hint=_ELSEWHERE)


def _cannot_open(path: Path, error: OSError) -> StoreError:
    what = f"The store {path} cannot be opened: {error.strerror}."
    return StoreError(what, hint=_ELSEWHERE)


def is_read_only(path: Path) -> bool:
    """Whether the file, or its folder (where SQLite keeps further files), is not writable."""
    target = Path(os.path.realpath(path))
    return target.exists() and not (_may_use(target, os.W_OK) and _may_use(target.parent, os.W_OK))


def _check_readable(path: Path, *, is_file: bool) -> None:
    if not is_file:
        raise StoreError(f"The store {path} is not a regular file.")
    if not _may_use(path, os.R_OK):
        raise StoreError(f"The store {path} is not readable.", hint=_ELSEWHERE)


def _refuse_other_writers(path: Path, target: Path) -> None:
    """Raise StoreError if other users can write the file: they could change what runs do with the
    user's key and tools.
    """
    if windows.is_windows():  # access is controlled by lists there, not by the mode
        return
    files = [target, *_companions(target)]
    open_to_others = [file for file in files if _mode(file) & (stat.S_IWGRP | stat.S_IWOTH)]
    remedy = "go-w"
    folder = _mode(target.parent)
    if not open_to_others and folder & stat.S_IWOTH and not folder & stat.S_ISVTX:
        open_to_others, remedy = [target.parent], "o-w"
    if open_to_others:
        named = command_line(map(str, open_to_others))
        raise StoreError(
            f"The store {path} is writable by other users; to fix this: chmod {remedy} {named}"
        )


def _mode(file: Path) -> int:
    """The permissions of a file; 0 if it does not exist."""
    try:
        return stat.S_IMODE(file.stat().st_mode)
    except FileNotFoundError:
        return 0


def _companions(path: Path) -> list[Path]:
    return [path.with_name(path.name + end) for end in _COMPANIONS]


def _may_use(file: Path, how: int) -> bool:
    effective = os.access in os.supports_effective_ids
    return os.access(file, how, effective_ids=effective)


def _passes(error: Exception, path: Path | None) -> bool:
    """Whether the error is temporary.

    SQLite does not report why it could not open a file. If all files are accessible, the reason was
    a lack of descriptors.
    """
    if isinstance(error, OSError):
        return error.errno in _PASSING
    code = _primary_code(error)
    if code in _BUSY:
        return True
    if code != sqlite3.SQLITE_CANTOPEN or path is None:
        return False
    target = Path(os.path.realpath(path))
    there = [file for file in _companions(target) if file.exists()]
    return all(_may_use(file, os.R_OK | os.W_OK) for file in (target, target.parent, *there))


def _create(path: Path) -> None:
    """Create an empty file; it is linked to its name only after it was closed."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    fresh.touch(mode=0o600, exist_ok=False)
    try:
        path.hardlink_to(fresh)
    except FileExistsError:
        pass  # another process has created it
    except OSError:
        path.touch(mode=0o600)  # the file system has no links
    finally:
        fresh.unlink()


def connect(path: Path) -> SqliteConnection:
    """A connection in autocommit mode, with foreign keys on; for one thread at a time.

    SQLite has already opened all files that it needs.
    """
    return retry_while_busy(lambda: _connect(path), path)


def _connect(path: Path) -> SqliteConnection:
    connection = sqlite3.connect(
        path,
        timeout=_SQLITE_TIMEOUT,
        isolation_level=None,
        check_same_thread=False,
        factory=SqliteConnection,
    )
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        # In WAL mode, commits survive a crash of the process; a power cut may undo the last ones.
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA temp_store = MEMORY")  # opens no file during a transaction
        connection.execute("PRAGMA schema_version").fetchone()  # opens the write-ahead log
    except BaseException:
        connection.close()
        raise
    return connection


def connect_read_only(path: Path) -> SqliteConnection:
    """A connection to a read-only store; for one thread at a time.

    Without a write-ahead log, the file is opened as immutable: SQLite creates no further files.
    """
    target = Path(os.path.realpath(path))
    log = target.with_name(f"{target.name}-wal")
    whole = "" if log.exists() and log.stat().st_size else "&immutable=1"
    return sqlite3.connect(
        f"file:{quote(str(target))}?mode=ro{whole}",
        uri=True, timeout=_SQLITE_TIMEOUT, isolation_level=None, check_same_thread=False,
        factory=SqliteConnection,
    )  # fmt: skip


def check_schema(connection: sqlite3.Connection, path: Path) -> None:
    """Raise StoreError if the store does not have the newest schema."""
    found = retry_while_busy(lambda: schema.version(connection), path)
    _check_version(found, path)
    if found < len(schema.STEPS):
        raise StoreError(
            f"The store {path} has an older schema and is read-only, so it cannot be migrated.",
            hint="use a writable copy, which is migrated when it is opened",
        )


def set_up(connection: sqlite3.Connection, path: Path) -> None:
    """Migrate the store to the newest schema.

    Raises:
        StoreError: the file belongs to another program or to a newer version of this one.
    """
    done = retry_while_busy(lambda: schema.version(connection), path)
    _check_version(done, path)
    if done == len(schema.STEPS):
        return
    retry_while_busy(lambda: connection.execute("PRAGMA journal_mode = WAL").fetchone(), path)
    for step in range(done + 1, len(schema.STEPS) + 1):
        retry_while_busy(lambda: connection.execute("BEGIN IMMEDIATE"))
        try:
            current = schema.version(connection)  # another process may have migrated the store
            _check_version(current, path)
            if current < step:
                schema.apply_step(connection, step)
            connection.execute("COMMIT")
        except BaseException:
            connection.rollback()
            raise


def _check_version(found: int, path: Path) -> None:
    if found < 0:
        raise StoreError(f"The store {path} is a database of another program.")
    if found > len(schema.STEPS):
        raise StoreError(
            f"The store {path} was made by a newer version of this tool "
            f"(schema {found}, known up to {len(schema.STEPS)})."
        )


def _primary_code(error: Exception) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
