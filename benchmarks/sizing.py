"""What a run costs a server, a worker and the database: `python -m benchmarks.sizing`.

A server without workers, a worker and PostgreSQL, which waits for the disk at every commit. Clients
start runs of the model `echo`, one after the other each, and poll until they have ended, or read
their streams. Printed for each kind of run: CPU time of each part in milliseconds a run, bytes that
the database has grown by, and the connections that were open at the most. The CPU time hardly
depends on what else the machine does; runs a second do.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import httpx

from benchmarks.cluster import BODY, url_in
from openai_cli.engine.store_place import DatabaseUrl
from tests.support.postgres import PostgresServer

RUNS, CLIENTS = 600, 8
WARM_UP = 40
TICK = os.sysconf("SC_CLK_TCK")
TEXT = "word " * 40
"""What `echo` says word by word, with a pause after each."""
STREAMED = {
    **BODY,
    "thread": {"messages": [{"role": "user", "content": f"{TEXT}\n!slow 0.02"}]},
    "stream": True,
}


class Cost(NamedTuple):
    """Milliseconds of CPU time."""

    server: float
    worker: float
    database: float


def polled(client: httpx.Client) -> None:
    """A run that its client asks for every 50 ms."""
    run = client.post("/threads/runs", json=BODY).json()
    while run["status"] != "completed":
        time.sleep(0.05)
        run = client.get(f"/threads/{run['thread_id']}/runs/{run['id']}").json()


def streamed(client: httpx.Client) -> None:
    """A run whose text comes in 40 pieces, 20 ms apart."""
    assert client.post("/threads/runs", json=STREAMED).text.endswith("[DONE]\n\n")


def main() -> None:
    """Print a line for each kind of run."""
    postgres = PostgresServer(settings={"fsync": "on"})
    try:
        for kind in (polled, streamed):
            measure(postgres, kind)
    finally:
        postgres.close()


def measure(postgres: PostgresServer, kind: Callable[[httpx.Client], None]) -> None:
    place = DatabaseUrl(postgres.new_database())
    name = place.url.partition("?")[0].rpartition("/")[2]
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "log")
        server = start(place.url, log, "serve", "--port", "0", "--workers", "0")
        url = url_in(log)
        worker = start(place.url, Path(folder, "worker"), "worker")
        try:
            load(url, kind, WARM_UP)
            size, before = database_size(postgres, name), costs(server, worker, postgres)
            begun = time.monotonic()
            connections = load(url, kind, RUNS, lambda: clients_of(postgres, name))
            seconds = time.monotonic() - begun
            after = costs(server, worker, postgres)
        finally:
            for process in (server, worker):
                process.terminate()
            for process in (server, worker):
                process.wait()
    each = Cost(*((now - then) / RUNS for now, then in zip(after, before, strict=True)))
    grown = (database_size(postgres, name) - size) / RUNS
    print(
        f"{kind.__name__}: server {each.server:.1f} ms, worker {each.worker:.1f} ms, database "
        f"{each.database:.1f} ms a run; {grown:.0f} bytes a run; {connections} connections; "
        f"{RUNS / seconds:.0f} runs/s"
    )


def start(store: str, log: Path, *words: str) -> subprocess.Popen[bytes]:
    with log.open("wb") as stderr:
        line = [sys.executable, "-m", "openai_cli", "local", *words, "--store", store]
        return subprocess.Popen(line, stderr=stderr)


def load(
    url: str, kind: Callable[[httpx.Client], None], runs: int, look: Callable[[], int] = int
) -> int:
    """Run so often; gives the most that a look has found meanwhile."""
    left = iter(range(runs))

    def work() -> None:
        with httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
            for _ in left:
                kind(client)

    threads = [threading.Thread(target=work) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    most = 0
    while any(thread.is_alive() for thread in threads):
        most = max(most, look())
        time.sleep(0.5)
    return most


def costs(
    server: subprocess.Popen[bytes], worker: subprocess.Popen[bytes], postgres: PostgresServer
) -> Cost:
    """CPU time until now."""
    main_process = int((postgres.root / "data" / "postmaster.pid").read_text().split()[0])
    backends = sum(cpu(pid) for pid in children(main_process))
    return Cost(cpu(server.pid), cpu(worker.pid), cpu(main_process) + backends)


def cpu(pid: int) -> float:
    """Of the process, and of its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICK * 1000


def children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def database_size(postgres: PostgresServer, name: str) -> int:
    return int(postgres.execute(f"SELECT pg_database_size('{name}')")[0][0])


def clients_of(postgres: PostgresServer, name: str) -> int:
    counted = f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}'"
    return int(postgres.execute(counted)[0][0])


if __name__ == "__main__":
    main()
