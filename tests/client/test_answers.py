"""Whole answers: JSON comes out as it came in, anything else is no success."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from openai_cli.errors import ApiError, NoAnswerError
from tests.client.conftest import CREATE, KEY, Ask, Connect
from tests.support.server import Reply, Server

GZIP = {"Content-Encoding": "gzip"}
JSON = {"Content-Type": "application/json"}
PAGE = {"Content-Type": "text/html"}
OK = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(body="<html>hi</html>", headers=PAGE), "not JSON (text/html): <html>hi"),
        (Reply(body="{'a': 1}"), "not JSON (application/json): {'a'"),
        (Reply(body='{"a": 1} {"b": 2}'), "not JSON"),
        (Reply(body='{"a": NaN}'), "not JSON"),
        (Reply(body='{"a": -Infinity}'), "not JSON"),
        (Reply(body='{"a": 1'), "not JSON"),
        (Reply(body=b'{"a": "\xff\xfe"}'), "not JSON"),
        (Reply(body="{}".encode("utf-16")), "not JSON"),
        (Reply(body=b"[" * 100_000 + b"]" * 100_000), "nested too deeply"),
        (Reply(body=""), "sent an empty answer (status 200)"),
        (Reply(body=" \r\n "), "sent an empty answer"),
        (Reply(status=204), "sent an empty answer (status 204)"),
        (Reply(body='{"id": "run_1"}', declared=500), "incomplete"),
        (Reply(chunks=[b'{"id":'], headers=JSON, declared=1), "incomplete"),
        (Reply(body="{}", headers=GZIP), "does not match its content encoding"),
        (Reply(body=gzip.compress(b'{"id": "run_1"}')[:-12], headers=GZIP), "incomplete"),
        (Reply(raw=OK + b"Content-Le"), "without an answer"),
        (Reply(raw=OK + b"Content-Length: -5\r\n\r\n{}"), "not HTTP"),
        (Reply(raw=OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n"), "not HTTP"),
    ],
)
def test_what_cannot_be_read_is_no_answer(
    connect: Connect, server: Server, reply: Reply, words: str
) -> None:
    server.reply(reply)
    with pytest.raises(NoAnswerError) as caught:
        connect(max_retries=0).send(CREATE)
    assert words in caught.value.message
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    "reply",
    [Reply(body="oops \x1b[31m" + KEY), Reply(body=""), Reply(body="{}", declared=99)],
    ids=["no JSON", "nothing", "cut"],
)
def test_no_answer_leaves_stdout_empty(ask: Ask, server: Server, reply: Reply) -> None:
    server.reply(reply)
    result = ask()
    assert (result.code, result.out) == (3, "")
    assert result.err.startswith("error: ")
    assert "\x1b" not in result.err
    assert KEY not in result.err


def test_a_compressed_answer_is_unpacked(connect: Connect, server: Server) -> None:
    text = '{"n": 1.10, "id":"run_1"}'
    packed = gzip.compress(text.encode())
    server.reply(Reply(body=packed, headers=GZIP))
    answer: Any = connect().send(CREATE)
    assert (answer.text, answer.content) == (text, text.encode())


def test_a_byte_order_mark_is_no_part_of_the_text(connect: Connect, server: Server) -> None:
    server.reply(Reply(body=b'\xef\xbb\xbf{"id":"run_1"}'))
    answer: Any = connect().send(CREATE)
    assert answer.text == '{"id":"run_1"}'
    assert answer.content.startswith(b"\xef\xbb\xbf")


def test_numbers_keep_their_spelling(ask: Ask, server: Server) -> None:
    text = '{"id": "run_1", "a": 1.10, "b": 1e400, "c": ' + "9" * 5000 + "}"
    server.reply(Reply(body=text))
    result = ask("--format", "raw")
    assert (result.code, result.out) == (0, text)
    result = ask("--format", "jsonl")
    assert (result.code, result.out) == (0, text.replace(" ", "") + "\n")


@pytest.mark.slow
def test_an_answer_of_twenty_megabytes_is_printed_whole(ask: Ask, server: Server) -> None:
    body = json.dumps({"id": "run_1", "texts": ["x" * 1000] * 20_000})
    server.reply(Reply(body=body))
    result = ask("--format", "raw")
    assert (result.code, result.out) == (0, body)


@pytest.mark.parametrize("format_", ["auto", "jsonl"])
def test_an_answer_that_can_be_read_can_be_printed(ask: Ask, server: Server, format_: str) -> None:
    deep = '{"id":"run_1","deep":' + "[" * 800 + "]" * 800 + "}"
    server.reply(Reply(body=deep))
    result = ask("--format", format_)
    assert (result.code, result.err) == (0, "")


@pytest.mark.parametrize("body", [{"error": {"message": "no luck"}}, {"error": "no luck"}])
def test_a_good_status_does_not_hide_an_error(
    ask: Ask, server: Server, body: dict[str, Any]
) -> None:
    server.reply(Reply(body=body))
    result = ask()
    assert (result.code, result.out) == (4, "")
    assert "no luck" in result.err


@pytest.mark.parametrize(
    "body",
    [
        {"object": "thread.run", "error": {"message": "part of the object"}},
        {"id": "run_1", "error": "part of the object"},
        {"error": None, "message": "fine"},
        {"message": "fine"},
    ],
)
def test_a_field_called_error_is_no_error_in_itself(
    connect: Connect, server: Server, body: dict[str, Any]
) -> None:
    server.reply(Reply(body=body))
    answer: Any = connect().send(CREATE)
    assert json.loads(answer.text) == body


def test_a_refusal_is_kept_though_its_body_breaks_off(connect: Connect, server: Server) -> None:
    server.reply(Reply(status=401, body='{"error": {"message": "bad k', declared=500))
    with pytest.raises(ApiError) as caught:
        connect().send(CREATE)
    assert caught.value.status == 401
