"""Ctrl-C, SIGTERM, SIGKILL: a quick end, no traceback, nothing half-said."""

from __future__ import annotations

import signal
import subprocess
import threading
from collections.abc import Iterator

import pytest

from tests.client.conftest import RUN
from tests.support.server import Reply, Server, sse
from tests.support.shell import Shell

CREATED = ("thread.created", {"id": "thread_1"})


class Held:
    """Answers that begin and then wait; `reached` is set when they do."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.over = threading.Event()

    def chunks(self, *first: bytes) -> Iterator[bytes]:
        yield from first
        self.reached.set()
        self.over.wait(30)


@pytest.fixture
def held() -> Iterator[Held]:
    held = Held()
    yield held
    held.over.set()


def start(openai: Shell, server: Server, *args: str) -> subprocess.Popen[bytes]:
    words = ("--base-url", server.url, *RUN, *args)
    return openai.start(*words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.mark.first_by_default
@pytest.mark.parametrize("kind", ["request", "body", "stream"])
def test_ctrl_c_ends_the_wait_with_130(
    openai: Shell, server: Server, held: Held, kind: str
) -> None:
    if kind == "stream":
        server.reply(Reply(chunks=held.chunks(*sse(CREATED))))
    else:
        first = [b'{"id": '] if kind == "body" else []
        headers = {"Content-Type": "application/json"}
        server.reply(Reply(chunks=held.chunks(*first), headers=headers))
    flags = ("--stream", "--format", "jsonl") if kind == "stream" else ()
    with start(openai, server, *flags) as process:
        assert held.reached.wait(30)
        if kind == "stream":
            assert process.stdout is not None
            assert b"thread.created" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (130, b"")
    assert err == b"error: interrupted\n"


@pytest.mark.slow
def test_ctrl_c_ends_the_wait_between_attempts(openai: Shell, server: Server) -> None:
    server.reply(Reply(status=503, headers={"Retry-After": "50"}))
    with start(openai, server, "--debug") as process:
        assert process.stderr is not None
        while b"attempt 2 in 50.0 s" not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (130, b"error: interrupted\n")
    assert len(server.seen) == 1


@pytest.mark.slow
def test_a_long_wait_that_the_server_asks_for_is_noted_in_a_log_too(
    openai: Shell, server: Server
) -> None:
    server.reply(Reply(status=429, headers={"Retry-After": "120"}))
    with start(openai, server) as process:
        assert process.stderr is not None
        noted = process.stderr.readline()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
    assert noted == b"note: status 429; attempt 2 in 120.0 s\n"


@pytest.mark.first_by_default
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_what_came_before_the_end_is_out(
    openai: Shell, server: Server, held: Held, number: signal.Signals
) -> None:
    server.reply(Reply(chunks=held.chunks(*sse(CREATED, CREATED))))
    with start(openai, server, "--stream", "--format", "jsonl") as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(2)]
        process.send_signal(number)
        rest, err = process.communicate(timeout=20)
    assert process.returncode == -number
    assert all(b"thread.created" in line for line in lines)
    assert (rest, err) == (b"", b"")
