"""The most memory of a command with a large answer or request, as a ratio to the body's size.

Answers are an object with many items, a list and one long text; they are printed to /dev/null.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from benchmarks.measure import OPENAI, clean_environ, most_memory

MIB = 1 << 20
LIST, ONE = ("beta:threads:runs", "list", "thread_1"), ("beta:threads", "retrieve", "thread_1")


def many_items(size: int) -> bytes:
    """A list of objects of about this size."""
    item = json.dumps({"id": "run_1", "object": "thread.run", "note": "é" * 100, "tags": ["a", 1]})
    items = ",".join([item] * (size // (len(item) + 1)))
    return f'{{"object":"list","data":[{items}],"has_more":false}}'.encode()


def one_text(size: int) -> bytes:
    """An object with one long text."""
    return json.dumps({"id": "thread_1", "note": "a" * size}).encode()


@contextmanager
def server(body: bytes) -> Iterator[str]:
    """The URL of a server that answers every GET with this body, and takes any POST."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(body)

        def do_POST(self) -> None:
            left = int(self.headers["Content-Length"])
            while left:
                left -= len(self.rfile.read(min(left, MIB)))
            self._answer(b'{"id":"thread_1"}')

        def _answer(self, content: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    found = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=found.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{found.server_address[1]}/v1"
    finally:
        found.shutdown()


def measure(label: str, size: int, url: str, words: Sequence[str], home: str) -> None:
    """Run a command, and print the most memory it had."""
    command = [OPENAI, "--base-url", url, "--max-answer-size", "0", *words]
    mib = most_memory(command, env=clean_environ(home))
    print(f"{label:34} {mib:5d} MiB  {mib * MIB / size:4.2f} × the body")


def main() -> None:
    """Print a line for each body and format."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mib", type=int, default=200)
    size = parser.parse_args().mib * MIB
    with tempfile.TemporaryDirectory() as home:
        answers = {"an object of many items": (ONE, many_items), "a list": (LIST, many_items),
                   "one long text": (ONE, one_text)}  # fmt: skip
        for label, (words, made) in answers.items():
            with server(made(size)) as url:
                for name in ("raw", "json", "jsonl"):
                    measure(f"{label}, {name}", size, url, [*words, "--format", name], home)
        body = Path(home, "body.json")
        body.write_text(json.dumps({"messages": [{"role": "user", "content": "a" * size}]}))
        with server(b"{}") as url:
            created = ("beta:threads", "create", "--body", f"@{body}")
            measure("a request, --body @file", size, url, created, home)


if __name__ == "__main__":
    main()
