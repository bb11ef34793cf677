"""Servers behind a Unix socket."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.network.conftest import CHAT, RUN, Ask
from tests.support.server import Reply, Server
from tests.support.shell import Shell

pytestmark = pytest.mark.slow


@pytest.fixture
def place(tmp_path: Path) -> str:
    """The path of a socket, with a blank in it."""
    return str(tmp_path / "a socket")


@pytest.fixture
def there(place: str, example_run: dict[str, Any]) -> Iterator[Server]:
    server = Server(unix=place)
    server.reply(Reply(body=example_run))
    yield server
    server.close()


def url_of(place: str, path: str = "/v1") -> str:
    return f"http+unix://{quote(place, safe='')}{path}"


def test_a_socket_needs_no_key_and_no_proxy(openai: Shell, there: Server, place: str) -> None:
    env = {"OPENAI_BASE_URL": url_of(place), "HTTP_PROXY": "http://127.0.0.1:9"}
    done = openai(*RUN, env=env)
    assert (done.code, done.err) == (0, "")
    assert (there.last.method, there.last.path) == ("POST", "/v1/threads/runs")
    assert there.last.header("host") == "localhost"


def test_a_stream_from_it(openai: Shell, there: Server, place: str) -> None:
    there.reply(Reply(chunks=[b'event: a\ndata: {"b": 1}\n\n', b"event: done\ndata: [DONE]\n\n"]))
    done = openai("--base-url", url_of(place), *RUN, "--stream", "--format", "jsonl")
    assert (done.code, done.lines) == (0, [{"event": "a", "data": {"b": 1}}])


def test_the_upstream_behind_one(ask_upstream: Ask, there: Server, place: str) -> None:
    there.reply(Reply(body=CHAT))
    done = ask_upstream(url_of(place))
    assert (done.code, done.out, there.last.path) == (0, "Ok\n", "/v1/chat/completions")


def test_its_answers_have_a_time_limit(ask: Ask, there: Server, place: str) -> None:
    there.reply(Reply(chunks=(b" " for _ in range(600)), pause=0.05))
    done = ask(url_of(place), "--timeout", "0.1")
    assert (done.code, f"{place} did not complete its answer" in done.err) == (3, True)


def test_nobody_listens_there(ask: Ask, place: str) -> None:
    done = ask(url_of(place))
    assert (done.code, f"cannot connect to {place}: " in done.err) == (3, True)
    done = ask(url_of("/" + "x" * 200))
    assert (done.code, "AF_UNIX path too long" in done.err) == (3, True)


@pytest.mark.parametrize("url", ["http+unix:///run/x.sock", "http+unix://x.sock", "http+unix://"])
def test_a_path_that_is_not_encoded(ask: Ask, url: str) -> None:
    done = ask(url)
    assert (done.code, "http+unix://%2Frun%2Fx.sock/v1" in done.err) == (2, True)


def test_a_dry_run_names_the_socket(openai: Shell, there: Server, place: str) -> None:
    words = ("--base-url", url_of(place), *RUN, "--dry-run")
    shown = openai(*words).json
    assert shown["unix_socket"] == place
    assert shown["url"] == "http://localhost/v1/threads/runs"
    command = openai(*words, "curl").out
    done = subprocess.run(["sh", "-c", command], capture_output=True, check=False)
    assert (done.returncode, there.last.json["assistant_id"]) == (0, RUN[-1])


def test_a_wrong_path_there(ask: Ask, there: Server, place: str) -> None:
    there.reply(Reply(status=404, body={"detail": "Not Found"}))
    done = ask(url_of(place, ""))
    assert f"the request was POST http://localhost/threads/runs behind {place}; " in done.err
    assert f"try --base-url {url_of(place)}\n" in done.err


def test_a_file_that_is_no_socket(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    done = ask(url_of(str(tmp_path / "plain")))
    assert (done.code, "cannot connect to" in done.err) == (3, True)
