"""Heartbeats: a run whose model is silent is not taken for one whose process is dead."""

import threading
from contextlib import AbstractContextManager

import pytest

from openai_cli.engine.clock import Clock
from openai_cli.engine.models import Cancellation
from openai_cli.engine.runs import watchdog
from openai_cli.engine.runs.expiry import expire_stale_runs
from openai_cli.engine.store import RunRecord, Store, ThreadRecord, Transaction
from openai_cli.engine.store_place import StorePlace

pytestmark = pytest.mark.both_databases

START = 1_700_000_000
ELSEWHERE = "another-host/7/1/token"
"""An owner that only its heartbeat can tell alive or dead."""


class RequestEachSecond(Clock):
    """A clock that goes on by a second a look; at each, another process has a request."""

    def __init__(self, store: Store, seconds: int) -> None:
        super().__init__()
        self._store = store
        self.second = START
        self._last_second = START + seconds
        self.over = threading.Event()

    def now(self) -> int:
        if self.second == self._last_second:
            self.over.set()
        else:
            self.second += 1
            expire_stale_runs(self._store, self.second)
        return self.second


def begin(store: Store) -> RunRecord:
    """A run that a process of another host has just begun to work on."""
    run = RunRecord(
        "run_1",
        START,
        "thread_1",
        "asst_1",
        "in_progress",
        "echo",
        {},
        {},
        expires_at=START + 600,
        owner=ELSEWHERE,
        heartbeat_at=START,
    )
    with store.write() as tx:
        tx.threads.insert(ThreadRecord("thread_1", START, {}, {}))
        tx.runs.insert(run)
    return run


def status(store: Store) -> str:
    with store.read() as tx:
        run = tx.runs.get("run_1")
    assert run is not None
    return run.status


@pytest.mark.both_databases(never=True)  # leases of a shared store go by its own clock
def test_minutes_of_silence_are_no_death(
    place: StorePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchdog, "_GLANCE", 0)
    store = Store(place)
    clock = RequestEachSecond(store, 200)
    cancellation = Cancellation()
    watching = watchdog.Watchdog(store, clock)
    with watching.watch(begin(store), cancellation):
        assert clock.over.wait(60)
    watching.close()
    assert status(store) == "in_progress"
    assert not cancellation.requested
    # Nobody is left who would send a heartbeat: now the silence does mean death.
    expire_stale_runs(store, clock.second + 200)
    assert status(store) == "failed"
    store.close()


class BreaksOnce(Store):
    """A store that cannot be read once, for a reason that nobody thought of."""

    broken = False

    def read(self) -> AbstractContextManager[Transaction]:
        if not self.broken:
            self.broken = True
            raise ValueError("a row that makes no sense")
        return super().read()


def test_what_breaks_a_look_at_one_run_leaves_the_others_watched(
    place: StorePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchdog, "_GLANCE", 0)
    store = BreaksOnce(place)
    cancellation = Cancellation()
    asked = threading.Event()
    monkeypatch.setattr(cancellation, "request", asked.set)
    watching = watchdog.Watchdog(store, Clock())
    with watching.watch(begin(store), cancellation):  # it expired long ago
        assert asked.wait(60)
    watching.close()
    assert store.broken
    store.close()


def test_only_the_owner_keeps_a_run_alive(place: StorePlace) -> None:
    store = Store(place)
    begin(store)
    with store.write() as tx:
        assert not tx.runs.beat("run_1", "another-host/8/1/token", START + 50)
        assert tx.runs.beat("run_1", ELSEWHERE, START + 10)
    expire_stale_runs(store, START + 90)
    assert status(store) == "failed"
    store.close()
