"""Runs a second of 1, 2 and 4 servers on one PostgreSQL: `python -m benchmarks.cluster`.

Clients create runs of the model `echo` and poll until they have ended. The database, which is on
this machine, is started here with its own settings; every commit waits for the disk.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import httpx

from openai_cli.engine.store_place import DatabaseUrl
from tests.support.postgres import PostgresServer

SECONDS = 8
CLIENTS = 16
BODY = {
    "assistant_id": "asst_demo",
    "thread": {"messages": [{"role": "user", "content": "Hi"}]},
}


def main() -> None:
    postgres = PostgresServer(settings={"fsync": "on"})
    try:
        for count in (1, 2, 4):
            place = DatabaseUrl(postgres.new_database())
            print(f"{count} servers: {measure(place.url, count):.0f} runs/s")
    finally:
        postgres.close()


def measure(store: str, count: int) -> float:
    servers, urls = [], []
    with tempfile.TemporaryDirectory() as folder:
        try:
            for index in range(count):
                log = Path(folder, str(index))
                servers.append(serve(store, log))
                urls.append(url_in(log))
            return runs_a_second(urls)
        finally:
            for server in servers:
                server.terminate()
            for server in servers:
                server.wait()


def serve(store: str, log: Path) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-m", "openai_cli", "local", "serve", "--port", "0", "--store", store]
    with log.open("wb") as stderr:
        return subprocess.Popen(words, stderr=stderr)


def url_in(log: Path) -> str:
    while " at http" not in (text := log.read_text()):
        time.sleep(0.05)
    return text.strip().rpartition(" ")[2]


def runs_a_second(urls: list[str]) -> float:
    ended: list[float] = []
    until = time.monotonic() + SECONDS

    def work(url: str) -> None:
        with httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
            while time.monotonic() < until:
                run = client.post("/threads/runs", json=BODY).json()
                path = f"/threads/{run['thread_id']}/runs/{run['id']}"
                while run["status"] != "completed":
                    time.sleep(0.02)
                    run = client.get(path).json()
                ended.append(time.monotonic())

    threads = [
        threading.Thread(target=work, args=(urls[index % len(urls)],)) for index in range(CLIENTS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(moment <= until for moment in ended) / SECONDS


if __name__ == "__main__":
    main()
