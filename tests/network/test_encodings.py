"""Answers that are compressed with `br` and `zstd`."""

from __future__ import annotations

import json
import sys
from typing import Any

import brotli
import httpx
import pytest

from openai_cli.client.answer_body import decoded
from openai_cli.client.content_encodings import STEP
from tests.client.test_size_limits import Chunks
from tests.network.conftest import KEY, RUN, Ask
from tests.support.server import Reply, Server
from tests.support.shell import Shell

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PACK = {"br": brotli.compress, "zstd": zstd.compress}


@pytest.mark.first_by_default
@pytest.mark.parametrize("encoding", PACK)
def test_they_are_read(
    ask: Ask, server: Server, example_run: dict[str, Any], encoding: str
) -> None:
    body = PACK[encoding](json.dumps(example_run).encode())
    server.reply(Reply(body=body, headers={"Content-Encoding": encoding}))
    done = ask(server.url, "--format", "json")
    assert (done.code, done.json) == (0, example_run), done.err
    assert server.last.header("accept-encoding") == "gzip, deflate, br, zstd"


@pytest.mark.first_by_default
@pytest.mark.parametrize("encoding", PACK)
@pytest.mark.parametrize("size", [0, 1, 2**16 - 1, 2**16, 300_000, 2**24])
@pytest.mark.parametrize("cut", [1, 7, 10_000])
def test_step_by_step(encoding: str, size: int, cut: int) -> None:
    packed = PACK[encoding](bytes(size))
    chunks = [packed[at : at + cut] for at in range(0, len(packed), cut)]
    response = httpx.Response(200, headers={"Content-Encoding": encoding}, stream=Chunks(chunks))
    pieces = list(decoded(response))
    assert b"".join(pieces) == bytes(size)
    assert max(map(len, pieces), default=0) <= 2 * STEP


@pytest.mark.slow
@pytest.mark.parametrize("encoding", PACK)
def test_a_bomb_ends_at_the_limit(ask: Ask, server: Server, encoding: str) -> None:
    body = PACK[encoding](b" " * 2**26)
    assert len(body) < 2**16
    server.reply(Reply(body=body, headers={"Content-Encoding": encoding}))
    done = ask(server.url, "--max-answer-size", "1M")
    assert (done.code, "is larger than 1048576 bytes" in done.err) == (3, True)


@pytest.mark.slow
@pytest.mark.parametrize("encoding", PACK)
@pytest.mark.parametrize("damage", ["cut", "noise"])
def test_damage_is_no_answer(ask: Ask, server: Server, encoding: str, damage: str) -> None:
    packed = PACK[encoding](json.dumps({"id": "x" * 50}).encode())
    body = packed[:-6] if damage == "cut" else b"\xff" * 40
    server.reply(Reply(body=body, headers={"Content-Encoding": encoding}))
    done = ask(server.url)
    assert (done.code, "does not match its content encoding" in done.err) == (3, True), done.err


@pytest.mark.first_by_default
@pytest.mark.parametrize(("encoding", "package"), [("br", "brotli"), ("zstd", "backports-zstd")])
def test_without_the_extra_they_are_not_asked_for(
    openai: Shell, server: Server, encoding: str, package: str
) -> None:
    uninstalled = (
        "import importlib.util as u\n"
        "found = u.find_spec\n"
        "gone = ('brotli', 'compression.zstd', 'backports.zstd')\n"
        "u.find_spec = lambda name, *a: None if name in gone else found(name, *a)"
    )
    server.reply(Reply(body=PACK[encoding](b"{}"), headers={"Content-Encoding": encoding}))
    done = openai.after(uninstalled, "--base-url", server.url, "--api-key", KEY, *RUN)
    assert (done.code, done.out) == (3, "")
    assert server.last.header("accept-encoding") == "gzip, deflate"
    assert f"is encoded as {encoding}, which cannot be read here" in done.err
    assert f"hint: to add it: {sys.executable} -m pip install '{package}>=" in done.err
