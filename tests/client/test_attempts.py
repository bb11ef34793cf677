"""Attempts: what is repeated, when, how often, and what never is."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from typing import Any

import pytest

from openai_cli.api.operation import Request
from openai_cli.errors import ApiError, NoAnswerError
from tests.client.conftest import CREATE, RETRIEVE, STREAM, Ask, Connect
from tests.support.server import Reply, Server, sse

BUSY = Reply(status=503, body={"error": {"message": "busy"}})


def keys(server: Server) -> list[str | None]:
    return [seen.header("idempotency-key") for seen in server.seen]


def test_a_busy_server_is_asked_again_with_the_same_key(
    ask: Ask, server: Server, example_run: dict[str, Any]
) -> None:
    soon = {"Retry-After-Ms": "1"}
    server.reply(
        Reply(status=429, headers=soon), Reply(status=500, headers=soon), Reply(body=example_run)
    )
    assert ask().json == example_run
    assert len(server.seen) == 3
    assert len(set(keys(server))) == 1
    assert re.fullmatch(r"openai-cli-[0-9a-f]{32}", str(keys(server)[0]))
    ask()
    assert len(set(keys(server))) == 2
    assert len({seen.content for seen in server.seen}) == 1


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 529])
def test_a_failing_status_is_repeated_twice_and_then_told(
    connect: Connect, server: Server, status: int
) -> None:
    server.reply(Reply(status=status, body={"error": {"message": "not now"}}))
    with pytest.raises(ApiError, match="not now") as caught:
        connect().send(CREATE)
    assert caught.value.status == status
    assert len(server.seen) == 3
    assert 0.375 <= connect.waits[0] <= 0.5
    assert 0.75 <= connect.waits[1] <= 1.0


@pytest.mark.parametrize(("count", "word"), [(0, "true"), (1, "true"), (5, "")])
def test_max_retries_counts_further_attempts(
    connect: Connect, server: Server, count: int, word: str
) -> None:
    server.reply(Reply(status=503, headers={"x-should-retry": word}))
    with pytest.raises(ApiError):
        connect(max_retries=count).send(CREATE)
    assert len(server.seen) == count + 1


@pytest.mark.parametrize(
    ("status", "word", "attempts"),
    [(400, "", 1), (400, "true", 3), (500, "false", 1), (404, "", 1)],
)
def test_the_server_may_say_whether_to_try_again(
    connect: Connect, server: Server, status: int, word: str, attempts: int
) -> None:
    server.reply(Reply(status=status, headers={"x-should-retry": word}))
    with pytest.raises(ApiError):
        connect().send(CREATE)
    assert len(server.seen) == attempts


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({"Retry-After": "7"}, 7.0), ({"Retry-After-Ms": "60000"}, 60.0), ({"Retry-After": "0"}, 0.0)],
)
def test_the_server_may_say_how_long_to_wait(
    connect: Connect, server: Server, headers: dict[str, str], seconds: float
) -> None:
    server.reply(Reply(status=429, headers=headers), Reply(body={"id": "run_1"}))
    connect().send(CREATE)
    assert connect.waits == [seconds]


def test_a_wait_of_more_than_two_minutes_is_left_to_the_user(ask: Ask, server: Server) -> None:
    server.reply(Reply(status=429, headers={"Retry-After": "3600"}, body={"detail": "slow down"}))
    result = ask()
    assert (result.code, result.out, len(server.seen)) == (4, "", 1)
    assert "429 Too Many Requests: slow down" in result.err
    assert "the server asks to wait 3600 s, and this tool waits at most 120 s" in result.err


def test_a_refused_connection_is_tried_again(connect: Connect) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(NoAnswerError, match=f"cannot connect to 127.0.0.1:{port}: .*refused"):
            connect(f"http://127.0.0.1:{port}").send(CREATE)
    assert len(connect.waits) == 2
    assert any("; attempt 3 in " in line for line in connect.trace)


def test_a_connection_that_does_not_come_about_is_tried_again(connect: Connect) -> None:
    with socket.socket() as full, socket.socket() as first, socket.socket() as second:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        # A queue of one place is full with two in it: the next one gets no answer at all.
        for waiting in (first, second):
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        port = full.getsockname()[1]
        with pytest.raises(NoAnswerError, match=f"connecting to 127.0.0.1:{port} timed out"):
            connect(f"http://127.0.0.1:{port}", timeout=0.1).send(CREATE)
    assert len(connect.waits) == 2


def test_a_connection_dropped_before_any_answer_is_tried_again(
    connect: Connect, server: Server
) -> None:
    server.reply(Reply(drop=True), Reply(drop=True), Reply(body={"id": "run_1"}))
    connect().send(CREATE)
    assert len(set(keys(server))) == 1
    assert len(connect.waits) == 2


def test_a_server_that_only_hangs_up_is_told_in_words(connect: Connect, server: Server) -> None:
    server.reply(Reply(drop=True))
    with pytest.raises(NoAnswerError, match=r"closed the connection without an answer"):
        connect(max_retries=1).send(CREATE)
    assert len(server.seen) == 2


@pytest.mark.parametrize(
    "raw", [b"hello, this is no HTTP\r\n\r\n", b"HTTP/1.1 banana\r\n\r\n"], ids=["words", "status"]
)
def test_an_answer_that_is_no_http_is_not_asked_for_again(
    connect: Connect, server: Server, raw: bytes
) -> None:
    server.reply(Reply(raw=raw))
    with pytest.raises(NoAnswerError, match="incomplete or not HTTP"):
        connect().send(CREATE)
    assert len(server.seen) == 1


def test_a_post_is_not_repeated_after_a_read_timeout(connect: Connect, server: Server) -> None:
    server.reply(Reply(hang=10))
    with pytest.raises(NoAnswerError, match="took too long") as caught:
        connect(timeout=0.1).send(CREATE)
    assert "--timeout sets a longer limit than 0.1 s" in caught.value.hint
    assert len(server.seen) == 1


def test_a_get_is_repeated_after_a_read_timeout(connect: Connect, server: Server) -> None:
    server.reply(Reply(hang=10), Reply(body={"id": "run_abc"}))
    connect(timeout=1.0).send(RETRIEVE)
    assert len(server.seen) == 2
    assert keys(server) == [None, None]


@pytest.mark.parametrize("request_", [CREATE, RETRIEVE], ids=["POST", "GET"])
@pytest.mark.parametrize(
    "reply",
    [
        Reply(body='{"id": "run', declared=100),
        Reply(chunks=[b'{"id": '], headers={"Content-Type": "application/json"}, declared=1),
        Reply(body="not JSON"),
        Reply(body=""),
    ],
    ids=["cut body", "cut chunks", "no JSON", "nothing"],
)
def test_an_answer_that_has_begun_is_never_asked_for_again(
    connect: Connect, server: Server, reply: Reply, request_: Request
) -> None:
    server.reply(reply)
    with pytest.raises(NoAnswerError):
        connect().send(request_)
    assert len(server.seen) == 1


def test_a_stream_that_breaks_off_is_never_asked_for_again(
    connect: Connect, server: Server
) -> None:
    server.reply(Reply(chunks=sse(("thread.created", {"id": "thread_1"})), declared=1))
    stream: Any = connect().send(STREAM)
    with pytest.raises(NoAnswerError, match="incomplete"):
        list(stream.events())
    assert len(server.seen) == 1


def test_the_engine_is_asked_once(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    calls = answered_by(
        monkeypatch, lambda: __import__("httpx").Response(500, json={"error": {"message": "no"}})
    )
    with pytest.raises(ApiError, match="no"):
        connect(f"local:{tmp_path}/x.db").send(CREATE)
    assert len(calls) == 1


def test_trouble_with_the_store_is_no_answer(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    from openai_cli.errors import StoreError

    def fail() -> Any:
        raise StoreError("The store x.db is full.")

    calls = answered_by(monkeypatch, fail)
    with pytest.raises(NoAnswerError, match=r"The store x\.db is full"):
        connect(f"local:{tmp_path}/x.db").send(CREATE)
    assert len(calls) == 1


def answered_by(monkeypatch: pytest.MonkeyPatch, answer: Callable[[], Any]) -> list[Any]:
    """The engine's transport answers so; what it was asked is in the list."""
    from openai_cli.engine.transport import EngineTransport

    calls: list[Any] = []

    def handle(_self: EngineTransport, request: Any) -> Any:
        calls.append(request)
        return answer()

    monkeypatch.setattr(EngineTransport, "handle_request", handle)
    return calls
