"""The connection to SQLite: whose lock is waited for, and what the file itself refuses."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from openai_cli.engine.store import MessageRecord, RunRecord, Store, ThreadRecord, connection
from openai_cli.errors import StoreError


class Waiting:
    """Time in place of the module `time`: sleeping only counts, and may let something happen."""

    def __init__(self) -> None:
        self.passed = 0.0
        self.happens: dict[float, Callable[[], None]] = {}

    def monotonic(self) -> float:
        return self.passed

    def sleep(self, _seconds: float) -> None:
        self.passed += 5
        self.happens.pop(self.passed, lambda: None)()


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> Waiting:
    made = Waiting()
    monkeypatch.setattr(connection, "time", made)
    monkeypatch.setattr(connection, "_SQLITE_TIMEOUT", 0)
    return made


@pytest.fixture
def other(store_file: Path) -> sqlite3.Connection:
    """A connection of another program that locks the store."""
    Store(store_file).close()
    made = sqlite3.connect(store_file, isolation_level=None)
    made.execute("BEGIN EXCLUSIVE")
    return made


def write_a_thread(file: Path) -> None:
    store = Store(file)
    try:
        with store.write() as tx:
            tx.threads.insert(ThreadRecord("thread_1", 0, {}, {}))
    finally:
        store.close()


def test_a_lock_of_half_a_minute_is_waited_for(
    store_file: Path, waiting: Waiting, other: sqlite3.Connection
) -> None:
    waiting.happens[30] = other.rollback
    write_a_thread(store_file)
    assert waiting.passed == 30
    other.close()
    store = Store(store_file)
    with store.read() as tx:
        assert [thread.id for thread in tx.threads.all()] == ["thread_1"]
    store.close()


def test_a_lock_that_stays_is_given_up_after_some_minutes_at_most(
    store_file: Path, waiting: Waiting, other: sqlite3.Connection
) -> None:
    with pytest.raises(StoreError, match="has been locked by another process for too long"):
        write_a_thread(store_file)
    assert 30 < waiting.passed < 300
    other.close()


RUN = RunRecord("run_1", 0, "thread_9", "asst_1", "queued", "echo", {}, {})
MESSAGE = MessageRecord("msg_1", 0, "thread_9", "user", "completed", [], [], {})


@pytest.mark.parametrize("record", [RUN, MESSAGE], ids=["run", "message"])
def test_nothing_is_stored_for_a_thread_that_is_not_there(
    store_file: Path, record: RunRecord | MessageRecord
) -> None:
    store = Store(store_file)
    with pytest.raises(StoreError, match="FOREIGN KEY"), store.write() as tx:
        (tx.runs if record is RUN else tx.messages).insert(record)
    with store.read() as tx:
        assert tx.runs.all() == tx.messages.all() == []
    store.close()
