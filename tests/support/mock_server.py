"""The mock server that the documented tool is tested with, on the recorded API description.

It holds every request against the description and says in its answer's headers what is wrong.
"""

from __future__ import annotations

import json
import socket
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.error import URLError
from urllib.request import urlopen

from tests.support.openapi import document

PROGRAM = Path(__file__).parents[2] / ".venv/mock-server/node_modules/.bin/steady"
"""Installed by `make test-slow`."""

_SECONDS = 30.0


class MockServer:
    """Context manager that runs the server; `url` is its base URL."""

    def __init__(self) -> None:
        assert PROGRAM.exists(), "the mock server is missing: make test-slow installs it"
        # Not in a folder of the test, which may be below /dev: its runtime reads nothing there.
        self._folder = TemporaryDirectory()
        description = Path(self._folder.name) / "openapi.json"
        description.write_text(json.dumps(document()))
        port = _free_port()
        self.url = f"http://127.0.0.1:{port}/v1"
        self._health = f"http://127.0.0.1:{port}/_x-steady/health"
        words = [PROGRAM, "--host", "127.0.0.1", "--port", str(port), "--quiet", description]
        self._process = subprocess.Popen(words, stdout=subprocess.DEVNULL)

    def __enter__(self) -> MockServer:
        deadline = time.monotonic() + _SECONDS
        while not self._answers():
            assert self._process.poll() is None, "the mock server ended"
            assert time.monotonic() < deadline, "the mock server does not answer"
            time.sleep(0.05)
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.terminate()
        self._process.wait(_SECONDS)
        self._folder.cleanup()

    def _answers(self) -> bool:
        try:
            with urlopen(self._health, timeout=5):
                return True
        except URLError:
            return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])
