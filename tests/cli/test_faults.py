"""Stores and folders that cannot be used: a sentence, an exit code, no traceback."""

from __future__ import annotations

import sqlite3
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import RUN
from tests.support.shell import OPENAI, Result, Shell


def local(openai: Shell, store: str | Path, *flags: str) -> Result:
    return openai("--base-url", f"local:{store}", *RUN, "--message", "Hi", *flags)


def said(ended: Result, *words: str) -> None:
    assert (ended.code, ended.out) == (3, ""), ended
    first = ended.err.splitlines()[0]
    assert first.startswith("error: ")
    assert all(word in ended.err for word in words), ended.err
    assert "internal error" not in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.slow
def test_stores_that_cannot_be_used(openai: Shell) -> None:
    folder = openai.folder
    (folder / "text.db").write_text("certainly not a database, " * 99)
    (folder / "file").write_text("")
    with sqlite3.connect(folder / "other.db") as other:
        other.execute("CREATE TABLE theirs (x)")
    other.close()
    (folder / "folder.db").mkdir()
    said(local(openai, "text.db"), "text.db", "is not a database")
    said(local(openai, "other.db"), "other.db", "another program")
    said(local(openai, "folder.db"), "folder.db", "not a regular file")
    said(local(openai, "file/x.db"), "file/x.db", "cannot be opened")
    said(local(openai, "/proc/nowhere/x.db"), "/proc/nowhere", "cannot be opened")
    said(local(openai, "/dev/full"), "/dev/full")


def test_a_home_that_is_not_there(openai: Shell) -> None:
    ended = openai("--local", *RUN, "--message", "Hi", env={"HOME": "/proc/nobody"})
    said(ended, "/proc/nobody", "cannot be opened")


@pytest.mark.slow
def test_a_store_that_is_full(openai: Shell) -> None:
    """A database may be limited in pages: to SQLite that is a disk without room."""
    assert local(openai, "small.db").code == 0
    command = f"ulimit -f 1; exec openai --base-url local:new.db {' '.join(RUN)} --message Hi"
    path = f"{OPENAI.rpartition('/')[0]}:{openai.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", f"trap '' XFSZ; {command}"],
        cwd=openai.folder,
        env={**openai.environ, "PATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    said(Result(done.returncode, done.stdout, done.stderr), "new.db")


def test_debug_shows_more_but_no_traceback_for_what_is_expected(openai: Shell) -> None:
    (openai.folder / "text.db").write_text("certainly not a database, " * 99)
    said(local(openai, "text.db", "--debug"), "is not a database")


@pytest.mark.first_by_default
@pytest.mark.parametrize("flag", ["--message", "--metadata", "--thread.messages"])
def test_values_nested_beyond_reason_are_refused(openai: Shell, flag: str) -> None:
    ended = openai(*RUN, "--local", flag, "[" * 20_000)
    assert ended.code in (0, 2)
    assert "fault" not in ended.err
    assert "Traceback" not in ended.err
