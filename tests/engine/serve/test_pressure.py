"""More of everything than there is room for: connections, descriptors, log lines."""

import resource
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from openai_cli.engine.serve.descriptors import shared_out
from openai_cli.engine.serve.limits import ServerLimits
from openai_cli.engine.serve.rate_limited_log import RateLimitedLog
from tests.engine.serve.support import Running, Served, connect
from tests.engine.support import Api, ask, names
from tests.support.http import PLAIN
from tests.support.waiting import until

Start = Callable[..., Running]
Serve = Callable[..., Served]
AskAt = Callable[[str], Api]

PIECE = b"GET /v1/assistants HTTP/1.1\r\nHost: localhost\r\n"
WHOLE = PIECE + b"\r\n"
BODY = b"POST /v1/threads HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{"


def is_closed(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True


def test_the_idlest_connection_is_closed_for_a_new_one(running: Start) -> None:
    service = running(limits=ServerLimits(connections=4))
    with ExitStack() as stack:
        silent, piece, body, alive = (stack.enter_context(connect(service.url)) for _ in range(4))
        piece.sendall(PIECE)
        body.sendall(BODY)
        alive.sendall(WHOLE)
        assert alive.recv(9) == b"HTTP/1.1 "
        for idlest in (silent, piece, body):
            newest = stack.enter_context(connect(service.url))
            newest.sendall(WHOLE)
            assert newest.recv(9) == b"HTTP/1.1 "
            until(lambda gone=idlest: is_closed(gone))
            alive.settimeout(30)
            alive.sendall(WHOLE)
            assert alive.recv(9)
    assert [what for what, _ in service.faults] == [
        "all 4 connections are in use: the idlest are closed"
    ]


def test_a_connection_that_is_being_answered_is_never_closed(running: Start, ask_at: AskAt) -> None:
    service = running(limits=ServerLimits(connections=3))
    api = ask_at(service.url)
    with ExitStack() as stack:
        streams = [
            stack.enter_context(api.streaming("/threads/runs", ask("a b\n!slow 2")))
            for _ in range(3)
        ]
        for events in streams:
            next(events)
        refused = httpx.get(f"{service.url}/assistants", **PLAIN)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
        message = "The server has no room for more connections."
        assert refused.json()["error"]["message"] == message
        for events in streams:
            assert names(list(events))[-2:] == ["run.completed", "done"]
    assert [what for what, _ in service.faults] == [
        "all 3 connections are at work: new ones are refused"
    ]


def descriptors(soft: int, hard: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.slow
def test_more_idle_connections_than_descriptors(
    serve: Serve, ask_at: AskAt, store_file: Path
) -> None:
    """Runs are worked on and answered meanwhile, and little is said about it."""
    served = serve(preexec_fn=descriptors(256, 256))
    api = ask_at(served.url)
    with ExitStack() as stack:
        stack.enter_context(open_streams := ExitStack())
        streams = [
            open_streams.enter_context(api.streaming("/threads/runs", ask("a b c\n!slow 3")))
            for _ in range(6)
        ]
        for _ in range(800):
            stack.enter_context(connect(served.url))
        assert api.run("in the middle of it")["status"] == "completed"
        for events in streams:
            assert names(list(events))[-2:] == ["run.completed", "done"]
    assert served.stop() == 0
    lines = served.said.decode().splitlines()
    assert lines[0] == (
        "note: the limit of file descriptors has room for 65 connections and 21 runs at a time"
    )
    assert lines[2:] == ["error: all 65 connections are in use: the idlest are closed"]


def test_the_soft_limit_of_descriptors_is_raised(serve: Serve) -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    served = serve(preexec_fn=descriptors(64, hard))
    limits = Path(f"/proc/{served.process.pid}/limits").read_text()
    (soft,) = (line.split()[3] for line in limits.splitlines() if line.startswith("Max open files"))
    assert int(soft) > ServerLimits().connections + 3 * ServerLimits().runs
    assert served.said.count(b"\n") == 1  # all that is promised has room


@pytest.mark.parametrize("few", [1, 64, 128, 200, 256, 512, 1024, 4096, 10**6])
def test_descriptors_are_enough_for_what_is_promised(few: int) -> None:
    limits = shared_out(few, ServerLimits())
    assert 1 <= limits.runs <= ServerLimits().runs
    assert 1 <= limits.connections <= ServerLimits().connections
    if few >= 200:
        assert limits.connections + 3 * limits.runs <= few - 128
    if few >= 4096:
        assert limits == ServerLimits()


def test_what_happens_often_is_said_once_a_minute() -> None:
    said: list[Any] = []
    now = 0.0
    log = RateLimitedLog(lambda *line: said.append((now, *line)), clock=lambda: now)
    problem = OSError("first")
    log.note("full", problem)
    for second in range(1, 150):
        now = float(second)
        log.note("full")
        if second == 7:
            log.note("other")
    assert said == [
        (0.0, "full", problem),
        (7.0, "other", None),
        (60.0, "full (59 more times since this was last said)", None),
        (120.0, "full (59 more times since this was last said)", None),
    ]


@pytest.mark.slow
def test_soak() -> None:
    """A short one; `make soak` takes its time."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.soak", "--seconds", "20", "--seed", "1"],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "integrity_check    ok" in done.stdout
