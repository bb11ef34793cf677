"""Redirects: followed where the request stays what it is, and never with the key elsewhere."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme

from openai_cli.errors import ApiError, NoAnswerError
from tests.client.conftest import CREATE, KEY, RETRIEVE, RUN, Ask, Connect
from tests.support.server import Reply, Server
from tests.support.shell import Shell

Serve = Callable[..., Server]


def to(url: str, status: int = 307, **headers: str) -> Reply:
    return Reply(status=status, headers={"Location": url, **headers})


@pytest.mark.parametrize("status", [307, 308])
def test_on_the_same_server_the_request_stays_whole(
    connect: Connect, server: Server, status: int
) -> None:
    server.reply(
        to("/v2/runs", status, **{"Set-Cookie": "a=1; Path=/"}), Reply(body={"id": "run_1"})
    )
    connect(organization="org-1", headers=(("X-Mine", "1"),)).send(CREATE)
    first, second = server.seen
    assert (second.method, second.path) == ("POST", "/v2/runs")
    assert second.content == first.content
    for name in ("authorization", "openai-organization", "x-mine", "idempotency-key"):
        assert second.header(name) == first.header(name) is not None
    assert second.header("cookie") == "a=1"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_get_follows_any_redirect(connect: Connect, server: Server, status: int) -> None:
    server.reply(to("/v2/runs", status), Reply(body={"id": "run_1"}))
    connect().send(RETRIEVE)
    assert [seen.method for seen in server.seen] == ["GET", "GET"]


def test_another_server_never_learns_who_asks(
    openai: Shell, server: Server, serve: Serve, example_run: dict[str, Any]
) -> None:
    other = serve(Reply(body=example_run))
    server.reply(to(f"{other.url}/x", **{"Set-Cookie": "session=server-a; Path=/"}))
    result = openai(
        *("--base-url", server.url, "--api-key", KEY, "--organization", "org-mine"),
        *("--project", "proj-mine", "--header", "X-Mine: mine", "--header", "User-Agent: mine"),
        *("--header", "Cookie: c=mine", "--header", "Accept: mine/mine", *RUN, "--debug"),
    )
    assert (result.code, result.json) == (0, example_run)
    [seen] = other.seen
    names = {name.lower() for name, _ in seen.headers}
    assert names == {
        *("host", "accept", "accept-encoding", "connection", "content-type", "content-length"),
        *("user-agent", "openai-beta", "idempotency-key"),
    }
    assert "mine" not in repr(seen.headers)
    assert KEY not in repr(seen)
    assert "server-a" not in repr(seen)
    assert seen.content == server.last.content
    assert KEY not in result.err


@pytest.mark.parametrize("status", [401, 403])
def test_a_server_elsewhere_that_wants_a_key_is_told_apart(
    connect: Connect, server: Server, serve: Serve, status: int
) -> None:
    other = serve(Reply(status=status, body={"error": {"message": "who are you?"}}))
    server.reply(to(other.url))
    with pytest.raises(ApiError, match="who are you") as e:
        connect().send(CREATE)
    assert f"a redirect led to 127.0.0.1:{other.port}, which did not get the key" in e.value.hint


def test_there_and_back_again_is_as_oneself_only_at_home(
    connect: Connect, server: Server, serve: Serve
) -> None:
    other = serve(to(f"{server.url}/back"))
    server.reply(to(other.url), Reply(body={"id": "run_1"}))
    connect().send(CREATE)
    assert [seen.header("authorization") for seen in server.seen] == [f"Bearer {KEY}"] * 2
    assert other.last.header("authorization") is None


def test_another_scheme_or_port_is_another_server(
    connect: Connect, server: Server, serve: Serve, ca: trustme.CA, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    secure = serve(Reply(body={"id": "run_1"}), context=tls(ca))
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    server.reply(to(secure.url))
    connect().send(CREATE)
    assert secure.last.header("authorization") is None
    assert "openai-cli/" in str(secure.last.header("user-agent"))


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_redirect_that_would_drop_the_body_is_refused(
    connect: Connect, server: Server, status: int
) -> None:
    server.reply(to("/elsewhere?token=hush", status))
    with pytest.raises(
        NoAnswerError, match=rf"drop the body of a POST \({status} .*elsewhere"
    ) as e:
        connect().send(CREATE)
    assert "--base-url" in e.value.hint
    assert "hush" not in e.value.message
    assert len(server.seen) == 1


def test_a_loop_ends(connect: Connect, server: Server) -> None:
    server.reply(to("/again"))
    with pytest.raises(NoAnswerError, match="more than 5 times"):
        connect().send(CREATE)
    assert len(server.seen) == 6


def test_nothing_leads_away_from_https(
    connect: Connect, server: Server, serve: Serve, ca: trustme.CA, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    secure = serve(to(server.url), context=tls(ca))
    with pytest.raises(NoAnswerError, match="from HTTPS to an unencrypted"):
        connect(secure.url).send(CREATE)
    assert server.seen == []


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(status=304), "304 Not Modified without a valid target"),
        (Reply(status=307), "307 Temporary Redirect without a valid target"),
        (to("ftp://127.0.0.1/x"), "not HTTP.S. .*to ftp://127.0.0.1/x"),
        (to("local:/threads"), "not HTTP.S. .*to local:/threads"),
        (to("file:///etc/passwd"), "not HTTP"),
        (to("http://127.0.0.1:banana/"), "Invalid URL in location"),
    ],
)
def test_a_redirect_that_leads_nowhere_is_told(
    connect: Connect, server: Server, reply: Reply, words: str
) -> None:
    server.reply(reply)
    with pytest.raises(NoAnswerError, match=words):
        connect().send(CREATE)
    assert len(server.seen) == 1


def test_a_failure_elsewhere_names_the_place(connect: Connect, server: Server) -> None:
    server.reply(to("http://127.0.0.1:9/x"))
    with pytest.raises(NoAnswerError, match=r"cannot connect to 127\.0\.0\.1:9"):
        connect(max_retries=0).send(CREATE)


def tls(ca: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.mark.parametrize(
    "location",
    [f"http://{'a' * 70}.example/", "http://[::1", "http://a:99999999/", "http://xn--/", "//", ""],
)
def test_a_redirect_to_no_address_comes_after_the_request(
    ask: Ask, server: Server, location: str
) -> None:
    server.reply(Reply(status=307, headers={"Location": location}))
    result = ask("--max-retries", "0")
    assert (result.code, "Traceback" in result.err) == (3, False), result.err
    assert len(server.seen) >= 1
