"""Servers and workers as processes, killed at random, over a database that restarts meanwhile."""

import json
import random
import signal
import socketserver
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest

from openai_cli.engine.store import ACTIVE, Store
from openai_cli.engine.store_place import DatabaseUrl
from tests.engine.serve.support import Served, connect
from tests.engine.support import ask
from tests.support.http import PLAIN
from tests.support.postgres import PostgresServer
from tests.support.proxy import tunnel
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
            with httpx.stream(method, url + path, timeout=30, **more, **PLAIN) as response:
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


class Balancer(socketserver.ThreadingTCPServer):
    """Passes each connection on to one of the servers, which may die under it."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(("127.0.0.1", 0), _Passing)
        self.cluster = cluster
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class _Passing(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        balancer: Any = self.server
        with suppress(OSError), connect(random.choice(balancer.cluster.urls())) as server:
            tunnel(self.request, server)


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


def test_many_runs_of_one_command(openai: Shell, server: PostgresServer) -> None:
    """`--each` at a balancer: each line ends with one run, whatever is killed meanwhile."""
    place = DatabaseUrl(server.new_database())
    cluster, dice = Cluster(openai, place), random.Random(8)
    lines = [json.dumps(ask(f"{number} {TEXT}")) for number in range(200)]
    (openai.folder / "in.jsonl").write_text("\n".join(lines))
    base = ("--base-url", Balancer(cluster).url, "--max-retries", "10", "--timeout", "20")
    each = ("--each", "in.jsonl", "--output", "out.jsonl", "--concurrency", "8", "--wait")
    command = (*base, "beta:threads", "create-and-run", *each)
    job = openai.start(*command, stderr=subprocess.DEVNULL)
    while job.poll() is None:
        time.sleep(dice.uniform(0.5, 2))
        cluster.kill_one(dice)
    assert job.returncode in (0, 5)  # a run fails with the worker that it was given to
    assert cluster.kills > 3
    again = openai(*command, "--retry-failed", timeout=120)
    assert again.code == 0, again.err
    results = [json.loads(line) for line in (openai.folder / "out.jsonl").read_text().splitlines()]
    done = [one for one in results if one.get("run", {}).get("status") == "completed"]
    assert sorted(one["line"] for one in done) == list(range(1, 201))
    store = Store(place)
    try:
        until_idle(store)
        with store.read() as tx:
            completed = [run.id for run in tx.runs.all() if run.status == "completed"]
    finally:
        store.close()
        cluster.close()
    assert sorted(completed) == sorted(one["run"]["id"] for one in done)


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
