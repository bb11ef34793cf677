"""Secrets appear nowhere: not in errors, not in --debug, however a server spells them."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import quote

import pytest

from openai_cli.client.address import read_address
from openai_cli.client.redaction import is_secret, redacted, redacted_url, scrub
from openai_cli.client.settings import ConnectionSettings
from openai_cli.client.trace import BODY_LIMIT
from openai_cli.errors import UsageError
from tests.client.conftest import CREATE, KEY, RUN, STREAM, Ask, Connect
from tests.support.server import Reply, Server, sse
from tests.support.shell import Shell

TOKEN = "tok-7f3c9d1e5b"
COOKIE = "c00kie-a1b2c3d4"
QUERY = "qsecret-9z8y7x"
SECRETS = (KEY, TOKEN, COOKIE, QUERY)

SETTINGS = ConnectionSettings(
    read_address(f"http://127.0.0.1/v1?api-version=2&code={QUERY}", "--base-url"),
    api_key=KEY,
    headers=(("X-Auth", f"Token {TOKEN}"), ("Cookie", f"a=b; session={COOKIE}"), ("X-Tag", "tag")),
)


def shown(text: str) -> list[str]:
    """The secrets that a text shows, as they are or spelled otherwise."""
    plain = text + re.sub(r"\\u00(..)", lambda m: chr(int(m[1], 16)), text)
    return [secret for secret in SECRETS if secret in plain or secret in plain.replace("\\", "")]


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_found_in_any_spelling(secret: str) -> None:
    spelled = [
        secret,
        f"<{secret}{secret}>",
        "".join(f"\\u00{ord(letter):02x}" for letter in secret),
        "".join(f"\\u00{ord(letter):02X}" for letter in secret),
        secret.replace("-", "\\u002d"),
        "".join(f"%{ord(letter):02x}" for letter in secret),
        quote(secret, safe="").replace("-", "%2D"),
        json.dumps({secret: [secret]}),
    ]
    for text in spelled:
        assert "[redacted]" in scrub(text, SETTINGS)
        assert not shown(scrub(text, SETTINGS))


def test_a_key_with_marks_is_found_where_json_escapes_them() -> None:
    key = 'sk-"a/b\\c+d'
    settings = ConnectionSettings(SETTINGS.address, api_key=key)
    for text in (key, json.dumps(key), json.dumps(key).replace("/", "\\/"), quote(key, safe="")):
        assert scrub(text, settings).strip('"') == "[redacted]"


def test_a_secret_that_begins_as_another_one_is_hidden_whole() -> None:
    headers = (("X-Auth", f"{KEY}-and-more"),)
    settings = ConnectionSettings(SETTINGS.address, api_key=KEY, headers=headers)
    assert scrub(f"{KEY}-and-more, {KEY}", settings) == "[redacted], [redacted]"


def test_what_is_no_secret_stays() -> None:
    text = "tag X-Tag a=b 2 Token sk- tok-"
    assert scrub(text, SETTINGS) == text
    assert scrub("a shred", ConnectionSettings(SETTINGS.address, api_key="a")) == "a shred"


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("Authorization", True),
        ("Proxy-Authorization", True),
        ("api-key", True),
        ("X-API-Key", True),
        ("Ocp-Apim-Subscription-Key", True),
        ("X-Auth", True),
        ("Cookie", True),
        ("Set-Cookie", True),
        ("X-Session-Id", True),
        ("sig", True),
        ("code", True),
        ("Idempotency-Key", False),
        ("x-ratelimit-remaining-tokens", False),
        ("Content-Type", False),
        ("Status-Code", False),
        ("X-Request-Id", False),
    ],
)
def test_which_names_hide_their_value(name: str, secret: bool) -> None:
    assert is_secret(name) is secret


@pytest.mark.parametrize(
    ("value", "hidden"),
    [
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.SflKxwRJSMeKKF2QT4fw", True),
        ("sk-proj-AbCdEf0123456789", True),
        ("Zx9Qw3Lk7Pm2Vb8Nr5Tj4Hy6Gd1Fs0", True),
        ("user=7; v=Zx9Qw3Lk7Pm2Vb8Nr5Tj4Hy6Gd1Fs0", True),
        ("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", True),
        ("application/json; charset=utf-8", False),
        ("Thu, 26 Nov 2026 17:00:00 GMT", False),
        ("a rather long text about nothing in particular, with 24 words or so", False),
        ("text/html,application/xhtml+xml;q=0.9", False),
        ("my-gateway-in-Frankfurt-2", False),
        ("2026-11-26T17:00:00.000000Z", False),
    ],
)
def test_which_values_are_hidden_whatever_their_name(value: str, hidden: bool) -> None:
    assert (redacted([("X-Custom", value)])[0][1] != value) == hidden
    assert redacted([("X-Request-Id", value)]) == [("X-Request-Id", value)]


def test_a_header_that_looks_like_a_key_is_kept_from_debug_and_dry_runs(
    ask: Ask, server: Server
) -> None:
    value = "Zx9Qw3Lk7Pm2Vb8Nr5Tj4Hy6Gd1Fs0"
    server.reply(Reply(status=400, body={"error": {"message": f"no {value}"}}))
    for words in (("--debug",), ("--dry-run",), ("--dry-run=curl",)):
        result = ask("--header", f"X-Custom: {value}", *words)
        assert value not in result.out + result.err
    assert server.last.header("x-custom") == value


def test_the_scheme_of_a_credential_is_shown() -> None:
    headers = [("Authorization", f"Bearer {KEY}"), ("api-key", KEY), ("Cookie", "a=b; c=d")]
    assert [value for _, value in redacted(headers)] == [
        "Bearer [redacted]",
        "[redacted]",
        "[redacted]",
    ]


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://h/v1?a=1&sig=x%2F&b=2#f", "https://h/v1?a=1&sig=[redacted]&b=2#f"),
        ("https://h/?access_token=x", "https://h/?access_token=[redacted]"),
        ("https://me:pw@h/x@y", "https://[redacted]@h/x@y"),
        ("/path?key=", "/path?key=[redacted]"),
        ("https://h/v1", "https://h/v1"),
    ],
)
def test_a_url_is_shown_without_its_secrets(url: str, safe: str) -> None:
    assert redacted_url(url) == safe


@pytest.mark.parametrize(
    "url",
    ["ftp://me:hush@h", "me:hush@h", "https://me:hu sh@h", "https://me:hush@h", "ftp://h?key=hush"],
)
def test_a_refused_address_keeps_its_secrets(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_address(url, "--base-url")
    assert "hush" not in caught.value.message
    assert "sh@" not in caught.value.message


@pytest.mark.parametrize("format_error", ["auto", "json", "raw", "yaml"])
def test_a_server_that_repeats_the_request_gives_nothing_away(
    openai: Shell, server: Server, format_error: str
) -> None:
    echo = {"message": " ".join(SECRETS), "code": KEY, "param": [TOKEN, {"c": f"session={COOKIE}"}]}
    body = json.dumps({"error": echo}).replace("-", "\\u002d")
    reply = Reply(status=400, body=body, headers={"x-request-id": f"req {KEY}", "X-Echo": QUERY})
    server.reply(reply)
    result = openai(
        *("--base-url", f"{server.url}?code={QUERY}", "--api-key", KEY, "--debug"),
        *("--header", f"X-Auth: Token {TOKEN}", "--header", f"Cookie: session={COOKIE}"),
        *("--format-error", format_error, *RUN),
    )
    assert (result.code, result.out) == (4, "")
    assert "[redacted]" in result.err
    assert not shown(result.err)
    assert QUERY in server.last.path


def test_a_key_in_what_is_no_http_is_not_repeated(ask: Ask, server: Server) -> None:
    server.reply(Reply(raw=f"HTTP/1.1 {KEY}\r\n\r\n".encode()))
    result = ask("--debug", "--max-retries", "0")
    assert (result.code, result.out) == (3, "")
    assert "illegal status line" in result.err
    assert KEY not in result.err


def test_debug_shows_the_call_without_its_secrets(ask: Ask, server: Server) -> None:
    result = ask("--debug", "--metadata", f"note={KEY}", "--header", "X-Tag: tag")
    assert result.code == 0
    lines = result.err.splitlines()
    assert f"> POST http://127.0.0.1:{server.port}/v1/threads/runs" in lines
    assert "> authorization: Bearer [redacted]" in [
        line.lower().replace("bearer", "Bearer") for line in lines
    ]
    assert any(line.lower() == "> x-tag: tag" for line in lines)
    assert '> {"assistant_id":"asst_abc","metadata":{"note":"[redacted]"}}' in lines
    assert "< 200 OK" in lines
    assert any(line.startswith("< {") for line in lines)
    assert KEY not in result.err
    assert server.last.json["metadata"] == {"note": KEY}


@pytest.mark.parametrize("cut", range(1, len(KEY), 5))
def test_a_key_split_over_chunks_is_not_shown_in_parts(
    connect: Connect, server: Server, cut: int
) -> None:
    whole = f"data: {json.dumps({'echo': KEY})}\n\n".encode()
    at = whole.index(KEY.encode()) + cut
    server.reply(Reply(chunks=[whole[:at], whole[at:], *sse(("done", "[DONE]"))], pause=0.01))
    stream: Any = connect().send(STREAM)
    assert [event.data for event in stream.events()] == [json.dumps({"echo": KEY})]
    text = "\n".join(connect.trace)
    assert '< data: {"echo": "[redacted]"}' in connect.trace
    assert KEY[:8] not in text
    assert KEY[-8:] not in text


@pytest.mark.parametrize("start", [BODY_LIMIT - 10, 4 * BODY_LIMIT - 10, 4 * BODY_LIMIT - 25])
def test_a_key_at_the_limit_is_not_shown_in_part(
    connect: Connect, server: Server, start: int
) -> None:
    body = ('{"text": "' + "x" * start)[:start] + KEY + "y" * 50_000 + '"}'
    chunks = [body[at : at + 1000].encode() for at in range(0, len(body), 1000)]
    server.reply(Reply(chunks=chunks, headers={"Content-Type": "application/json"}))
    connect().send(CREATE)
    text = "\n".join(connect.trace)
    assert not any(KEY[:length] in text for length in range(4, len(KEY)))
    assert len(text) < BODY_LIMIT + 2000


def test_debug_shows_a_body_up_to_its_limit(connect: Connect, server: Server) -> None:
    server.reply(Reply(body=json.dumps("é" * 10_000).replace("\\u00e9", "é")))
    connect().send(CREATE)
    [body, more] = connect.trace[-2:]
    assert body == '< "' + "é" * (BODY_LIMIT - 1)
    assert more == f"< … {10_002 - BODY_LIMIT} more characters"


def test_debug_shows_a_stream_by_the_line_up_to_the_limit(connect: Connect, server: Server) -> None:
    server.reply(
        Reply(chunks=sse(*[("thread.created", {"n": n}) for n in range(999)], ("done", "x")))
    )
    stream: Any = connect().send(STREAM)
    seen = 0
    for _ in stream.events():
        seen += 1
        if seen == 1:
            assert "< event: thread.created" in connect.trace
    text = [line for line in connect.trace if line.startswith("< ")]
    assert seen == 999
    assert 3000 < len("\n".join(line for line in text if "thread" in line or "data" in line)) < 6000
    assert re.fullmatch(r"< … \d+ more characters", text[-1])


def test_nothing_is_traced_without_debug(ask: Ask) -> None:
    assert ask().err == ""


@pytest.mark.parametrize("form", ["json", "curl"])
def test_a_dry_run_gives_nothing_away(openai: Shell, form: str) -> None:
    result = openai(
        *("--base-url", f"https://api.example.com/v1?code={QUERY}&v=2", "--api-key", KEY),
        *("--header", f"X-Auth: Token {TOKEN}", "--header", f"Cookie: session={COOKIE}"),
        *(*RUN, f"--dry-run={form}"),
    )
    assert (result.code, result.err) == (0, "")
    assert "v=2" in result.out
    assert not shown(result.out)
