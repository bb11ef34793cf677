"""`openai local doctor`: what it reports, and its exit code."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest

import openai_cli
from tests.support.server import Reply, Server
from tests.support.shell import OPENAI, Result, Shell

KEY = "sk-0123456789abcdefSECRET"
MODELS = Reply(body={"object": "list", "data": [{"id": "llama3.2"}, {"id": "qwen3"}]})

quick = pytest.mark.in_process(process_when_slow=True)


def report(openai: Shell, *words: str, **env: str) -> tuple[Result, dict[str, dict[str, object]]]:
    done = openai("local", "doctor", "--format", "json", *words, env=env)
    return done, json.loads(done.out)


def test_a_fresh_home_is_usable_and_stays_as_it_is(openai: Shell, tmp_path: Path) -> None:
    done, found = report(openai, "--local")
    assert (done.code, done.err, found["problems"]) == (0, "", [])
    assert found["tool"]["name"] == "openai-threads-cli"
    assert found["tool"]["version"] == openai_cli.__version__
    assert found["tool"]["running"] == OPENAI
    assert found["store"]["exists"] is False
    assert list((tmp_path / "home").iterdir()) == []


@quick
@pytest.mark.first_by_default
@pytest.mark.parametrize(
    ("base_url", "says"),
    [
        ("", "set OPENAI_BASE_URL to local: for all commands, or to another server"),
        ("https://name.openai.azure.com/openai", "set OPENAI_BASE_URL to local: for all commands"),
        ("https://server.invalid/v1", "the server needs a key, by --api-key or OPENAI_API_KEY"),
    ],
)
def test_without_a_server_it_says_that_only_the_engine_works(
    openai: Shell, base_url: str, says: str
) -> None:
    done, found = report(openai, OPENAI_BASE_URL=base_url)
    assert (done.code, done.err) == (0, "")
    (problem,) = found["problems"]
    assert str(problem).startswith(f"only commands with --local work: {says}")
    assert openai("beta:threads create", env={"OPENAI_BASE_URL": base_url}).code == 2


@quick
def test_as_text_each_value_names_its_source_and_no_key_is_shown(
    openai: Shell, server: Server
) -> None:
    server.reply(MODELS)
    done = openai(
        "local doctor --store my.db --upstream-api chat --local",
        env={
            "OPENAI_LOCAL_UPSTREAM_KEY": KEY,
            "OPENAI_LOCAL_UPSTREAM_URL": server.url,
            "OPENAI_ORG_ID": "org-1",
        },
    )
    assert (done.code, done.err) == (0, "")
    for line in (
        "  base url: local: (--local)",
        "  key: not set",
        "  upstream key: set (OPENAI_LOCAL_UPSTREAM_KEY)",
        "  upstream api: chat (--upstream-api)",
        "  organization: org-1 (OPENAI_ORG_ID)",
        "  store: my.db (--store)",
    ):
        assert line in done.out.splitlines()
    assert KEY not in done.out


def test_other_commands_of_the_name_are_listed_in_the_order_of_path(
    openai: Shell, tmp_path: Path
) -> None:
    other = tmp_path / "other" / "openai"
    other.parent.mkdir()
    other.write_text("#!/bin/sh\nexit 9\n")
    other.chmod(0o755)
    ours = Path(OPENAI).parent
    for order in ([other.parent, ours], [ours, other.parent, other.parent]):
        _, found = report(openai, "--local", PATH=os.pathsep.join(map(str, order)))
        commands = [found["tool"]["openai_runs"], *found["tool"]["others_on_path"]]
        assert commands == [str(folder / "openai") for folder in order[:2]]


@quick
def test_a_store_is_described(openai: Shell) -> None:
    assert openai("--local beta:threads create", env={"OPENAI_LOCAL_STORE": "a.db"}).code == 0
    done, found = report(openai, "--local", OPENAI_LOCAL_STORE="a.db")
    assert done.code == 0
    assert found["store"]["integrity"] == "ok"
    assert found["store"]["schema_version"] == 3
    assert found["store"]["bytes"] == (openai.folder / "a.db").stat().st_size


@quick
def test_what_is_no_store_is_a_problem(openai: Shell) -> None:
    (openai.folder / "a.db").write_text("not a database " * 20)
    done, found = report(openai, "--local", "--store", "a.db")
    assert done.code == 3
    assert "a.db is not a database" in done.err
    assert "a.db is not a database" in found["problems"][0]


@quick
def test_a_damaged_store_is_a_problem(openai: Shell) -> None:
    file = openai.folder / "a.db"
    assert openai("--local beta:threads create", env={"OPENAI_LOCAL_STORE": "a.db"}).code == 0
    damaged = bytearray(file.read_bytes())
    damaged[4096 * 2 :] = b"\x5a" * (len(damaged) - 4096 * 2)
    file.write_bytes(damaged)
    done, found = report(openai, "--local", "--store", "a.db")
    assert done.code == 3
    assert "is damaged" in done.err
    assert "is damaged" in found["problems"][0]


@quick
def test_the_models_of_an_upstream(openai: Shell, server: Server) -> None:
    server.reply(MODELS)
    done, found = report(openai, "--local", "--upstream-url", server.url)
    assert (done.code, found["upstream"]["state"]) == (0, "reachable")
    assert found["upstream"]["models"] == ["llama3.2", "qwen3"]
    assert (server.last.method, server.last.path) == ("GET", "/v1/models")
    assert server.last.header("authorization") is None


@quick
def test_a_server_that_refuses_the_key(openai: Shell, server: Server) -> None:
    server.reply(Reply(status=401, body={"error": {"message": f"bad key {KEY}"}}))
    done, found = report(openai, OPENAI_BASE_URL=server.url, OPENAI_API_KEY=KEY)
    assert done.code == 4
    assert "refuses the key (status 401)" in found["server"]["state"]
    assert server.seen[0].header("authorization") == f"Bearer {KEY}"
    assert KEY not in done.out + done.err


@quick
@pytest.mark.first_by_default
@pytest.mark.parametrize("silent", [False, True])
def test_a_server_that_does_not_answer(openai: Shell, silent: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        if not silent:
            listener.close()
        url = f"http://127.0.0.1:{port}/v1"
        done, found = report(openai, "--base-url", url, "--timeout", "0.3")
    assert done.code == 3
    assert ("took too long" if silent else "cannot connect") in found["server"]["state"]


@quick
def test_a_base_url_that_is_none_is_told_without_its_password(openai: Shell) -> None:
    done, found = report(openai, OPENAI_BASE_URL="https://me:hunter2@example.com/v1")
    assert done.code == 2
    assert "must not contain a user name" in found["problems"][0]
    assert "hunter2" not in done.out + done.err


@quick
def test_wrong_words_are_told_without_a_report(openai: Shell) -> None:
    for words, what in (("fix", '"fix": unexpected argument'), ("--fix", "--fix: no such flag")):
        done = openai("local", "doctor", words)
        assert (done.code, done.out) == (2, "")
        assert done.err.splitlines()[0] == f"error: {what}; nothing was checked"
