"""Which certificates are trusted, and TLS where there is none."""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import truststore

from openai_cli.client.trust import CA_VARIABLES, trusting_context
from tests.network.conftest import CHAT, KEY, RUN, Ask
from tests.support.server import Reply, Server
from tests.support.shell import Shell, without

pytestmark = pytest.mark.slow

FILES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


@pytest.mark.parametrize("variable", FILES)
@pytest.mark.parametrize("via", ["ask", "ask_upstream"])
def test_each_variable_names_an_authority(
    request: pytest.FixtureRequest, secure: Server, authority: str, variable: str, via: str
) -> None:
    if via == "ask_upstream":
        secure.reply(Reply(body=CHAT))
    done = request.getfixturevalue(via)(secure.url, **{variable: authority})
    assert (done.code, done.err, len(secure.seen)) == (0, "", 1)


@pytest.mark.parametrize("variable", ["SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"])
def test_a_folder_of_authorities(
    ask: Ask, openai: Shell, secure: Server, authority: str, variable: str
) -> None:
    folder = openai.folder / "certs"
    folder.mkdir()
    hashed = subprocess.run(
        ["openssl", "x509", "-hash", "-noout", "-in", authority],
        capture_output=True,
        text=True,
        check=True,
    )
    (folder / f"{hashed.stdout.strip()}.0").symlink_to(authority)
    assert ask(secure.url, **{variable: str(folder)}).code == 0


def test_our_own_variable_comes_first(
    ask: Ask, openai: Shell, secure: Server, authority: str
) -> None:
    others = dict.fromkeys(FILES[1:], "/nowhere/ca.pem")
    assert ask(secure.url, SSL_CERT_FILE=authority, **others).code == 0
    done = ask(secure.url, REQUESTS_CA_BUNDLE="/nowhere/ca.pem", CURL_CA_BUNDLE=authority)
    assert (done.code, "REQUESTS_CA_BUNDLE" in done.err) == (2, True)


@pytest.mark.parametrize("variable", CA_VARIABLES)
def test_a_missing_file_is_named_with_its_variable(ask: Ask, secure: Server, variable: str) -> None:
    done = ask(secure.url, **{variable: "/nowhere/ca.pem"})
    assert (done.code, done.out, secure.seen) == (2, "", [])
    assert f'{variable}: cannot read "/nowhere/ca.pem": No such file or directory' in done.err


def test_nor_is_it_forgotten_for_the_upstream(ask_upstream: Ask, secure: Server) -> None:
    done = ask_upstream(secure.url, SSL_CERT_FILE="/nowhere/ca.pem")
    assert (done.code, '"/nowhere/ca.pem": No such file' in done.err) == (5, True)


def test_a_file_without_certificates(ask: Ask, openai: Shell, secure: Server) -> None:
    (openai.folder / "empty.pem").write_text("nothing\n")
    done = ask(secure.url, CURL_CA_BUNDLE="empty.pem")
    assert done.code == 2
    assert 'CURL_CA_BUNDLE: "empty.pem" has no readable certificate' in done.err


def test_the_system_is_trusted_where_truststore_is_installed(
    ask: Ask, secure: Server, authority: str
) -> None:
    assert isinstance(trusting_context({}), truststore.SSLContext)
    for name in CA_VARIABLES:
        context = trusting_context({name: str(Path(authority).parent)})
        assert type(context) is ssl.SSLContext
    done = ask(secure.url)
    assert (done.code, "CERTIFICATE_VERIFY_FAILED" in done.err) == (3, True)
    assert "truststore" not in done.err


def test_without_truststore_the_hint_says_how_to_add_it(openai: Shell, secure: Server) -> None:
    words = ("--base-url", secure.url, "--api-key", KEY, *RUN)
    done = openai.after(without("truststore"), *words)
    assert (done.code, done.out) == (3, "")
    assert "set SSL_CERT_FILE to the path of its certificate" in done.err
    assert f"{sys.executable} -m pip install 'truststore>=" in done.err


@pytest.mark.parametrize("via", ["ask", "ask_upstream"])
def test_https_to_a_port_that_speaks_http(
    request: pytest.FixtureRequest, server: Server, via: str
) -> None:
    done = request.getfixturevalue(via)(server.url.replace("http", "https"), "--max-retries", "2")
    assert done.code == (3 if via == "ask" else 5)
    place = f"127.0.0.1:{server.port}"
    assert f"cannot connect to {place}: it does not speak TLS; is it http:// there?" in done.err
    assert "attempt" not in done.err


@pytest.mark.parametrize("read", [0, 10_000], ids=["reset", "end"])
def test_https_to_a_port_that_hangs_up(ask: Ask, read: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up() -> None:
            connection, _ = listener.accept()
            if read:
                connection.recv(read)
            connection.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        done = ask(f"https://127.0.0.1:{listener.getsockname()[1]}/v1")
        thread.join()
    assert (done.code, done.out) == (3, "")
    assert "hint: the server closed the connection when TLS began: perhaps the URL" in done.err
