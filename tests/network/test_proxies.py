"""Proxies of each kind, and hosts that are reached without one."""

from __future__ import annotations

import ssl
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import trustme

from openai_cli.client.address import read_address
from openai_cli.client.proxies import bypassed
from tests.network.conftest import KEY, RUN, Ask
from tests.support.proxy import Proxy
from tests.support.server import Reply, Server
from tests.support.shell import Result, Shell, without
from tests.support.socks import SocksProxy

pytestmark = pytest.mark.slow

FAR = "http://far.example/v1"


@pytest.fixture
def start() -> Iterator[Callable[..., Any]]:
    """Starts a proxy, which ends with the test."""
    with ExitStack() as stack:

        def start(kind: type[Proxy | SocksProxy], **options: Any) -> Any:
            made = kind(**options)
            stack.callback(made.close)
            return made

        yield start


@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
@pytest.mark.parametrize("proxied", [True, False])
def test_what_a_container_runtime_sets_refuses_nothing(
    ask: Ask, server: Server, name: str, proxied: bool
) -> None:
    proxy = {"HTTP_PROXY": "http://127.0.0.1:9"} if proxied else {}
    done = ask(server.url, **proxy, **{name: "localhost,127.0.0.0/8,fd00::/8,.svc, ::1"})
    assert (done.code, done.err, len(server.seen)) == (0, "", 1)


def test_nor_the_upstream_of_the_engine(ask_upstream: Ask, model: Server) -> None:
    env = {"HTTP_PROXY": "http://127.0.0.1:9", "NO_PROXY": "fd00::/8 127.0.0.0/8"}
    done = ask_upstream(model.url, **env)
    assert (done.code, done.out, done.err, len(model.seen)) == (0, "Ok\n", "", 1)


@pytest.mark.parametrize(
    "entry",
    ["10.0.0.0/99", "a:b:c", "[::1", "x:99999", "http://", "a*b", "a;b", "a|b", "<local>", "10.*"],
)
@pytest.mark.parametrize("via", ["ask", "ask_upstream"])
def test_a_bad_entry_is_a_warning(
    request: pytest.FixtureRequest, server: Server, model: Server, entry: str, via: str
) -> None:
    run, there = request.getfixturevalue(via), server if via == "ask" else model
    env = {"HTTP_PROXY": "http://127.0.0.1:9", "NO_PROXY": f"{entry},127.0.0.1"}
    done = run(there.url, **env)
    assert (done.code, len(there.seen)) == (0, 1)
    assert done.err.count("\n") == 1
    assert f'warning: NO_PROXY: "{entry}" is not a host, address or range; ignored' in done.err


@pytest.mark.parametrize(
    ("no_proxy", "url", "direct"),
    [
        ("b\u00fccher.example", "http://xn--bcher-kva.example", True),
        ("xn--bcher-kva.example", "http://B\u00dcCHER.example", True),
        ("a_b.example", "http://a_b.example", True),
        ("*", "http://a.example", True),
        ("b.example,*", "http://a.example", True),
        ("a.example", "http://a.example", True),
        ("a.example", "http://x.a.example", True),
        ("a.example", "http://ba.example", False),
        (".a.example", "http://a.example", True),
        (".a.example", "http://x.a.example", True),
        ("*.a.example", "http://x.a.example", True),
        ("A.Example.", "http://a.example", True),
        ("a.example", "http://a.example.", True),
        ("a.example:80", "http://a.example", True),
        ("a.example:8080", "http://a.example", False),
        ("a.example:8080", "http://a.example:8080", True),
        ("a.example:443", "https://a.example", True),
        ("http://a.example", "https://a.example", False),
        ("http://a.example", "http://a.example", True),
        ("x.example b.example\ta.example", "http://a.example", True),
        (" , ,a.example , ", "http://a.example", True),
        ("10.0.0.0/8", "http://10.1.2.3", True),
        ("10.1.2.3/8", "http://10.9.9.9", True),
        ("10.0.0.0/8", "http://11.1.2.3", False),
        ("10.0.0.0/8", "http://10.example", False),
        ("10.1.2.3", "http://10.1.2.3:8080", True),
        ("10.1.2.3:8080", "http://10.1.2.3", False),
        ("0.0.0.0/0", "http://10.1.2.3", True),
        ("0.0.0.0/0", "http://[fd00::1]", False),
        ("fd00::/8", "http://[fd12::1]", True),
        ("fd00::/8", "http://[fe80::1]", False),
        ("::1", "http://[::1]:8080", True),
        ("[::1]", "http://[::1]", True),
        ("[::1]:8080", "http://[::1]", False),
        ("[::1]:8080", "http://[::1]:8080", True),
        ("0:0::1", "http://[::1]", True),
        ("", "http://a.example", False),
        ("10.0.0.0/99,bad[", "http://10.0.0.1", False),
    ],
)
def test_entries_are_read_as_curl_reads_them(no_proxy: str, url: str, direct: bool) -> None:
    assert bypassed(read_address(url, "--base-url"), no_proxy) is direct


def test_a_proxy_reached_by_tls_takes_both_schemes(
    ask: Ask, secure: Server, authority: str, ca: trustme.CA, start: Callable[..., Any]
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(context)
    tunnel = start(Proxy, ports={"127.0.0.1:443": secure.port}, context=context)
    env = {"HTTPS_PROXY": f"https://me:pa%40s@{tunnel.place}", "SSL_CERT_FILE": authority}
    done = ask("https://127.0.0.1/v1", **env)
    assert (done.code, done.err, len(secure.seen)) == (0, "", 1)
    assert tunnel.asked == [("127.0.0.1:443", "Basic bWU6cGFAcw==")]
    env = {"HTTP_PROXY": secure.url, "SSL_CERT_FILE": authority}
    assert ask(FAR, **env).code == 0
    assert secure.last.path == f"{FAR}/threads/runs"
    del env["SSL_CERT_FILE"]
    done = ask(FAR, **env)
    assert (done.code, f"cannot connect to the proxy 127.0.0.1:{secure.port}" in done.err) == (
        3,
        True,
    )
    assert "set SSL_CERT_FILE" in done.err


def test_a_socks_proxy_takes_both_schemes(
    ask: Ask, server: Server, secure: Server, authority: str, start: Callable[..., Any]
) -> None:
    plain = start(SocksProxy, target=server.port)
    done = ask(FAR, ALL_PROXY=f"socks5h://{plain.place}")
    assert (done.code, plain.asked, len(server.seen)) == (0, [("far.example", 80)], 1)
    tunnel = start(SocksProxy, target=secure.port, user=("me", "pa#s"))
    env = {"HTTPS_PROXY": f"socks5://me:pa%23s@{tunnel.place}", "SSL_CERT_FILE": authority}
    done = ask("https://far.example/v1", **env)
    assert (done.code, tunnel.asked, len(secure.seen)) == (0, [("far.example", 443)], 1)
    assert tunnel.logins == [("me", "pa#s")]


def test_the_upstream_is_asked_through_it_too(
    ask_upstream: Ask, model: Server, start: Callable[..., Any]
) -> None:
    proxy = start(SocksProxy, target=model.port)
    done = ask_upstream(FAR, ALL_PROXY=f"socks5h://{proxy.place}")
    assert (done.code, done.out, proxy.asked) == (0, "Ok\n", [("far.example", 80)])


def test_a_wrong_password_for_it_is_no_answer(
    ask: Ask, server: Server, start: Callable[..., Any]
) -> None:
    proxy = start(SocksProxy, target=server.port, user=("me", "right"))
    done = ask(FAR, ALL_PROXY=f"socks5://me:wrong@{proxy.place}")
    assert (done.code, "Invalid username/password" in done.err, server.seen) == (3, True, [])
    assert "wrong" not in done.err


def test_a_proxy_of_another_kind_is_told_as_such(ask: Ask, server: Server) -> None:
    done = ask(FAR, "--timeout", "1", ALL_PROXY=f"socks5://127.0.0.1:{server.port}")
    assert (done.code, "it does not speak SOCKS 5" in done.err) == (3, True)


def test_an_answer_through_it_has_a_time_limit(
    ask: Ask, server: Server, start: Callable[..., Any]
) -> None:
    server.reply(Reply(chunks=(b" " for _ in range(600)), pause=0.05))
    proxy = start(SocksProxy, target=server.port)
    done = ask(FAR, "--timeout", "0.4", ALL_PROXY=f"socks5://{proxy.place}")
    assert (done.code, "did not complete its answer" in done.err) == (3, True)


def without_socks(openai: Shell, url: str, **env: str) -> Result:
    return openai.after(without("socksio"), "--base-url", url, "--api-key", KEY, *RUN, **env)


def test_without_the_extra_the_hint_is_a_command_for_this_installation(openai: Shell) -> None:
    done = without_socks(openai, FAR, ALL_PROXY="socks5://127.0.0.1:9")
    assert (done.code, done.out) == (2, "")
    assert "ALL_PROXY: names a SOCKS proxy" in done.err
    assert f"hint: to add it: {sys.executable} -m pip install 'socksio>=" in done.err


@pytest.mark.parametrize(
    "env",
    [
        {"HTTPS_PROXY": "socks5://127.0.0.1:9"},
        {"ALL_PROXY": "socks5://127.0.0.1:9", "NO_PROXY": "127.0.0.1"},
        {"HTTPS_PROXY": "ftp://127.0.0.1"},
        {"ALL_PROXY": "nonsense://[", "NO_PROXY": "127.0.0.0/8"},
    ],
)
def test_a_proxy_for_other_addresses_refuses_nothing(
    openai: Shell, server: Server, env: dict[str, str]
) -> None:
    done = without_socks(openai, server.url, **env)
    assert (done.code, done.err, len(server.seen)) == (0, "", 1)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("socks4://127.0.0.1:9", "must begin with http://, https://, socks5://, socks5h://"),
        ("http://me:hu#sh@127.0.0.1:9", "its password has a bare #: write %23 instead"),
        ("me:hu/sh@127.0.0.1:9", "its password has a bare /: write %2F instead"),
        ("http://", "is not a URL"),
        ("http://127.0.0.1:port", "is not a URL"),
        ('"http://127.0.0.1:9"', "has quotes around it (docker --env-file keeps quotes)"),
        ("'127.0.0.1:9'", "has quotes around it (docker --env-file keeps quotes)"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_named_by_its_variable(
    ask: Ask, url: str, words: str
) -> None:
    done = ask(FAR, http_proxy=url)
    assert (done.code, done.out) == (2, "")
    assert f"http_proxy: this proxy cannot be used: {words}" in done.err
    assert "sh@" not in done.err


def test_quotes_around_the_list_are_told(ask: Ask, server: Server) -> None:
    done = ask(server.url, NO_PROXY=f'"far.example,{server.url}"')
    assert (done.code, len(server.seen), done.err.count("\n")) == (0, 1, 2)
    assert done.err.count("ignored (docker --env-file keeps quotes)\n") == 2


@pytest.mark.parametrize(
    ("proxy", "place"),
    [
        ("http://me:hush@127.0.0.1:9", "127.0.0.1:9"),
        ("none", "none"),
        ("http//127.0.0.1:9", "http"),
        ("socks5://127.0.0.1:9", "127.0.0.1:9"),
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_is_not_there_is_named_and_not_the_server(
    ask: Ask, proxy: str, place: str, scheme: str
) -> None:
    done = ask(f"{scheme}://far.example/v1", ALL_PROXY=proxy)
    assert (done.code, done.out) == (3, "")
    assert done.err.startswith(f"error: cannot connect to the proxy {place}: ")
    assert "hint: check the proxy in the environment (ALL_PROXY); NO_PROXY lists" in done.err
    assert "hush" not in done.err


def test_nor_for_the_upstream(ask_upstream: Ask) -> None:
    done = ask_upstream(FAR, HTTP_PROXY="http://me:hush@127.0.0.1:9")
    assert done.code == 5
    assert "Asking the upstream failed: cannot connect to the proxy 127.0.0.1:9: " in done.err
    assert "Hint: check the proxy in the environment (HTTP_PROXY); NO_PROXY lists" in done.err
    assert "--upstream-url" not in done.err
    assert "hush" not in done.err


def test_a_proxy_that_does_not_speak_tls_is_named(ask: Ask, server: Server) -> None:
    done = ask(FAR, HTTP_PROXY=server.url.replace("http", "https"))
    what = f"cannot connect to the proxy 127.0.0.1:{server.port}: it does not speak TLS"
    assert (done.code, what in done.err) == (3, True)


def test_a_server_behind_a_proxy_is_not_taken_for_it(
    ask: Ask, server: Server, start: Callable[..., Any]
) -> None:
    tunnel = start(Proxy, ports={"far.example:443": server.port})
    done = ask("https://far.example/v1", HTTPS_PROXY=f"http://{tunnel.place}")
    assert (done.code, len(tunnel.asked)) == (3, 1)
    assert "cannot connect to far.example: it does not speak TLS" in done.err
    assert "and the proxy in the environment (HTTPS_PROXY)" in done.err


def test_blanks_around_a_proxy_are_no_part_of_it(ask: Ask, server: Server) -> None:
    assert ask(FAR, http_proxy=f" {server.url} ").code == 0
    assert ask(server.url, http_proxy=" ").code == 0


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("via", ["ask", "ask_upstream"])
def test_a_407_is_one_error_for_both_schemes(
    request: pytest.FixtureRequest, start: Callable[..., Any], server: Server, scheme: str, via: str
) -> None:
    server.reply(Reply(status=407, body="who are you?"))
    tunnel = start(Proxy, refuse=407)
    env = {"HTTP_PROXY": f"127.0.0.1:{server.port}", "HTTPS_PROXY": f"http://{tunnel.place}"}
    done = request.getfixturevalue(via)(f"{scheme}://far.example/v1", **env)
    assert done.code == (3 if via == "ask" else 5)
    assert "the proxy refused the connection to far.example: 407" in done.err
    assert len(tunnel.asked) + len(server.seen) == 1
    assert f"{scheme.upper()}_PROXY=http://USER:PASSWORD@HOST:PORT" in done.err


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_407_for_a_user_that_is_named(
    ask: Ask, start: Callable[..., Any], server: Server, scheme: str
) -> None:
    server.reply(Reply(status=407))
    tunnel = start(Proxy, refuse=407)
    place = {"http": f"127.0.0.1:{server.port}", "https": tunnel.place}[scheme]
    done = ask(f"{scheme}://far.example/v1", ALL_PROXY=f"http://me:hu%40sh@{place}")
    assert done.code == 3
    assert "hint: it does not take the user and password in ALL_PROXY" in done.err
    assert "USER:PASSWORD" not in done.err


def test_a_407_of_the_server_itself_is_the_servers(ask: Ask, server: Server) -> None:
    server.reply(Reply(status=407, body={"error": {"message": "no"}}))
    assert ask(server.url).code == 4
