"""Answers that say no: what is told, in every shape a server may give them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from openai_cli.client.address import Address
from openai_cli.client.api_errors import api_error
from openai_cli.client.settings import ConnectionSettings
from openai_cli.errors import ApiError
from tests.client.conftest import RUN, Ask
from tests.support.server import Reply, Server
from tests.support.shell import Shell

HERE = ConnectionSettings(Address("http://127.0.0.1:1/v1", "127.0.0.1"))


def refused(body: bytes | str | Any, status: int = 400, **headers: str) -> ApiError:
    content = body if isinstance(body, bytes) else str(body).encode()
    return api_error(status, headers, content, HERE, gone=True)


@pytest.mark.parametrize(
    ("body", "message", "fields"),
    [
        (
            '{"error": {"message": "m", "type": "t", "param": "p", "code": "c"}}',
            "m",
            {"type": "t", "param": "p", "code": "c"},
        ),
        ('{"error": {"message": "m", "code": 400}}', "m", {"code": 400}),
        ('{"error": {"message": null, "code": "c"}}', None, {"code": "c"}),
        ('{"error": {"message": {"a": "é"}}}', '{"a": "é"}', {}),
        ('{"error": "m"}', "m", {}),
        ('{"message": "m", "code": 7}', "m", {"code": 7}),
        ('{"detail": "m"}', "m", {}),
        ('{"detail": [{"loc": ["body", 0], "msg": "m"}, {"msg": "n"}]}', "body.0: m; n", {}),
        ('{"detail": [{"loc": ["body"]}]}', '[{"loc": ["body"]}]', {}),
        ('{"detail": {"a": 1}}', '{"a": 1}', {}),
        ('{"detail": []}', "[]", {}),
        ("\ufeff" + '{"error": "m"}', "m", {}),
        ('{"error": {"message": "m", "code": ' + "9" * 5000 + "}}", "m", {"code": "9" * 5000}),
        ('{"error": null}', None, {}),
        ('["m"]', None, {}),
        ('"m"', None, {}),
        ("plain\n words ", "plain words", {}),
        ("x" * 1000, "x" * 300, {}),
        ("<!doctype html><p>Bad gateway", "the server gave no reason", {}),
        ("", "the server gave no reason", {}),
        (b"\xff\xfeno", "\ufffd\ufffdno", {}),
        ("[" * 100_000, "[" * 300, {}),
    ],
)
def test_every_shape_of_error(body: Any, message: str | None, fields: dict[str, Any]) -> None:
    error = refused(body)
    # None: the text itself, for want of anything better in it.
    assert error.message == (str(body) if message is None else message)
    assert error.fields == fields
    assert error.status == 400


def test_the_parts_of_an_error_for_a_person(ask: Ask, server: Server) -> None:
    body = {"error": {"message": "no such thing", "type": "bad", "param": "x", "code": "c1"}}
    server.reply(Reply(status=404, body=body, headers={"x-request-id": "req_123"}))
    result = ask()
    assert (result.code, result.out) == (4, "")
    line = "404 Not Found: no such thing (type bad, code c1, param x, request req_123)"
    assert result.err == f"error: {line}\n"


def test_the_parts_of_an_error_for_a_program(ask: Ask, server: Server) -> None:
    body = {"error": {"message": "no such thing", "type": "bad", "param": None, "code": "c1"}}
    server.reply(Reply(status=400, body=body, headers={"x-request-id": "req_123"}))
    result = ask("--format-error", "json")
    assert (result.code, result.out) == (4, "")
    error = json.loads(result.err)
    error = error.get("error", error)
    assert error["message"] == "no such thing"
    assert error["type"] == "bad"
    assert (error["status"], error["request_id"], error["exit_code"]) == (400, "req_123", 4)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "OPENAI_API_KEY"),
        (403, "--organization"),
        (500, "try again later"),
        (501, "does not offer"),
        (400, ""),
    ],
)
def test_what_to_do_next(status: int, words: str) -> None:
    hint = refused("{}", status).hint
    assert words in hint
    assert bool(hint) == bool(words)


def test_a_status_nobody_knows() -> None:
    error = refused('{"error": "m"}', 599)
    assert (error.status, error.reason, error.message) == (599, "", "m")


@pytest.mark.parametrize("status", [404, 410])
@pytest.mark.parametrize("host", ["api.openai.com", "eu.api.openai.com", "me.openai.azure.com"])
def test_the_retirement_is_explained(status: int, host: str) -> None:
    there = ConnectionSettings(Address(f"https://{host}/v1", host, True))
    error = api_error(status, {}, b"{}", there, gone=True)
    for words in ("2026-08-26", "--local", "--base-url"):
        assert words in error.hint
    assert "2026" not in api_error(status, {}, b"{}", there, gone=False).hint
    assert "2026" not in api_error(400, {}, b"{}", there, gone=True).hint


@pytest.mark.parametrize("host", ["openai.com.example.org", "notopenai.com", "127.0.0.1"])
def test_elsewhere_not_found_is_just_not_found(host: str) -> None:
    there = ConnectionSettings(Address(f"https://{host}/v1", host, True))
    found = api_error(404, {}, b'{"error": {"message": "No thread found"}}', there, gone=True)
    assert found.hint == ""


@pytest.mark.parametrize("status", [404, 405])
@pytest.mark.parametrize("body", ["<html>Not Found</html>", "404 page not found", "", "{}"])
def test_a_not_found_that_is_not_of_this_api_points_at_the_address(status: int, body: str) -> None:
    assert "check --base-url" in refused(body, status).hint


def test_the_retirement_end_to_end(openai: Shell, server: Server) -> None:
    # The server stands in as a proxy, so that it can answer for api.openai.com.
    server.reply(Reply(status=404, body={"error": {"message": "Unknown endpoint"}}))
    proxy = {"HTTP_PROXY": server.url.removesuffix("/v1"), "OPENAI_API_KEY": "sk-0123456789abc"}
    result = openai("--base-url", "http://api.openai.com/v1", *RUN, env=proxy)
    assert (result.code, result.out) == (4, "")
    assert "error: 404 Not Found: Unknown endpoint\n" in result.err
    assert "2026-08-26" in result.err
    assert server.last.path == "http://api.openai.com/v1/threads/runs"


ESCAPES = "\x1b]0;owned\x07\x1b[2J\x9b31m\x00\x08\x7f\r"


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": f"a{ESCAPES}b", "code": ESCAPES, "type": ESCAPES}},
        {"detail": [ESCAPES]},
        f"plain {ESCAPES} text",
    ],
    ids=["object", "detail", "text"],
)
def test_control_characters_never_reach_stderr(ask: Ask, server: Server, body: Any) -> None:
    # http.server sends what it is given: such a header is no fiction.
    server.reply(Reply(status=400, body=body, headers={"x-request-id": "a\x1b[31mb"}))
    result = ask("--debug")
    assert (result.code, result.out) == (4, "")
    assert not {letter for letter in result.err if letter != "\n" and not letter.isprintable()}
