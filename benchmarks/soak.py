"""`local serve` under a mixed load for a while, killed and started again: does it stay sound?

Clients start plain and streamed runs, hang up on streams, answer tool calls, cancel, and page
through lists; others open connections and send nothing, more than there is room for. In the first
half, the server is killed at random moments, or stopped by a signal; in the second half it is left
alone, so that its descriptors and memory can be watched. Afterwards the store must be whole and no
run stuck.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx

from benchmarks.measure import OPENAI

DESCRIPTORS = 512
"""The limit of the server: room for fewer connections than are opened."""
WITH_LIMIT = ("sh", "-c", f'ulimit -n {DESCRIPTORS}; exec "$@"', "sh")
IDLE = 300
"""Connections that send nothing."""
MEMORY_MAY_GROW = 1.1, 16.0
"""Factor, and MiB on top of it, between the begin and the end of the quiet half."""
DESCRIPTORS_MAY_GROW = 32
"""The store has as many connections as were needed at once, two files each."""
STOPPED = ("completed", "failed", "cancelled", "incomplete", "expired", "requires_action")
TOOLS = [{"type": "function", "function": {"name": "f"}}]


class Served:
    """The server as a process, on one store; it is another one after each start."""

    def __init__(self, store: Path) -> None:
        self._store = store
        self._log = store.with_name("server.log")
        self.problems: list[str] = []
        self.start()

    def start(self) -> None:
        options = ("--port", "0", "--grace", "2")
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [*WITH_LIMIT, OPENAI, "local", "serve", *options, "--store", self._store],
                stderr=log,
                env={**os.environ, "HOME": str(self._store.parent)},
            )
        while " at http" not in (said := self._log.read_text()):
            if self.process.poll() is not None:
                sys.exit(f"the server did not start: {said}")
            time.sleep(0.02)
        self.url = said.rpartition(" at ")[2].splitlines()[0]

    def end(self, number: int) -> None:
        self.process.send_signal(number)
        code = self.process.wait(60)
        if number != signal.SIGKILL and code != 0:
            self.problems.append(f"exit code {code} after {signal.Signals(number).name}")
        self.problems += [
            line
            for line in self._log.read_text().splitlines()
            if not line.startswith(("note: ", "warning: ", "error: all "))
        ]

    @property
    def descriptors(self) -> int:
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))

    @property
    def memory(self) -> float:
        """What is resident, in MiB."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * resource.getpagesize() / 2**20


class Load:
    """Clients in threads of their own, until `stop`."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self.done: Counter[str] = Counter()
        self.interrupted: Counter[str] = Counter()
        self.problems: list[str] = []
        self.seconds: list[float] = []
        kinds = (self._plain, self._streamed, self._hung_up, self._tools, self._cancel, self._lists)
        self._threads = [
            threading.Thread(target=self._repeat, args=(kind,)) for kind in (*kinds, self._plain)
        ]
        self._threads.append(threading.Thread(target=self._idle))
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _repeat(self, kind: Callable[[httpx.Client], None]) -> None:
        name = kind.__name__.strip("_")
        while not self._stop.is_set():
            with httpx.Client(base_url=self._served.url, trust_env=False, timeout=30) as client:
                try:
                    while not self._stop.is_set():
                        kind(client)
                        self.done[name] += 1
                except httpx.TransportError:
                    self.interrupted[name] += 1
                    time.sleep(0.05)
                except (AssertionError, LookupError, ValueError) as error:
                    self.problems.append(f"{name}: {type(error).__name__}: {error}")

    def _ask(self, client: httpx.Client, method: str, path: str, body: Any = None) -> Any:
        begun = time.perf_counter()
        answer = client.request(method, path, json=body)
        with self._lock:
            self.seconds.append(time.perf_counter() - begun)
        assert answer.status_code == 200, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def _started(self, client: httpx.Client, text: str) -> Any:
        return self._ask(client, "POST", "/threads/runs", body_of(text))

    def _stopped(self, client: httpx.Client, run: Any) -> Any:
        while run["status"] not in STOPPED:
            time.sleep(0.02)
            run = self._ask(client, "GET", path_of(run))
        return run

    def _plain(self, client: httpx.Client) -> None:
        status = self._stopped(client, self._started(client, "some words to say"))["status"]
        assert status == "completed", status

    def _streamed(self, client: httpx.Client) -> None:
        answer = client.post("/threads/runs", json=body_of("a stream of words", stream=True))
        assert "event: thread.run.completed\n" in answer.text, answer.text
        assert answer.text.endswith("event: done\ndata: [DONE]\n\n"), answer.text[-200:]

    def _hung_up(self, client: httpx.Client) -> None:
        body = body_of("many words " * 50 + "\n!slow 0.5", stream=True)
        with client.stream("POST", "/threads/runs", json=body) as answer:
            next(answer.iter_bytes())

    def _tools(self, client: httpx.Client) -> None:
        run = self._stopped(client, self._started(client, "!call f\n!call f"))
        assert run["status"] == "requires_action", run["status"]
        calls = run["required_action"]["submit_tool_outputs"]["tool_calls"]
        outputs = [{"tool_call_id": call["id"], "output": "x" * 1000} for call in calls]
        path = f"{path_of(run)}/submit_tool_outputs"
        run = self._stopped(client, self._ask(client, "POST", path, {"tool_outputs": outputs}))
        assert run["status"] == "completed", run["status"]

    def _cancel(self, client: httpx.Client) -> None:
        run = self._started(client, "to be cancelled\n!slow 30")
        self._ask(client, "POST", f"{path_of(run)}/cancel", {})
        status = self._stopped(client, run)["status"]
        assert status == "cancelled", status

    def _lists(self, client: httpx.Client) -> None:
        self._ask(client, "GET", "/assistants?limit=100")
        run = self._started(client, "to be listed")
        for name in ("messages", "runs"):
            self._ask(client, "GET", f"/threads/{run['thread_id']}/{name}?limit=100")

    def _idle(self) -> None:
        """Connections that send nothing, or half of a head; those that are closed come back."""
        held: list[socket.socket] = []
        while not self._stop.wait(0.1):
            held = [connection for connection in held if not is_closed(connection)]
            for _ in range(min(IDLE - len(held), 30)):
                with suppress(OSError):
                    connection = connect(self._served.url)
                    held.append(connection)
                    connection.sendall(b"GET /v1/assist" * (len(held) % 2))
                    self.done["idle"] += 1
        for connection in held:
            connection.close()


def body_of(text: str, **more: Any) -> dict[str, Any]:
    thread = {"messages": [{"role": "user", "content": text}]}
    return {"assistant_id": "asst_demo", "thread": thread, "tools": TOOLS, **more}


def path_of(run: Any) -> str:
    return f"/threads/{run['thread_id']}/runs/{run['id']}"


def connect(url: str) -> socket.socket:
    host, _, port = url.removeprefix("http://").partition("/")[0].rpartition(":")
    return socket.create_connection((host, int(port)), timeout=5)


def is_closed(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        gone = connection.recv(1) == b""
    except BlockingIOError:
        return False
    except OSError:
        gone = True
    if gone:
        connection.close()
    return gone


def disturb(served: Served, seconds: float, dice: random.Random) -> Counter[str]:
    """End the server again and again for so long; gives how often by which signal."""
    ends: Counter[str] = Counter()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(min(dice.uniform(0.5, 5), max(until - time.monotonic(), 0.5)))
        number = dice.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
        served.end(number)
        ends[number.name] += 1
        served.start()
    return ends


def watch(served: Served, seconds: float) -> list[tuple[int, float]]:
    """Descriptors and memory of the server, once a second for so long."""
    found = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(1)
        found.append((served.descriptors, served.memory))
    return found


def growth(samples: list[tuple[int, float]]) -> list[str]:
    """Print how the quiet half went; gives what has grown more than it may.

    The least of many samples counts: what is lost stays lost, all else comes and goes.
    """
    third = max(len(samples) // 3, 1)
    (fd, mib), (last_fd, last_mib) = (
        tuple(min(column) for column in zip(*part, strict=True))
        for part in (samples[third : 2 * third] or samples, samples[-third:])
    )
    print(f"descriptors    {fd} at least in the middle of the quiet half, {last_fd} at its end")
    print(f"memory         {mib:.1f} MiB, then {last_mib:.1f} MiB")
    problems = []
    if last_fd > fd + DESCRIPTORS_MAY_GROW:
        problems.append(f"descriptors grew from {fd} to {last_fd}")
    if last_mib > mib * MEMORY_MAY_GROW[0] + MEMORY_MAY_GROW[1]:
        problems.append(f"memory grew from {mib:.1f} to {last_mib:.1f} MiB")
    return problems


def settle(served: Served, store: Path) -> list[str]:
    """Wait for the last runs, stop, and look at the store; gives what is wrong with it."""
    until = time.monotonic() + 60
    with httpx.Client(base_url=served.url, trust_env=False) as client:
        while time.monotonic() < until:
            client.get("/assistants").raise_for_status()
            if not (set(statuses(store)) - set(STOPPED)):
                break
            time.sleep(0.5)
    served.end(signal.SIGTERM)
    found = statuses(store)
    print(f"runs           {sum(found.values())}: {counted(found)}")
    problems = [f"{found[name]} runs are stuck: {name}" for name in set(found) - set(STOPPED)]
    with sqlite3.connect(store) as connection:
        for pragma, well in (("integrity_check", [("ok",)]), ("foreign_key_check", [])):
            told = connection.execute(f"PRAGMA {pragma}").fetchall()
            print(f"{pragma:18} {'ok' if told == well else told[:3]}")
            problems += [] if told == well else [f"{pragma}: {told[:3]}"]
    return problems


def statuses(store: Path) -> Counter[str]:
    with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as connection:
        rows = connection.execute("SELECT status, count(*) FROM runs GROUP BY status").fetchall()
    return Counter(dict(rows))


def counted(found: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(found.items())) or "none"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    print(f"seed           {options.seed}")
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "store.db"
        served = Served(store)
        load = Load(served)
        try:
            ends = disturb(served, options.seconds / 2, random.Random(options.seed))
            time.sleep(1)  # for the clients to have found the new server
            before = Counter(load.interrupted)
            samples = watch(served, options.seconds / 2)
            cut_off = load.interrupted - before
        finally:
            load.stop()
        median = statistics.median(load.seconds)
        slowest = statistics.quantiles(load.seconds, n=100)[-1]
        print(f"ended by       {counted(ends)}")
        print(f"done           {counted(load.done)}")
        print(f"answers        {len(load.seconds)}; median {median * 1000:.1f} ms, "
              f"99 of 100 within {slowest * 1000:.0f} ms")  # fmt: skip
        problems = [f"cut off while nothing was disturbed: {counted(cut_off)}"] if cut_off else []
        problems += growth(samples) + settle(served, store) + load.problems + served.problems
    if problems:
        sys.exit("\n".join(problems[:20]))


if __name__ == "__main__":
    main()
