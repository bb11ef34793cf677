"""What `local serve` does on connections that are kept alive.

How long a request takes there, as a ratio to a request on a new connection each time: it should be
below 1. The median counts. How many runs of `echo` a second 16 connections get through, until the
last one has ended, and how long a stream takes when 100 are read side by side; both as ratios to as
many lists of assistants, which cost the HTTP alone.
"""

from __future__ import annotations

import argparse
import json
import re
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import urlsplit

import httpx

from benchmarks.measure import OPENAI, clean_environ

CONNECTIONS, STREAMS = 16, 100
ON_ALL_CPUS = """
import os
del os.sched_getaffinity  # as on systems without it
from openai_cli.__main__ import main
main()
"""
TEXT = "a few words that come back one by one, and a few more"


def median(ask: Callable[[], httpx.Response], count: int) -> float:
    """The median time of a request, in seconds."""
    times = []
    for _ in range(count):
        start = time.perf_counter()
        ask().raise_for_status()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def measure_at(url: str, count: int) -> None:
    """Print both times."""
    with httpx.Client(base_url=url, trust_env=False) as client:
        kept = median(lambda: client.get("/assistants"), count)
        closing = {"Connection": "close"}
        new = median(lambda: client.get("/assistants", headers=closing), count)
    print(f"kept alive {kept * 1000:.2f} ms, {kept / new:.2f} × a new connection")


def at_once(url: str, connections: int, each: int, body: dict[str, object] | None) -> list[float]:
    """The times of requests on so many connections at once, each with its own thread."""
    times: list[float] = []
    ready = threading.Barrier(connections)
    method, path = ("POST", "/threads/runs") if body else ("GET", "/assistants")

    def work() -> None:
        host = urlsplit(url)
        connection = HTTPConnection(host.hostname or "", host.port)
        connection.connect()
        ready.wait()
        for _ in range(each):
            start = time.perf_counter()
            connection.request(method, path, json.dumps(body), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200, answer.status
            times.append(time.perf_counter() - start)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times


def load_at(url: str, store: str, each: int) -> None:
    """Print runs a second, and the slowest streams."""
    message = {"role": "user", "content": TEXT}
    body: dict[str, object] = {"assistant_id": "asst_demo", "thread": {"messages": [message]}}
    at_once(url, CONNECTIONS, 2, body)

    start = time.perf_counter()
    at_once(url, CONNECTIONS, each, None)
    floor = time.perf_counter() - start
    start = time.perf_counter()
    at_once(url, CONNECTIONS, each, body)
    wait_for_runs(store)
    taken = time.perf_counter() - start
    a_second = CONNECTIONS * each / taken
    print(f"{CONNECTIONS} connections: {a_second:.0f} runs a second, {taken / floor:.1f} × lists")

    lists = sorted(at_once(url, STREAMS, 1, None))
    streams = sorted(at_once(url, STREAMS, 1, body | {"stream": True}))
    middle, late = streams[STREAMS // 2] * 1000, streams[STREAMS * 99 // 100 - 1] * 1000
    ratio = streams[-1] / lists[-1]
    print(f"{STREAMS} streams: p50 {middle:.0f} ms, p99 {late:.0f} ms, {ratio:.1f} × lists")


def wait_for_runs(store: str) -> None:
    """Wait until no run is worked on."""
    active = "SELECT COUNT(*) FROM runs WHERE status IN ('queued', 'in_progress')"
    with closing(sqlite3.connect(store)) as connection:
        while connection.execute(active).fetchone()[0]:
            time.sleep(0.005)


def measure(openai: list[str], requests: int) -> None:
    """Start a server, measure, stop it."""
    with tempfile.TemporaryDirectory() as folder:
        command = [*openai, "local", "serve", "--port", "0", "--store", f"{folder}/s.db"]
        with subprocess.Popen(
            command, env=clean_environ(folder), stderr=subprocess.PIPE, text=True
        ) as server:
            try:
                found = re.search(r"http://\S+", server.stderr.readline() if server.stderr else "")
                if found is None:
                    raise SystemExit("the server did not start")
                measure_at(found[0], requests)
                load_at(found[0], f"{folder}/s.db", requests)
            finally:
                server.terminate()


def main() -> None:
    """Measure, if asked for in turns with another version."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=100)
    parser.add_argument("--against", metavar="OPENAI", help="the command of another version")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--all-cpus", action="store_true", help="also without `one_cpu`")
    options = parser.parse_args()
    commands = {}
    if options.against:
        commands[options.against] = [options.against]
    if options.all_cpus:
        commands["on all CPUs"] = [sys.executable, "-c", ON_ALL_CPUS]
    commands[OPENAI] = [OPENAI]
    for _ in range(options.rounds):
        for name, openai in commands.items():
            print(name)
            measure(openai, options.requests)


if __name__ == "__main__":
    main()
