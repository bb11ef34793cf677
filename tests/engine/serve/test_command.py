"""`openai local serve` as a command: what it says, and what it refuses to do."""

import socket
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from openai_cli.engine.serve.limits import ServerLimits
from tests.engine.serve.support import Served
from tests.engine.support import Api
from tests.support.cpus import is_on_one_cpu, several_cpus
from tests.support.http import PLAIN
from tests.support.shell import Shell, without
from tests.support.waiting import until


@pytest.mark.first_by_default
@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ("--host 0.0.0.0", "--host: 0.0.0.0 can be reached from other machines: add --require-key"),
        ("--host ::", "--host: :: can be reached from other machines: add --require-key"),
        ("--host 192.0.2.1", "--host: 192.0.2.1 can be reached from other machines"),
        ("--host nowhere.invalid", '--host: "nowhere.invalid" is not an address of this machine'),
        ("--host ''", "--host: is empty"),
        ("--port 65536", '--port: expected a whole number from 0 to 65535, found "65536"'),
        ("--port http", '--port: expected a whole number from 0 to 65535, found "http"'),
        ("--grace -1", '--grace: expected a whole number from 0 to 3600, found "-1"'),
        ("--require-key", "--require-key: needs the key in OPENAI_LOCAL_SERVER_KEY"),
        ("--require-key=secret", "--require-key: takes no value"),
        ("--upstream-api grpc", '--upstream-api: expected responses or chat, found "grpc"'),
        ("--upstream-url local:", "must be a server, not the engine"),
        ("--upstream-url ftp://x", '--upstream-url: "ftp://x" must begin with http://'),
        ("more", '"more": unexpected argument'),
    ],
)
def test_wrong_use(openai: Shell, words: str, complaint: str) -> None:
    done = openai(f"local serve --port 0 {words}")
    assert (done.code, done.out) == (2, "")
    assert complaint in done.err
    assert "Traceback" not in done.err
    assert not list(openai.folder.iterdir())


def test_the_address_of_other_commands_is_not_taken_for_a_store(openai: Shell) -> None:
    done = openai("--base-url local:x.db local serve --port 0")
    assert (done.code, done.out) == (2, "")
    assert "--base-url: not an option of openai local serve" in done.err


def test_a_key_that_no_header_can_carry_is_not_shown(openai: Shell) -> None:
    env = {"OPENAI_LOCAL_SERVER_KEY": "two words"}
    done = openai("local serve --port 0 --require-key", env=env)
    assert done.code == 2
    assert "OPENAI_LOCAL_SERVER_KEY: has a line break, a space" in done.err
    assert "two words" not in done.err


@pytest.mark.slow
def test_a_port_that_is_taken(openai: Shell) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = openai(f"local serve --port {port}")
    assert (done.code, done.out) == (2, "")
    assert f"--port: {port} is in use on 127.0.0.1; 0 takes a free one" in done.err


@pytest.mark.slow
def test_a_store_that_cannot_be_used(openai: Shell) -> None:
    (openai.folder / "letter.txt").write_text("not a database " * 20)
    done = openai("local serve --port 0 --store letter.txt")
    assert (done.code, done.out) == (3, "")
    assert "letter.txt is not a database" in done.err


def test_without_the_extra(openai: Shell) -> None:
    done = openai.after(without("uvicorn"), "local", "serve")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error: the server is not installed\nhint: to add it: ")
    assert f"{sys.executable} -m pip install " in done.err
    assert "'uvicorn<0.55,>=0.40'" in done.err


@pytest.mark.slow
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_hosts_of_this_machine(serve: Callable[..., Served], host: str) -> None:
    served = serve("--host", host)
    assert httpx.get(f"{served.url}/assistants", **PLAIN).status_code == 200


@pytest.mark.slow
def test_other_addresses_with_a_key(serve: Callable[..., Served]) -> None:
    served = serve("--host", "0.0.0.0", "--require-key", env={"OPENAI_LOCAL_SERVER_KEY": "abc"})
    url = served.url.replace("0.0.0.0", "127.0.0.1")
    assert httpx.get(f"{url}/assistants", **PLAIN).status_code == 401
    headers = {"Authorization": "Bearer abc"}
    assert httpx.get(f"{url}/assistants", headers=headers, **PLAIN).status_code == 200


@pytest.mark.slow
def test_a_key_that_is_not_asked_for_is_pointed_out(serve: Callable[..., Served]) -> None:
    served = serve(env={"OPENAI_LOCAL_SERVER_KEY": "abc"})
    assert served.said.startswith(
        b"note: OPENAI_LOCAL_SERVER_KEY is set but not required; add --require-key\n"
    )


@pytest.mark.slow
def test_stores(openai: Shell) -> None:
    """The default one, those of the variables, and that of the flag."""
    home = openai.folder.parent / "home"
    default = home / ".local/share/openai-cli/assistants.db"
    named, flagged = openai.folder / "named.db", openai.folder / "flagged.db"
    based, other = openai.folder / "based.db", openai.folder / "other.db"
    env = {"OPENAI_LOCAL_STORE": str(named)}
    for words, more, file in (
        ((), {}, default),
        ((), env, named),
        ((), {**env, "OPENAI_BASE_URL": "local:based.db"}, based),
        ((), {"OPENAI_LOCAL_STORE": str(other), "OPENAI_BASE_URL": "local:"}, other),
        (("--store", "flagged.db"), env, flagged),
    ):
        served = Served(openai, *words, env=more)
        api = Api(file, url=served.url)
        api.post("/threads")
        api.close()
        assert served.stop() == 0
        assert f"serving {file} at" in served.said.decode()
        with sqlite3.connect(file) as connection:
            assert connection.execute("SELECT count(*) FROM threads").fetchone() == (1,)
        assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.slow
def test_requests_are_shown_with_debug(serve: Callable[..., Served], store_file: Path) -> None:
    served = serve("--debug")
    api = Api(store_file, url=served.url)
    api.post("/threads", {"metadata": {"private": "matter"}})
    assert api.refused("GET", "/threads/thread_x")[0] == 404
    api.close()
    assert served.stop() == 0
    shown = [line for line in served.said.decode().splitlines() if "/v1/" in line]
    assert [line.split(" req_")[0] for line in shown] == [
        "POST /v1/threads 200",
        "GET /v1/threads/thread_x 404",
    ]
    assert "matter" not in served.said.decode()


def test_no_request_can_forge_a_line_of_the_log(serve: Callable[..., Served]) -> None:
    served = serve("--debug")
    forged = "GET%20/v1/admin%20200%20req_x"
    ends = ["%0A", "%0D%0A", "%0D", "%C2%85", "%E2%80%A8", "%0B", "%0C", "%1B%5B2J", "%7F"]
    for end in ends:
        answer = httpx.get(f"{served.url}/threads/x{end}{forged}", **PLAIN)
        assert answer.status_code == 404
    assert served.stop() == 0
    lines = served.said.decode().splitlines()[1:]
    assert [line.split()[1] for line in lines] == [f"/v1/threads/x{end}{forged}" for end in ends]


def test_the_limits_that_are_documented() -> None:
    page = (Path(__file__).parents[3] / "docs" / "local.md").read_text(encoding="utf-8")
    limits = ServerLimits()
    for row in (
        f"| concurrent runs | {limits.runs}, or `--workers` |",
        f"| connections at the same time | {limits.connections} |",
        f"| head of a request | {limits.head >> 10} KiB | 431 |",
        f"| body of a request | {limits.body >> 20} MiB | 413 |",
        f"| keys and elements in a body | {limits.elements:,} | 413 |",
        f"| time for the head, from the start of the connection | {limits.head_time:g} s |",
        f"| time for the body | {limits.body_time:g} s | 408 |",
        f"| idle connection | {limits.idle_time} s |",
        f"| client that does not read its stream | {limits.send_time:g} s |",
        f"{limits.runs} runs are executed at the same time",
        f"sends a comment (`: ping`) every {limits.ping_every:g} seconds",
    ):
        assert row in page


@several_cpus
def test_threads_stay_on_one_cpu(openai: Shell) -> None:
    served = Served(openai, "--store", "s.db")
    until(lambda: is_on_one_cpu(served.process.pid))
    assert served.stop() == 0
