"""A PostgreSQL server of the tests' own, on a Unix socket in a temporary folder."""

from __future__ import annotations

import fcntl
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",  # the machine is not switched off while tests run, and this is much faster
    "max_connections": "300",
    "log_min_messages": "warning",
}


def program(name: str) -> str | None:
    """The path of a program of PostgreSQL, or None; of the newest version there is.

    Debian has the programs of each version in a folder that is not on the path.
    """
    found = Path("/usr/lib/postgresql").glob("*/bin")
    folders = sorted(found, key=lambda folder: float(folder.parent.name), reverse=True)
    return shutil.which(name) or shutil.which(name, path=os.pathsep.join(map(str, folders)))


class PostgresServer:
    """A server on the files in a folder."""

    def __init__(self, root: Path | None = None, *, settings: dict[str, str] | None = None) -> None:
        """The server that is up in this folder, or a new one with more settings."""
        self._settings = {**_SETTINGS, **(settings or {})}
        self._root = root or Path(tempfile.mkdtemp(prefix="pg"))
        self._data = self._root / "data"
        if root is None:
            _give_away(self._root)
            words = ("-U", "tests", "-A", "trust", "--no-sync", "-E", "UTF8")
            _run("initdb", *words, "-D", str(self._data))
            self.start()

    def standby(self) -> PostgresServer:
        """A new server that follows this one, which waits for it at every commit from now on."""
        root = Path(tempfile.mkdtemp(prefix="pg"))
        _give_away(root)
        words = ("-U", "tests", "-h", str(self._root), "--checkpoint=fast", "--no-sync", "-R")
        _run("pg_basebackup", *words, "-D", str(root / "data"))
        found = PostgresServer(root)
        found.start()
        self.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        self.execute("SELECT pg_reload_conf()")
        return found

    def promote(self) -> None:
        """Make a standby the server that takes writes, which waits for nobody."""
        with (self._data / "postgresql.auto.conf").open("a") as file:
            file.write("synchronous_standby_names = ''\n")
        _run("pg_ctl", "-D", str(self._data), "-w", "promote")
        self.execute("SELECT pg_reload_conf()")

    @property
    def root(self) -> Path:
        """The folder."""
        return self._root

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        settings = {**self._settings, "unix_socket_directories": str(self._root)}
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        command = [str(program("pg_ctl")), "-D", str(self._data), "-l", str(self._data / "log")]
        options = " ".join(f"'{word}'" for word in words)
        subprocess.run(
            [*command, "-w", "-t", "120", "-o", options, "start"],
            check=True,
            stdout=subprocess.DEVNULL,
            **_demoted(),
        )

    def stop(self, number: int = signal.SIGINT) -> None:
        """End the server at once; its clients lose their connections."""
        pid = int((self._data / "postmaster.pid").read_text().split()[0])
        os.kill(pid, number)
        while Path(f"/proc/{pid}/stat").exists() and _state(pid) != "Z":
            time.sleep(0.02)

    def new_database(self) -> str:
        """The URL of a new, empty database."""
        name = f"test_{secrets.token_hex(4)}"
        self.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def url(self, database: str) -> str:
        """The URL of a database."""
        return f"postgresql:///{database}?host={self._root}&user=tests"

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Run a statement as the server's owner, outside of a transaction; gives its rows."""
        import psycopg

        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def close(self) -> None:
        """Stop the server and remove its files."""
        self.stop(signal.SIGQUIT)
        self.remove()

    def remove(self) -> None:
        """Remove the files of a server that has been stopped."""
        shutil.rmtree(self._root)


def _give_away(folder: Path) -> None:
    """Make a folder that of the user who runs the server."""
    if os.geteuid() == 0:
        user = pwd.getpwnam("postgres")
        os.chown(folder, user.pw_uid, user.pw_gid)
    folder.chmod(0o755)


def _run(name: str, *words: str) -> None:
    """Run a program of PostgreSQL."""
    subprocess.run([str(program(name)), *words], check=True, capture_output=True, **_demoted())


def _demoted() -> dict[str, Any]:
    """Options with which a program is run by another user than root, whom the server refuses."""
    if os.geteuid() != 0:
        return {"cwd": "/"}
    user = pwd.getpwnam("postgres")
    return {"cwd": "/", "user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return "Z"


@contextmanager
def shared_server(folder: Path) -> Iterator[PostgresServer]:
    """The server that all who name this folder share: the first starts it, the last stops it."""
    note = folder / "postgres"
    with _alone(folder):
        root, users = note.read_text().split() if note.exists() else ("", "0")
        server = PostgresServer(Path(root) if root else None)
        note.write_text(f"{server.root} {int(users) + 1}")
    try:
        yield server
    finally:
        with _alone(folder):
            users = note.read_text().split()[1]
            if users == "1":
                server.close()
                note.unlink()
            else:
                note.write_text(f"{server.root} {int(users) - 1}")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with (folder / "postgres.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
