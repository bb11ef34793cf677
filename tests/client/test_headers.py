"""Headers: what is sent, what may be added, and what is refused."""

from __future__ import annotations

import re

import pytest

from openai_cli.client.headers import check_credential, read_header
from openai_cli.errors import UsageError
from tests.client.conftest import CREATE, KEY, RETRIEVE, RUN, STREAM, Ask, Connect
from tests.support.server import Server
from tests.support.shell import Shell


def test_who_asks_and_how(openai: Shell, server: Server) -> None:
    result = openai(
        *("--base-url", server.url, "--api-key", KEY),
        *("--organization", "org-1", "--project", "proj_1", *RUN),
    )
    assert result.code == 0
    seen = server.last
    assert (seen.method, seen.path) == ("POST", "/v1/threads/runs")
    assert seen.header("authorization") == f"Bearer {KEY}"
    assert seen.header("openai-beta") == "assistants=v2"
    assert seen.header("openai-organization") == "org-1"
    assert seen.header("openai-project") == "proj_1"
    assert seen.header("accept") == "application/json"
    assert seen.header("content-type") == "application/json"
    agent = str(seen.header("user-agent"))
    assert re.fullmatch(r"openai-cli/\d+\.\d+\S* \(Python/3\.\d+\.\d+; \w+\)", agent)


def test_the_environment_says_who_asks(openai: Shell, server: Server) -> None:
    env = {
        "OPENAI_BASE_URL": server.url,
        "OPENAI_API_KEY": KEY,
        "OPENAI_ORG_ID": "org-2",
        "OPENAI_PROJECT_ID": "proj_2",
    }
    assert openai(*RUN, env=env).code == 0
    assert server.last.header("authorization") == f"Bearer {KEY}"
    assert server.last.header("openai-organization") == "org-2"
    assert server.last.header("openai-project") == "proj_2"


def test_without_a_key_nothing_says_who_asks(connect: Connect, server: Server) -> None:
    connect(api_key="").send(CREATE)
    for name in ("authorization", "openai-organization", "openai-project", "cookie"):
        assert server.last.header(name) is None


def test_a_get_has_no_body_and_no_idempotency_key(connect: Connect, server: Server) -> None:
    connect().send(RETRIEVE)
    assert (server.last.method, server.last.content) == ("GET", b"")
    assert server.last.header("content-type") is None
    assert server.last.header("idempotency-key") is None


def test_a_stream_is_asked_for_uncompressed(connect: Connect, server: Server) -> None:
    connect().send(STREAM)
    assert server.last.header("accept") == "text/event-stream"
    assert server.last.header("accept-encoding") == "identity"


def test_headers_by_hand_replace_and_repeat(ask: Ask, server: Server) -> None:
    ask(
        *("--header", "X-Tag: one", "--header", "x-tag: two", "--header", "openai-beta: mine=v9"),
        *("--header", "Idempotency-Key: fixed", "--header", "User-Agent: me/1"),
    )
    found: dict[str, list[str]] = {}
    for name, value in server.last.headers:
        found.setdefault(name.lower(), []).append(value)
    assert found["x-tag"] in (["one", "two"], ["one, two"])
    assert found["openai-beta"] == ["mine=v9"]
    assert found["idempotency-key"] == ["fixed"]
    assert found["user-agent"] == ["me/1"]
    assert found["authorization"] == [f"Bearer {KEY}"]


@pytest.mark.parametrize(
    "text",
    [
        "X-A",
        "",
        ": v",
        "X A: v",
        "X-A : v",
        "X-A: a\r\nX-B: b",
        "X-A: a\nX-B: b",
        "X\nA: b",
        "X-A: caf\u00e9",
        "X-A: a\x00b",
        "X-A: a\x1b[31m",
        "Content-Length: 5",
        "transfer-encoding: chunked",
        "Connection: close",
    ],
)
def test_a_header_that_could_break_the_request_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected|has characters|cannot be given"):
        read_header(text)


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("X-A: b", ("X-A", "b")),
        ("X-A:b", ("X-A", "b")),
        ("X-A:  b:c  ", ("X-A", "b:c")),
        ("X-A:", ("X-A", "")),
    ],
)
def test_a_header_is_a_name_and_a_value(text: str, pair: tuple[str, str]) -> None:
    assert read_header(text) == pair


@pytest.mark.parametrize("end", ["\n", "\r\n", " ", "\x00", "\u00e9", "\t", "\u2028"])
def test_a_key_no_header_can_carry_is_refused_unseen(end: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_credential(f"sk-hidden{end}more", "OPENAI_API_KEY")
    assert "OPENAI_API_KEY" in caught.value.message
    assert "hidden" not in caught.value.message


def test_every_broken_header_is_named_and_nothing_sent(openai: Shell, server: Server) -> None:
    result = openai(
        *("--base-url", server.url, "--api-key", "sk-hid den\nX: y", *RUN),
        *("--header", "X-A: secret\r\nX-B: secret", "--header", "nonsense"),
    )
    assert (result.code, result.out, server.seen) == (2, "", [])
    assert "--api-key" in result.err
    assert "X-A" in result.err
    assert "expected 'Name: value'" in result.err
    assert "secret" not in result.err
    assert "hid" not in result.err


@pytest.mark.parametrize("words", [(), ("--header", "Authorization:")], ids=["none", "empty"])
def test_a_remote_server_needs_a_key(openai: Shell, words: tuple[str, ...]) -> None:
    result = openai("--base-url", "https://api.example.com/v1", *words, *RUN)
    assert (result.code, result.out) == (2, "")
    assert "OPENAI_API_KEY" in result.err
    assert "--local" in result.err


@pytest.mark.parametrize("header", ["Authorization: Basic dTpw", "api-key: azure-key-1"])
def test_a_header_by_hand_is_a_key_too(openai: Shell, server: Server, header: str) -> None:
    # The server is reached through a proxy, so that its name can be a remote one.
    proxy = {"HTTP_PROXY": server.url.removesuffix("/v1")}
    result = openai("--base-url", "http://far.example/v1", "--header", header, *RUN, env=proxy)
    assert result.code == 0
    name, value = header.split(": ")
    assert server.last.header(name) == value
    assert server.last.path == "http://far.example/v1/threads/runs"
