"""What the benchmarks share: the command, a server that answers at once, times that take turns."""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

OPENAI = str(Path(sys.executable).parent / "openai")
RUN = ["beta:threads", "create-and-run", "--assistant-id", "asst_demo", "--message", "Hi"]
_SAID = {"index": 0, "message": {"content": "Hi"}, "finish_reason": "stop"}
_ANSWER = json.dumps(
    {"id": "run_1", "object": "thread.run", "status": "queued", "choices": [_SAID]}
).encode()
"""A queued run that is also a completion, which the legacy command asks for."""


def clean_environ(home: str) -> dict[str, str]:
    """The environment without settings of the tool, and with compiled modules kept."""
    dropped = ("OPENAI_", "PYTHONDONTWRITEBYTECODE")
    return {k: v for k, v in os.environ.items() if not k.startswith(dropped)} | {"HOME": home}


@contextmanager
def loopback(answer: bytes = _ANSWER) -> Iterator[str]:
    """The URL of a server that answers every GET and POST with this JSON: a queued run."""

    class Handler(_Handler):
        body = answer

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()


class _Handler(BaseHTTPRequestHandler):
    body = b""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.do_GET()

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


def most_memory(command: Sequence[str], **options: Any) -> int:
    """The most memory that a command had, in MiB; what it prints is thrown away."""
    most = 0
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options
    ) as process:
        while process.poll() is None:
            status = Path(f"/proc/{process.pid}/status").read_text()
            found = re.search(r"VmHWM:\s*(\d+)", status)
            most = int(found[1]) if found else most
            time.sleep(0.02)
    assert process.returncode == 0, command
    return most // 1024


def medians(
    commands: Mapping[str, Sequence[str]], rounds: int, environ: Mapping[str, str]
) -> dict[str, float]:
    """The median time of each command in seconds; the commands take turns, so that noise is shared.

    Raises CalledProcessError for a command that fails.
    """
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            start = time.perf_counter()
            subprocess.run(
                command, env=environ, check=True, stdin=subprocess.DEVNULL, capture_output=True
            )
            times[name].append(time.perf_counter() - start)
    return {name: statistics.median(found) for name, found in times.items()}
