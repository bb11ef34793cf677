"""The way to the server: timeouts, proxies, certificates of both sides."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import trustme
from cryptography.hazmat.primitives import serialization

from openai_cli.client.address import read_address
from openai_cli.client.network import CONNECT_TIMEOUT, open_client
from openai_cli.client.settings import ConnectionSettings
from openai_cli.errors import UsageError
from tests.client.conftest import KEY, RUN
from tests.support.proxy import Proxy
from tests.support.server import Reply, Server
from tests.support.shell import Result, Shell


@pytest.fixture
def proxy() -> Iterator[Callable[..., Proxy]]:
    with ExitStack() as stack:

        def start(**options: Any) -> Proxy:
            made = Proxy(**options)
            stack.callback(made.close)
            return made

        yield start


@pytest.fixture
def strict(ca: trustme.CA, serve: Callable[..., Server], example_run: dict[str, Any]) -> Server:
    """A server that asks for a client certificate of the CA."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(context)
    ca.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    return serve(Reply(body=example_run), context=context)


@pytest.fixture
def client_files(ca: trustme.CA, openai: Shell) -> tuple[Path, Path]:
    """A client certificate and its key."""
    cert = ca.issue_cert("client@example.org")
    files = openai.folder / "client.pem", openai.folder / "client.key"
    cert.cert_chain_pems[0].write_to_path(files[0])
    cert.private_key_pem.write_to_path(files[1])
    return files


def ask(openai: Shell, url: str, *args: Any, **env: str) -> Result:
    return openai(
        *("--base-url", url, "--api-key", KEY, "--max-retries", "0", *RUN, *args), env=env
    )


def test_an_answer_may_not_take_longer_than_the_timeout(openai: Shell, server: Server) -> None:
    server.reply(Reply(hang=5))
    result = ask(openai, server.url, "--timeout", "0.2")
    assert (result.code, result.out) == (3, "")
    assert f"127.0.0.1:{server.port} took too long to answer" in result.err
    assert "--timeout sets a longer limit than 0.2 s" in result.err


@pytest.mark.parametrize(("timeout", "connect"), [(600.0, CONNECT_TIMEOUT), (2.0, 2.0)])
def test_a_connection_may_take_seconds_and_an_answer_minutes(
    timeout: float, connect: float
) -> None:
    address = read_address("http://127.0.0.1:1", "--base-url")
    with open_client(ConnectionSettings(address, timeout=timeout)) as client:
        assert client.timeout.as_dict() == {
            "connect": connect,
            "read": timeout,
            "write": timeout,
            "pool": timeout,
        }


def test_a_host_that_cannot_exist_is_a_usage_error(openai: Shell) -> None:
    for host in ("a" * 70 + ".example", "a..example"):
        result = ask(openai, f"http://{host}/v1")
        assert (result.code, result.out) == (2, "")
        assert "cannot use the address of" in result.err


def test_plain_http_goes_through_the_proxy_of_the_environment(
    openai: Shell, server: Server
) -> None:
    place = f"http://127.0.0.1:{server.port}"
    assert ask(openai, "http://far.example/v1", HTTP_PROXY=place).code == 0
    assert server.last.path == "http://far.example/v1/threads/runs"
    assert ask(openai, "http://far.example/v1", all_proxy=place).code == 0


def test_https_goes_through_a_tunnel_and_the_proxy_sees_no_key(
    openai: Shell, secure: Server, authority: str, proxy: Callable[..., Proxy]
) -> None:
    between = proxy()
    env = {"HTTPS_PROXY": f"http://me:pass%21@{between.place}", "SSL_CERT_FILE": authority}
    result = ask(openai, secure.url, "--debug", **env)
    assert result.code == 0
    assert between.asked == [(f"127.0.0.1:{secure.port}", "Basic bWU6cGFzcyE=")]
    assert secure.last.header("authorization") == f"Bearer {KEY}"
    assert secure.last.header("proxy-authorization") is None
    assert "pass" not in result.err


def test_no_proxy_is_honoured(
    openai: Shell, secure: Server, authority: str, proxy: Callable[..., Proxy]
) -> None:
    between = proxy()
    env = {"HTTPS_PROXY": f"http://{between.place}", "NO_PROXY": "127.0.0.1"}
    assert ask(openai, secure.url, SSL_CERT_FILE=authority, **env).code == 0
    assert between.asked == []
    assert len(secure.seen) == 1


def test_a_proxy_that_refuses_is_named(
    openai: Shell, secure: Server, proxy: Callable[..., Proxy]
) -> None:
    between = proxy(refuse=407)
    env = {"HTTPS_PROXY": f"http://{between.place}"}
    result = openai("--base-url", secure.url, "--api-key", KEY, *RUN, env=env)
    assert (result.code, len(between.asked)) == (3, 1)
    assert "the proxy refused the connection" in result.err
    assert "407" in result.err


def test_a_proxy_that_is_not_there_is_thought_of(openai: Shell) -> None:
    env = {"HTTP_PROXY": "http://me:hush@127.0.0.1:9"}
    words = ("--api-key", KEY, "--max-retries", "0", *RUN)
    result = openai("--base-url", "http://example.com/v1", *words, env=env)
    assert (result.code, result.out) == (3, "")
    assert "cannot connect to the proxy 127.0.0.1:9: " in result.err
    assert "check the proxy in the environment (HTTP_PROXY)" in result.err
    assert "hush" not in result.err


@pytest.mark.parametrize(
    "value",
    [
        "http://me:hush/hush@127.0.0.1:1",
        "ftp://me:hush@127.0.0.1:1",
    ],
)
def test_a_broken_proxy_setting_is_a_usage_error_that_keeps_its_password(
    openai: Shell, server: Server, value: str
) -> None:
    result = ask(openai, server.url, HTTP_PROXY=value)
    assert (result.code, result.out, server.seen) == (2, "", [])
    assert "proxy" in result.err
    assert "hush" not in result.err


def test_a_certificate_of_ones_own_is_trusted_by_name(
    openai: Shell, secure: Server, authority: str
) -> None:
    assert ask(openai, secure.url, SSL_CERT_FILE=authority).code == 0


def test_a_certificate_nobody_vouches_for_is_no_answer(openai: Shell, secure: Server) -> None:
    result = openai("--base-url", secure.url, "--api-key", KEY, *RUN, "--debug")
    assert (result.code, result.out, secure.seen) == (3, "", [])
    assert "CERTIFICATE_VERIFY_FAILED" in result.err
    assert "hint: for a private CA, set SSL_CERT_FILE to the path of its certificate" in (
        result.err
    )
    assert "attempt 2" not in result.err


@pytest.mark.parametrize("content", [None, "", "no certificate"])
def test_a_ca_file_that_cannot_be_read_is_a_usage_error(
    openai: Shell, secure: Server, content: str | None
) -> None:
    if content is not None:
        (openai.folder / "other.pem").write_text(content)
    result = ask(openai, secure.url, SSL_CERT_FILE=str(openai.folder / "other.pem"))
    assert (result.code, result.out) == (2, "")
    assert "SSL_CERT_FILE" in result.err


def test_plain_http_to_a_tls_port_is_no_answer(openai: Shell, secure: Server) -> None:
    result = ask(openai, secure.url.replace("https", "http"))
    assert (result.code, result.out) == (3, "")


def test_tls_to_a_plain_port_is_no_answer(openai: Shell, server: Server) -> None:
    result = ask(openai, server.url.replace("http", "https"))
    assert (result.code, result.out) == (3, "")
    assert "cannot connect" in result.err


def test_a_client_certificate_opens_the_door(
    openai: Shell, strict: Server, authority: str, client_files: tuple[Path, Path]
) -> None:
    cert, key = client_files
    flags = ("--mtls-client-cert-file", cert, "--mtls-client-key-file", key)
    assert ask(openai, strict.url, *flags, SSL_CERT_FILE=authority).code == 0
    result = ask(openai, strict.url, SSL_CERT_FILE=authority)
    assert (result.code, result.out) == (3, "")
    assert "--mtls-client-cert-file" in result.err


def test_a_client_certificate_is_not_shown_to_another_server(
    openai: Shell, strict: Server, secure: Server, authority: str, client_files: tuple[Path, Path]
) -> None:
    cert, key = client_files
    secure.reply(Reply(status=307, headers={"Location": strict.url}))
    flags = ("--mtls-client-cert-file", cert, "--mtls-client-key-file", key)
    result = ask(openai, secure.url, *flags, SSL_CERT_FILE=authority)
    assert (result.code, len(secure.seen), strict.seen) == (3, 1, [])


@pytest.mark.parametrize(("given", "missing"), [("cert", "key"), ("key", "cert")])
def test_a_client_certificate_and_its_key_go_together(
    openai: Shell, strict: Server, given: str, missing: str
) -> None:
    result = ask(openai, strict.url, f"--mtls-client-{given}-file", "client.pem")
    assert (result.code, result.out, strict.seen) == (2, "", [])
    assert f"--mtls-client-{given}-file: needs --mtls-client-{missing}-file too" in result.err


@pytest.mark.parametrize(
    ("cert", "key", "words"),
    [
        ("gone.pem", "client.key", '--mtls-client-cert-file: cannot read ".*gone.pem": No such'),
        ("client.pem", "gone.key", '--mtls-client-key-file: cannot read ".*gone.key": No such'),
        ("client.pem", "client.pem", "cannot use this certificate and key"),
        ("client.pem", "ca.pem", "cannot use this certificate and key"),
        ("ca.pem", "client.key", "cannot use this certificate and key"),
    ],
)
def test_a_client_certificate_that_cannot_be_used_is_a_usage_error(
    openai: Shell, authority: str, client_files: tuple[Path, Path], cert: str, key: str, words: str
) -> None:
    settings = ConnectionSettings(
        read_address("https://127.0.0.1:1", "--base-url"),
        client_cert=str(openai.folder / cert),
        client_key=str(openai.folder / key),
    )
    with pytest.raises(UsageError, match=words):
        open_client(settings)


def test_a_locked_key_is_refused_without_asking_for_a_password(
    openai: Shell, strict: Server, client_files: tuple[Path, Path]
) -> None:
    cert, key = client_files
    opened: Any = serialization.load_pem_private_key(key.read_bytes(), None)
    locked = opened.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"hush"),
    )
    key.write_bytes(locked)
    flags = ("--mtls-client-cert-file", cert, "--mtls-client-key-file", key)
    result = ask(openai, strict.url, *flags)
    assert (result.code, result.out, strict.seen) == (2, "", [])
    assert "cannot use this certificate and key" in result.err


def test_a_client_certificate_is_for_https_only(
    openai: Shell, server: Server, client_files: tuple[Path, Path]
) -> None:
    cert, key = client_files
    flags = ("--mtls-client-cert-file", cert, "--mtls-client-key-file", key)
    result = ask(openai, server.url, *flags)
    assert (result.code, server.seen) == (2, [])
    assert "works over https:// only" in result.err


def test_a_ca_file_that_cannot_be_read_has_no_say_over_plain_http(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere.pem")
    with open_client(ConnectionSettings(read_address(server.url, "--base-url"))) as client:
        assert client.get(server.url).status_code == 200
