"""How long commands take to start, as ratios to bare Python, measured in one run.

Each command runs as a process of its own, in turn with the others, and the best time counts:
the machine's noise only ever adds. `--peers` also times httpie and llm, installed from PyPI into
a folder that is thrown away.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import venv
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

OPENAI = str(Path(sys.executable).parent / "openai")
RUN = ["beta:threads", "create-and-run", "--assistant-id", "asst_demo", "--message", "Hi"]
ANSWER = json.dumps({"id": "run_1", "object": "thread.run", "status": "queued"}).encode()


class Handler(BaseHTTPRequestHandler):
    """Answers every POST with a queued run."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER)

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


def measure(
    commands: Mapping[str, list[str]], rounds: int, env: dict[str, str]
) -> dict[str, float]:
    """The best time of each command in seconds, the commands taking turns."""
    best = dict.fromkeys(commands, float("inf"))
    for _ in range(rounds):
        for name, command in commands.items():
            start = time.perf_counter()
            subprocess.run(
                command, env=env, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
            )
            best[name] = min(best[name], time.perf_counter() - start)
    return best


def peers(folder: Path) -> dict[str, list[str]]:
    """Other Python clients, freshly installed."""
    venv.create(folder / "peers", with_pip=True)
    tools = folder / "peers" / "bin"
    subprocess.run([tools / "pip", "install", "--quiet", "httpie", "llm"], check=True)
    return {
        "httpie --version": [str(tools / "http"), "--version"],
        "llm --version": [str(tools / "llm"), "--version"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--peers", action="store_true")
    options = parser.parse_args()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base_url = f"http://127.0.0.1:{server.server_address[1]}"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        env = {k: v for k, v in os.environ.items() if not k.startswith("OPENAI_")}
        env["HOME"] = name
        commands = {
            "bare python": [sys.executable, "-c", "pass"],
            "openai --version": [OPENAI, "--version"],
            "openai --help": [OPENAI, "--help"],
            "create-and-run --help": [OPENAI, *RUN[:2], "--help"],
            "create-and-run --dry-run": [OPENAI, *RUN, "--dry-run"],
            "create-and-run, loopback HTTP": [OPENAI, "--base-url", base_url, *RUN],
            "create-and-run, --local echo": [OPENAI, "--base-url", f"local:{name}/s.db", *RUN],
        }
        if options.peers:
            commands |= peers(folder)
        best = measure(commands, options.rounds, env)
    server.shutdown()
    bare = best["bare python"]
    for label, seconds in best.items():
        print(f"{label:32} {seconds * 1000:7.1f} ms   {seconds / bare:5.1f} × bare Python")


if __name__ == "__main__":
    main()
