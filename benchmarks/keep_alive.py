"""How long a request to `local serve` takes on a connection that is kept alive.

As a ratio to a request on a new connection each time: it should be below 1. The median counts.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable

import httpx
from startup import OPENAI


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


def main() -> None:
    """Start a server, measure, stop it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=100)
    options = parser.parse_args()
    env = {k: v for k, v in os.environ.items() if not k.startswith("OPENAI_")}
    with tempfile.TemporaryDirectory() as folder:
        command = [OPENAI, "local", "serve", "--port", "0", "--store", f"{folder}/s.db"]
        with subprocess.Popen(
            command, env=env | {"HOME": folder}, stderr=subprocess.PIPE, text=True
        ) as server:
            try:
                found = re.search(r"http://\S+", server.stderr.readline() if server.stderr else "")
                if found is None:
                    raise SystemExit("the server did not start")
                measure_at(found[0], options.requests)
            finally:
                server.terminate()


if __name__ == "__main__":
    main()
