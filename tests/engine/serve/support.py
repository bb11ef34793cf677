"""Served engines: in a thread of the tests, with limits of their own, and as a process."""

import asyncio
import re
import signal
import socket
import subprocess
import threading
import time
from typing import Any

from openai_cli.engine.models.registry import ModelRegistry
from openai_cli.engine.serve.auth import Authenticator
from openai_cli.engine.serve.bind import listen, url_of
from openai_cli.engine.serve.limits import ServerLimits
from openai_cli.engine.serve.metrics import Metrics
from openai_cli.engine.serve.reports import RequestReport, RunReport
from openai_cli.engine.serve.server import Logs, Service
from openai_cli.engine.store import Store
from openai_cli.engine.store_place import StorePlace
from tests.support.shell import Shell

_READY = re.compile(rb"(?:serving|working on) .* at (http://[^\s\"]+)")


class Running:
    """A service on a port of its own, in a thread; faults it had are told when it is closed."""

    def __init__(
        self,
        place: StorePlace,
        *,
        limits: ServerLimits | None = None,
        key: str = "",
        grace: float = 5,
        measured: bool = True,
    ) -> None:
        self.store = Store(place)
        self.reports: list[RequestReport] = []
        self.faults: list[tuple[str, BaseException | None]] = []
        self.listener = listen("127.0.0.1", 0, reachable=bool(key))
        self.url = url_of(self.listener)
        self.runs: list[RunReport] = []
        logs = Logs(
            self.reports.append,
            lambda what, error: self.faults.append((what, error)),
            self.runs.append,
        )
        gate = Authenticator(key, "127.0.0.1")
        metrics = Metrics() if measured else None
        models = ModelRegistry({}, wrapped=metrics.timed) if metrics else ModelRegistry({})
        limits = (limits or ServerLimits())._replace(grace=grace)
        self.service = Service(self.store, models, gate, logs, limits=limits, metrics=metrics)
        self._up = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        assert self._up.wait(10)

    def __enter__(self) -> "Running":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self, *, wait: bool = True) -> None:
        """Stop serving; without `wait`, the thread is left to end by itself."""
        self._loop.call_soon_threadsafe(self._stop.set)
        if wait:
            self.join()

    def join(self) -> None:
        """Wait until it has stopped."""
        self._thread.join()

    def _run(self) -> None:
        with self.listener:
            asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        await self.service.serve(self.listener, self._up.set, self._stop)


class Served:
    """`openai local serve` as a process, on a free port."""

    def __init__(
        self,
        openai: Shell,
        *words: str,
        command: str = "serve",
        env: dict[str, str] | None = None,
        **options: Any,
    ) -> None:
        """More options go to Popen."""
        line = ("local", command, "--port", "0", *words)
        self.process = openai.start(*line, env=env or {}, stderr=subprocess.PIPE, **options)
        self.said = b""
        assert self.process.stderr is not None
        while not (found := _READY.search(self.said)):
            line = self.process.stderr.readline()
            assert line, self.said
            self.said += line
        self.url = found[1].decode()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal; gives the exit code once the process is gone."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        assert self.process.stderr is not None
        with self.process.stderr:
            self.said += self.process.stderr.read()
        return self.process.wait(30)

    def close(self) -> None:
        if self.process.poll() is None:
            self.stop(signal.SIGKILL)


def talk(url: str, *sent: bytes, pause: float = 0.0) -> bytes:
    """Send bytes as they are, and read until the server closes the connection."""
    with connect(url) as connection:
        for piece in sent:
            connection.sendall(piece)
            time.sleep(pause)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def connect(url: str) -> socket.socket:
    host, _, port = url.removeprefix("http://").partition("/")[0].rpartition(":")
    connection = socket.create_connection((host.strip("[]"), int(port)))
    connection.settimeout(30)
    return connection
