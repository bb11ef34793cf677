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

_PATIENCE = 60.0
"""Seconds to wait for other processes before giving up; a transaction takes milliseconds."""
_ONE_WAIT = 1.0
"""Seconds that SQLite itself waits, in C, deaf to Ctrl-C; short, and repeated."""
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL}
_PASSING = {errno.EMFILE, errno.ENFILE, errno.EINTR, errno.EAGAIN}
"""What the system says when it has no descriptor to give just now."""
_COMPANIONS = ("-wal", "-shm", "-journal")
"""Ends of the names of the files that SQLite keeps beside the store."""
_MADE_BY = "the first request to the engine (--local), or an import, makes it"
_ELSEWHERE = f"{STORE_VARIABLE}=FILE, or --base-url {LOCAL}FILE, names a store in another place"
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
    """A connection to the file."""

    row_lock = ""
    """None is needed: the whole file is locked for a writer."""

    def notify(self, what: str) -> None:
        """Do nothing: processes on one machine look at the file."""

    def go_on_from_last(self, table: str) -> None:
        """Do nothing: SQLite's sequences follow what is inserted."""


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
        found.hint = f"what can be read of it: sqlite3 {files[0]} .recover | sqlite3 {files[1]}"
    if code == sqlite3.SQLITE_READONLY:  # its folder is, in which SQLite makes further files
        found.hint = _copying(path)
    return found


def _copying(path: Path) -> str:
    """How to use a store that can only be read."""
    target = os.path.realpath(path)
    copy = f"OPENAI_LOCAL_STORE=FOLDER/{Path(target).name}"
    return f"cp {quoted(target)}* FOLDER, then {copy}, works on a copy"


def patiently(action: Callable[[], T], path: Path | None = None) -> T:
    """Repeat `action` while a temporary condition prevents it.

    That is another process that holds the lock and, where the action opens the store at `path`, a
    lack of file descriptors.

    Raises:
        sqlite3.Error: it failed for another reason, or still fails after a minute.
    """
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            return action()
        except (sqlite3.OperationalError, OSError) as error:
            if not _passes(error, path) or time.monotonic() > deadline:
                raise
            time.sleep(0.005)


def prepare_file(path: Path) -> None:
    """Create the file, and its directory, readable by the owner only; SQLite copies the mode.

    A file that exists is only looked at, never opened: closing any descriptor of it would drop the
    locks that other connections of this process hold, and let other processes damage it.

    Raises:
        StoreError: it cannot be created, is no regular file, may not be written, or may be
            written by other users.
    """
    target = Path(os.path.realpath(path))  # a link may point to a store that is yet to be made
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not target.exists():
            patiently(lambda: _create(target))
        is_file = target.is_file()
    except OSError as error:
        raise _cannot_open(path, error) from error
    _check_readable(path, is_file=is_file)
    if not _may_use(path, os.W_OK):
        what = f"The store {path} can only be read, and the engine writes to it."
        raise StoreError(what, hint=_copying(path))
    _refuse_other_writers(path, target)


def check_file(path: Path) -> None:
    """Look at the file of a store that is only read; it is neither made nor changed.

    Raises:
        StoreError: it does not exist, cannot be read, or may be written by other users.
    """
    if not is_there(path):
        raise StoreError(f"The store {path} does not exist.", hint=_MADE_BY)
    _check_readable(path, is_file=path.is_file())
    _refuse_other_writers(path, Path(os.path.realpath(path)))


def is_there(path: Path) -> bool:
    """Whether there is a file. Raises StoreError if that cannot be seen, as in a closed folder."""
    try:
        return path.exists()
    except OSError as error:
        raise _cannot_open(path, error) from error


def check_place(path: Path) -> None:
    """Raises StoreError if no store can be made there, because its folder cannot be written."""
    folder = next(one for one in Path(os.path.realpath(path)).parents if one.exists())
    if not (folder.is_dir() and _may_use(folder, os.W_OK | os.X_OK)):
        what = f"The store {path} cannot be made: {folder} cannot be written."
        raise StoreError(what, hint=_ELSEWHERE)


def _cannot_open(path: Path, error: OSError) -> StoreError:
    what = f"The store {path} cannot be opened: {error.strerror}."
    return StoreError(what, hint=_ELSEWHERE)


def may_only_be_read(path: Path) -> bool:
    """Whether the file, or the folder in which SQLite keeps files beside it, cannot be written."""
    target = Path(os.path.realpath(path))
    return target.exists() and not (_may_use(target, os.W_OK) and _may_use(target.parent, os.W_OK))


def _check_readable(path: Path, *, is_file: bool) -> None:
    if not is_file:
        raise StoreError(f"The store {path} is not a regular file.")
    if not _may_use(path, os.R_OK):
        raise StoreError(f"The store {path} is not readable.", hint=_ELSEWHERE)


def _refuse_other_writers(path: Path, target: Path) -> None:
    """Refuse a file that others can write: they could change what runs do with the user's key and
    tools.
    """
    if windows.is_windows():  # its files have access lists, and modes that say nothing
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
            f"The store {path} may be written by other users; end that with: chmod {remedy} {named}"
        )


def _mode(file: Path) -> int:
    """The permissions of a file; none if it is not there."""
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
    """Whether waiting may help.

    SQLite does not tell why it could not open a file. Where everything that it opens may be
    opened, what was missing is a descriptor.
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
    """Put an empty file in place that nobody has open any more when it appears."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    fresh.touch(mode=0o600, exist_ok=False)
    try:
        path.hardlink_to(fresh)
    except FileExistsError:
        pass  # another process was faster
    except OSError:
        path.touch(mode=0o600)  # a file system without links
    finally:
        fresh.unlink()


def connect(path: Path) -> SqliteConnection:
    """A connection in autocommit mode, with foreign keys on; usable from any thread, in turn.

    It has opened all files that it needs.
    """
    return patiently(lambda: _connect(path), path)


def _connect(path: Path) -> SqliteConnection:
    connection = sqlite3.connect(
        path,
        timeout=_ONE_WAIT,
        isolation_level=None,
        check_same_thread=False,
        factory=SqliteConnection,
    )
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        # In WAL mode this survives any crash of the process; only a power cut may undo the last
        # runs.
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA temp_store = MEMORY")  # no file is opened in a transaction
        connection.execute("PRAGMA schema_version").fetchone()  # opens the log
    except BaseException:
        connection.close()
        raise
    return connection


def connect_read_only(path: Path) -> SqliteConnection:
    """A connection to a store that may only be read; usable from any thread, in turn.

    Without a log beside it, the file is all there is, and SQLite need not make files beside it.
    """
    target = Path(os.path.realpath(path))
    log = target.with_name(f"{target.name}-wal")
    whole = "" if log.exists() and log.stat().st_size else "&immutable=1"
    return sqlite3.connect(
        f"file:{quote(str(target))}?mode=ro{whole}",
        uri=True, timeout=_ONE_WAIT, isolation_level=None, check_same_thread=False,
        factory=SqliteConnection,
    )  # fmt: skip


def check_schema(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a store that is not of the newest version. Raises StoreError."""
    found = patiently(lambda: schema.version(connection), path)
    _check_version(found, path)
    if found < len(schema.STEPS):
        raise StoreError(
            f"The store {path} was made by an older version of this tool, and can only be read.",
            hint="a copy that can be written is brought to this version when it is used",
        )


def set_up(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the store to the newest version.

    Raises:
        StoreError: the file belongs to another program or to a newer version of this one.
    """
    done = patiently(lambda: schema.version(connection), path)
    _check_version(done, path)
    if done == len(schema.STEPS):
        return
    patiently(lambda: connection.execute("PRAGMA journal_mode = WAL").fetchone(), path)
    for step in range(done + 1, len(schema.STEPS) + 1):
        patiently(lambda: connection.execute("BEGIN IMMEDIATE"))
        try:
            current = schema.version(connection)  # another process may have been faster
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
