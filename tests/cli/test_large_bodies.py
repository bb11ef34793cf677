"""Answers and requests of several megabytes: what they cost in memory, and how they end."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from openai_cli.api.operation import Request
from openai_cli.api.operations import operation_named
from openai_cli.client.address import read_address
from openai_cli.client.client import Client
from openai_cli.client.request_body import InPieces, encoded
from openai_cli.client.responses import Document, LongAnswer
from openai_cli.client.settings import ConnectionSettings
from openai_cli.output.printer import OutputStyle, Printer
from openai_cli.output.sink import Sink
from tests.cli.conftest import Run
from tests.support.server import Reply, Server
from tests.support.shell import Shell

SIZE = 5_000_000
GET = ("beta:threads", "retrieve", "thread_1")
LIST = ("beta:threads:messages", "list", "--thread-id", "thread_1")
MESSAGE = {"id": "msg_1", "content": [{"type": "text", "text": {"value": "Hi 😀"}}], "n": 1.5}
SHAPES = {
    "one text": {"id": "thread_1", "metadata": {"a": "line\n" * (SIZE // 6)}},
    "many objects": {"data": [MESSAGE] * (SIZE // 100), "has_more": False},
    "numbers": {"id": "x", "data": {"v": [0.123456] * (SIZE // 10)}},
}


class Body(httpx.SyncByteStream):
    """The body of an answer that comes in chunks."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __iter__(self) -> Iterator[bytes]:
        for at in range(0, len(self._content), 2**16):
            yield self._content[at : at + 2**16]


def peak(content: bytes, style: str) -> float:
    """The most memory that reading and printing an answer takes, as a multiple of its size."""
    transport = httpx.MockTransport(lambda _: httpx.Response(200, stream=Body(content)))
    settings = ConnectionSettings(read_address("http://host/v1", ""))
    request = Request(operation_named("beta:threads retrieve"), "/threads/thread_1", {}, None)
    with Path("/dev/null").open("wb") as nowhere, Client(settings, transport) as client:
        printer = Printer(Sink(nowhere), OutputStyle(style), {})
        tracemalloc.start()
        answer = client.send_for_bytes(request) if style == "raw" else client.send(request)
        if isinstance(answer, LongAnswer):
            for chunk in answer.chunks():
                printer.chunk(chunk)
        elif isinstance(answer, Document):
            printer.document(answer.content)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return most / len(content)


@pytest.mark.first_by_default
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("style", "most"), [("raw", 0.7), ("json", 2.8), ("jsonl", 2.8)])
def test_memory_of_an_answer(shape: str, style: str, most: float) -> None:
    content = json.dumps(SHAPES[shape], ensure_ascii=False).encode()
    assert peak(content, style) < most


@pytest.mark.slow
def test_a_long_raw_answer_is_passed_on_unchanged(openai: Shell, server: Server) -> None:
    body = b' {"a": "' + b"x" * SIZE + b'"}\n\n'
    for content, headers in ((body, {}), (gzip.compress(body), {"Content-Encoding": "gzip"})):
        server.reply(Reply(body=content, headers=headers))
        for words in (GET, LIST):
            result = openai("--base-url", server.url, *words, "--format", "raw")
            assert (result.code, result.stdout) == (0, body), result.err


def test_of_an_answer_that_breaks_off_what_came_is_printed(openai: Shell, server: Server) -> None:
    begin = b'{"a": "' + b"x" * SIZE
    server.reply(Reply(body=begin, declared=2 * SIZE))
    result = openai("--base-url", server.url, "--max-retries=0", *GET, "--format", "raw")
    assert result.code == 3
    assert begin.startswith(result.stdout)
    assert len(result.stdout) > SIZE / 2
    assert result.err.count("\n") == 1


def test_a_raw_answer_that_breaks_off_without_a_length_is_told(quick: Run, server: Server) -> None:
    head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
    for end, code in ((b"", 3), (b'"}', 0), (b'"}' + b" \n" * 100_000, 0)):
        body = b'{"a": "' + b"x" * SIZE + end
        server.reply(Reply(raw=head + body))
        result = quick(*GET, "--format", "raw")
        assert (result.code, result.out.encode()) == (code, body)
        assert ("breaks off" in result.err) == bool(code)


@pytest.mark.slow
def test_the_limit_counts_what_is_passed_on(openai: Shell, server: Server) -> None:
    packed = gzip.compress(b'{"a": "' + bytes(100 * SIZE))
    server.reply(Reply(body=packed, headers={"Content-Encoding": "gzip"}))
    words = ("--base-url", server.url, "--max-answer-size=4M", *GET, "--format", "raw")
    result = openai(*words)
    assert (result.code, "is larger than 4194304 bytes" in result.err) == (3, True)
    assert SIZE / 2 < len(result.stdout) <= 4 * 2**20


def test_a_long_answer_that_is_no_json_is_not_printed(quick: Run, server: Server) -> None:
    server.reply(Reply(body="<html>" + "x" * SIZE))
    result = quick(*GET, "--format", "raw")
    assert (result.code, result.out) == (3, "")
    assert "the answer is not JSON" in result.err


def test_an_upload(quick: Run, server: Server, tmp_path: Path) -> None:
    text = 'Grüße "😀"\n' * (SIZE // 20)
    body = {"messages": [{"role": "user", "content": text}, {"role": "user", "content": "Hi"}]}
    (tmp_path / "text").write_text(text)
    server.reply(Reply(body={"id": "thread_1"}))
    for words, stdin in (
        (("--body", "-"), json.dumps(body)),
        ((), json.dumps(body)),
        (("--message", f"@{tmp_path / 'text'}", "--message", "Hi"), None),
    ):
        assert quick("beta:threads", "create", *words, stdin=stdin).code == 0
        assert server.last.json == body
        assert server.last.header("content-length") == str(len(server.last.content))


@pytest.mark.parametrize(
    "body", [{"a": "ü\n" * 2_000_000}, {"a": [{"b": "x"}, 1, {}, "y" * 10**6]}]
)
def test_memory_of_a_body(body: dict[str, object]) -> None:
    plain = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    tracemalloc.start()
    content = encoded(body)
    assert tracemalloc.get_traced_memory()[1] < 1.6 * len(plain)
    tracemalloc.stop()
    assert content == plain


def test_a_body_is_sent_in_pieces() -> None:
    content = bytes(range(256)) * 4000
    pieces = list(InPieces(content))
    assert b"".join(pieces) == content
    assert max(map(len, pieces)) <= 2**16
