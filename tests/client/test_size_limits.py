"""Answers that are larger than they may be, plain and compressed."""

from __future__ import annotations

import gzip
import json
import resource
import zlib
from collections.abc import Iterator
from functools import cache
from itertools import repeat
from typing import Any

import httpx
import pytest

from openai_cli.client.answer_body import decoded
from tests.client.conftest import KEY, RUN
from tests.support.server import Reply, Server
from tests.support.shell import Result, Shell

DEMO = ("beta:threads", "create-and-run", "--assistant-id", "asst_demo")
MEGABYTE = 1024**2
MEMORY = 400 * MEGABYTE
"""Bytes of address space that a command gets here: several times what it needs."""


def ask(openai: Shell, server: Server, *args: str) -> Result:
    """Start a run with little memory."""
    words = ["--base-url", server.url, "--api-key", KEY, "--max-retries", "0", *RUN, *args]
    shell = openai.start(*words, **_LIMITED)
    out, err = shell.communicate(timeout=50)
    return Result(shell.returncode, out, err)


def _limit_memory() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


_LIMITED: dict[str, Any] = {
    "preexec_fn": _limit_memory,
    "stdin": -3,
    "stdout": -1,
    "stderr": -1,
}


@cache
def bomb(size: int, *, times: int = 1) -> bytes:
    """So many zeros, compressed."""
    pack = zlib.compressobj(9, wbits=31)
    blocks = b"".join(pack.compress(bytes(MEGABYTE)) for _ in range(size // MEGABYTE))
    data = blocks + pack.flush()
    for _ in range(times - 1):
        data = gzip.compress(data)
    return data


class Chunks(httpx.SyncByteStream):
    """A body that comes in these chunks."""

    def __init__(self, chunks: list[bytes]) -> None:
        self._chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._chunks)


def endless(block: bytes) -> Iterator[bytes]:
    """As many blocks as are read; the server notices when nobody does."""
    return repeat(block, 8 * 1024)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("status", "times"),
    [
        (400, 2),
        *(
            pytest.param(*one, marks=pytest.mark.slow)
            for one in [(200, 1), (200, 2), (400, 1), (500, 1), (500, 2)]
        ),
    ],
)
def test_a_bomb(openai: Shell, server: Server, status: int, times: int) -> None:
    encoding = ", ".join(["gzip"] * times)
    body = bomb(1024 * MEGABYTE, times=times)
    server.reply(Reply(status=status, body=body, headers={"Content-Encoding": encoding}))
    result = ask(openai, server)
    assert result.code == (3 if status == 200 else 4), result.err
    assert "internal error" not in result.err
    if status == 200 and times == 1:
        assert "is larger than 104857600 bytes" in result.err


@pytest.mark.first_by_default
@pytest.mark.parametrize("kind", ["application/json", "text/event-stream"])
def test_an_endless_answer(openai: Shell, server: Server, kind: str) -> None:
    """One line that does not end, whatever it is meant to be."""
    server.reply(Reply(chunks=endless(b"x" * 2**18), headers={"Content-Type": kind}))
    result = ask(openai, server, "--max-answer-size", "20M")
    assert (result.code, "is larger than 20971520 bytes" in result.err) == (3, True), result.err


@pytest.mark.slow
def test_an_endless_error(openai: Shell, server: Server) -> None:
    server.reply(Reply(status=400, chunks=endless(b"no " * 2**16)))
    result = ask(openai, server, "--max-answer-size", "0")
    assert (result.code, len(result.err) < 1000) == (4, True)


@pytest.mark.slow
def test_no_memory_for_it(openai: Shell, server: Server) -> None:
    server.reply(Reply(chunks=endless(b"[" * 2**18), headers={"Content-Type": "application/json"}))
    result = ask(openai, server, "--max-answer-size", "0")
    assert (result.code, "not enough memory" in result.err) == (3, True), result.err


@pytest.mark.parametrize(
    ("limit", "code"), [("1000", 3), ("64K", 0), ("1g", 0), ("0", 0), ("-1", 2), ("1T", 2), ("", 2)]
)
def test_the_limit_is_an_option(
    openai: Shell, server: Server, example_run: dict[str, Any], limit: str, code: int
) -> None:
    server.reply(Reply(body={**example_run, "metadata": {"a": "x" * 2000}}))
    words = ("--base-url", server.url, "--api-key", KEY, *RUN, f"--max-answer-size={limit}")
    assert openai(*words).code == code
    assert len(server.seen) == (code != 2)


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "deflate", "raw", "GZIP", "identity"])
def test_encodings(
    openai: Shell, server: Server, example_run: dict[str, Any], encoding: str
) -> None:
    text = json.dumps(example_run).encode()
    packed = {"identity": text, "deflate": zlib.compress(text), "raw": zlib.compress(text)[2:-4]}
    header = {"raw": "deflate"}.get(encoding, encoding)
    body = packed.get(encoding) or gzip.compress(text)
    server.reply(Reply(body=body, headers={"Content-Encoding": header}))
    result = openai("--base-url", server.url, "--api-key", KEY, *RUN, "--format", "json")
    assert (result.code, result.json) == (0, example_run), result.err
    assert server.last.header("accept-encoding") == "gzip, deflate, br, zstd"


@pytest.mark.parametrize("size", [2**16 - 1, 2**16, 2**17, 300_000, 2**20])
@pytest.mark.parametrize("cut", [1, 7, 10_000])
def test_nothing_is_lost_between_the_steps(size: int, cut: int) -> None:
    packed = gzip.compress(bytes(size))
    chunks = [packed[at : at + cut] for at in range(0, len(packed), cut)]
    response = httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=Chunks(chunks))
    pieces = list(decoded(response))
    assert b"".join(pieces) == bytes(size)
    assert max(map(len, pieces)) <= 2**16


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        ("gzip, gzip", "is encoded as gzip, gzip, which cannot be read here"),
        ("compress", "is encoded as compress, which cannot be read here"),
        ("br", "does not match its content encoding"),
        ("gzip", "does not match its content encoding"),
    ],
)
def test_what_is_not_decoded(openai: Shell, server: Server, encoding: str, words: str) -> None:
    body = gzip.compress(b'{"id": "x"}')[:-9]
    server.reply(Reply(body=body, headers={"Content-Encoding": encoding}))
    result = openai("--base-url", server.url, "--api-key", KEY, *RUN)
    assert (result.code, words in result.err) == (3, True), result.err


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["application/json", "text/event-stream"])
def test_the_answer_of_an_upstream(openai: Shell, server: Server, kind: str) -> None:
    begin = b'{"a": "' if kind == "application/json" else b'data: {"a": "'
    chunks = (begin, *endless(b"x" * 2**18))
    server.reply(Reply(chunks=chunks, headers={"Content-Type": kind}))
    words = ("--local", "--upstream-url", server.url, "--upstream-api", "chat", *DEMO)
    shell = openai.start(*words, "--model", "m", "--message", "hi", **_LIMITED)
    out, err = shell.communicate(timeout=50)
    assert shell.returncode == 5, err
    assert b"more than 104857600 bytes" in out
