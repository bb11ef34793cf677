"""Servers and workers as processes, killed at random, over a database that restarts meanwhile."""

import json
import random
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from openai_cli.engine.store import ACTIVE, Store
from openai_cli.engine.store_place import DatabaseUrl
from tests.engine.serve.support import Served
from tests.engine.support import ask
from tests.support.postgres import PostgresServer
from tests.support.shell import Shell

pytestmark = pytest.mark.slow

SECONDS = 30
"""For which processes are killed."""
TEXT = "some words of an answer\n!slow 0.05"


class Cluster:
    """Three servers and two workers; whichever is killed is started again."""

    def __init__(self, openai: Shell, place: DatabaseUrl) -> None:
        self._openai = openai
        self._place = place
        self._lock = threading.Lock()
        self.servers = [self._serve(index) for index in range(3)]
        self.workers = [self._work() for _ in range(2)]
        self.kills = 0

    def urls(self) -> list[str]:
        with self._lock:
            return [server.url for server in self.servers]

    def kill_one(self, dice: random.Random) -> None:
        """Kill a process, and start another in its place."""
        self.kills += 1
        index = dice.randrange(5)
        if index < 3:
            self.servers[index].stop(signal.SIGKILL)
            fresh = self._serve(index)
            with self._lock:
                self.servers[index] = fresh
        else:
            self._kill(self.workers[index - 3])
            self.workers[index - 3] = self._work()

    def close(self) -> None:
        for server in self.servers:
            server.close()
        for worker in self.workers:
            self._kill(worker)

    def _serve(self, index: int) -> Served:
        words = ("--workers", "0") if index == 0 else ("--workers", "8")
        return Served(self._openai, "--store", self._place.url, *words)

    def _work(self) -> subprocess.Popen[bytes]:
        words = ("local", "worker", "--store", self._place.url, "--workers", "8")
        return self._openai.start(*words, stderr=subprocess.DEVNULL)

    @staticmethod
    def _kill(process: subprocess.Popen[bytes]) -> None:
        process.kill()
        process.wait()


class Client(threading.Thread):
    """Streams runs one after the other; comes back to a stream that was broken off."""

    def __init__(self, cluster: Cluster, number: int, stop: threading.Event) -> None:
        super().__init__()
        self._cluster = cluster
        self._number = number
        self._stop_asked = stop
        self._dice = random.Random(number)
        self.streams: list[list[tuple[int, str, Any]]] = []
        """The events of each run: number, name, object."""
        self.broken = 0

    def run(self) -> None:
        while not self._stop_asked.is_set():
            events: list[tuple[int, str, Any]] = []
            body = {**ask(f"{self._number} {TEXT}"), "stream": True}
            self._read("POST", "/threads/runs", events, json=body)
            run = next((data for _, name, data in events if name == "thread.run.created"), None)
            if run is None:
                continue  # nobody took the request, or told of it
            path = f"/threads/{run['thread_id']}/runs/{run['id']}"
            deadline = time.monotonic() + 120
            while events[-1][1] != "done" and time.monotonic() < deadline:
                self.broken += 1
                headers = {"Last-Event-ID": str(events[-1][0])}
                self._read("GET", path, events, params={"stream": "true"}, headers=headers)
            self.streams.append(events)

    def _read(self, method: str, path: str, events: list[Any], **more: Any) -> None:
        url = self._dice.choice(self._cluster.urls())
        try:
            with httpx.stream(method, url + path, timeout=30, trust_env=False, **more) as response:
                if response.status_code != 200:
                    time.sleep(0.2)
                    return
                number, name = 0, ""
                for line in response.iter_lines():
                    kind, _, value = line.partition(": ")
                    if kind == "id":
                        number = int(value)
                    elif kind == "event":
                        name = value
                    elif kind == "data":
                        data = None if name == "done" else json.loads(value)
                        events.append((number, name, data))
        except httpx.HTTPError:
            time.sleep(0.2)


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    opened = PostgresServer()
    yield opened
    opened.close()


def test_killed_at_any_moment_while_the_database_restarts(
    openai: Shell, server: PostgresServer
) -> None:
    """Every run ends exactly once, every stream is whole, and nothing is stuck."""
    place = DatabaseUrl(server.new_database())
    cluster, stop, dice = Cluster(openai, place), threading.Event(), random.Random(7)
    clients = [Client(cluster, number, stop) for number in range(6)]
    for client in clients:
        client.start()
    begun, restarts = time.monotonic(), 0
    while (passed := time.monotonic() - begun) < SECONDS:
        time.sleep(dice.uniform(0.5, 3))
        cluster.kill_one(dice)
        if passed > (restarts + 1) * SECONDS / 3:
            server.stop()
            server.start()
            restarts += 1
    stop.set()
    for client in clients:
        client.join()
    store = Store(place)
    try:
        until_idle(store)
        check_runs(store, [stream for client in clients for stream in client.streams])
    finally:
        store.close()
        cluster.close()
    assert cluster.kills > 5
    assert restarts == 2
    assert sum(client.broken for client in clients) > 0


def until_idle(store: Store) -> None:
    """Wait until nothing is active: within a minute, by the rules for dead processes."""
    deadline = time.monotonic() + 90
    while True:
        with store.read() as tx:
            active = [run for run in tx.runs.all() if run.status in ACTIVE]
        if not active:
            return
        assert time.monotonic() < deadline, active
        time.sleep(0.5)


def check_runs(store: Store, streams: list[list[tuple[int, str, Any]]]) -> None:
    with store.read() as tx:
        runs = {run.id: run for run in tx.runs.all()}
        messages = tx.messages.all()
        steps = tx.steps.all()
        events = {run_id: tx.events.after(run_id, 0, 1000) for run_id in runs}
    ends = Counter(run.status for run in runs.values())
    assert set(ends) <= {"completed", "failed"}
    assert ends["completed"] > 10
    assert all(
        run.last_error == {"code": "server_error", "message": "worker stopped"}
        or run.last_error["message"] == "The store could not be used."
        for run in runs.values()
        if run.last_error
    )
    assert [row for row in (*messages, *steps) if row.status == "in_progress"] == []
    for run_id, kept in events.items():
        names = [frame.partition("\n")[0].removeprefix("event: ") for _, frame in kept]
        assert [number for number, _ in kept] == list(range(1, len(kept) + 1))
        assert names.count("done") == 1
        assert names[-2:] == [f"thread.run.{runs[run_id].status}", "done"]
    for stream in streams:
        assert [number for number, _, _ in stream] == list(range(1, len(stream) + 1))
        (run_id,) = {data["id"] for _, name, data in stream if name == "thread.run.created"}
        assert stream[-2][1] == f"thread.run.{runs[run_id].status}"
        if runs[run_id].status == "completed":
            texts = [
                data["delta"]["content"][0]["text"]["value"]
                for _, name, data in stream
                if name == "thread.message.delta"
            ]
            assert "".join(texts).endswith("some words of an answer")
    assert len(streams) > 10
