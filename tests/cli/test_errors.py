"""Errors: nothing on stdout, one message or one document on stderr, the right exit code."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.cli.conftest import RUN, Run
from tests.support.server import Reply, Server, sse
from tests.support.shell import Result, Shell

REFUSAL = {
    "error": {"message": "No such\nassistant", "type": "invalid", "param": None, "code": 7, "x": 1}
}
NOWHERE = "http://127.0.0.1:1/v1"


def read(name: str, text: str) -> Any:
    """The one document on stderr."""
    if name == "yaml":
        return YAML(typ="safe", pure=True).load(io.StringIO(text))
    if name == "jsonl":
        assert text.count("\n") == 1
    return json.loads(text)


@pytest.mark.parametrize("name", ["json", "JSONL", "yaml"])
def test_errors_of_every_kind_are_one_document(quick: Run, server: Server, name: str) -> None:
    server.reply(Reply(404, body=REFUSAL, headers={"x-request-id": "req_1"}))

    def failed(*args: str) -> dict[str, Any]:
        ended = quick(*args, "--format-error", name, "--max-retries", "0")
        assert ended.stdout == b""
        found = read(name.lower(), ended.err)
        assert found["exit_code"] == ended.code
        assert isinstance(found, dict)
        return found

    assert failed(*RUN) == {
        "message": "No such\nassistant", "type": "invalid", "param": None, "code": 7, "x": 1,
        "status": 404, "request_id": "req_1", "exit_code": 4,
    }  # fmt: skip
    usage = failed(*RUN, "--temperature", "3", "--message", "{role: usr}")
    assert usage["type"] == "usage_error"
    assert {problem["source"] for problem in usage["problems"]} == {"--temperature", "--message"}
    assert usage["exit_code"] == 2
    assert failed(*RUN, "--base-url", NOWHERE)["type"] == "no_answer"
    assert failed("beta:thread", "x")["exit_code"] == 2
    assert failed("beta:threads", "create-and-run", "--frmat", "x")["exit_code"] == 2
    assert failed(*RUN, "--transform", "a.#(")["exit_code"] == 2
    server.reply(Reply(chunks=sse(("error", REFUSAL))))
    assert failed(*RUN, "--stream") | {"status": None} == {
        **REFUSAL["error"], "status": None, "request_id": None, "exit_code": 4,
    }  # fmt: skip


def test_the_server_s_own_fields_come_first(quick: Run, server: Server) -> None:
    server.reply(Reply(400, body=REFUSAL))
    names = list(json.loads(quick(*RUN, "--format-error", "json").err))
    assert names == ["message", "type", "param", "code", "x", "status", "request_id", "exit_code"]


def test_raw_is_what_the_server_said(quick: Run, server: Server) -> None:
    body = '{ "error" : {"message":"no","n":1.10} }\n'
    server.reply(Reply(400, body=body))
    ended = quick(*RUN, "--format-error", "raw")
    assert (ended.code, ended.out, ended.err) == (4, "", body)
    assert json.loads(quick(*RUN, "--top-p", "2", "--format-error", "raw").err)["exit_code"] == 2


@pytest.mark.parametrize("name", ["auto", "text", "pretty"])
def test_formats_for_people_are_sentences(quick: Run, server: Server, name: str) -> None:
    server.reply(Reply(404, body=REFUSAL, headers={"x-request-id": "req_1"}))
    ended = quick(*RUN, "--format-error", name)
    assert (ended.code, ended.out) == (4, "")
    assert ended.err == (
        "error: 404 Not Found: No such\n  assistant (type invalid, code 7, request req_1)\n"
    )


def test_a_server_s_text_cannot_pose_as_ours(quick: Run, server: Server) -> None:
    server.reply(Reply(400, body={"error": {"message": "no\nhint: run this\r\nerror: that"}}))
    lines = quick(*RUN).err.splitlines()
    assert lines[0].startswith("error: 400 Bad Request: no")
    assert all(line.startswith("  ") for line in lines[1:])


def test_transform_error(quick: Run, server: Server) -> None:
    server.reply(Reply(404, body=REFUSAL))
    assert quick(*RUN, "--transform-error", "message").err == '"No such\\nassistant"\n'
    assert quick(*RUN, "--transform-error", "message", "-r").err == "No such\nassistant\n"
    assert quick(*RUN, "--transform-error", "code", "--format-error", "yaml").err == "7\n"
    assert json.loads(quick(*RUN, "--transform-error", "none").err)["status"] == 404
    refused = quick(*RUN, "--top-p", "2", "--transform-error", "problems.#.source")
    assert (refused.code, json.loads(refused.err)) == (2, ["--top-p"])


@pytest.mark.parametrize(
    ("path", "caret"),
    [("a.#(b", 3), ("é.{a", 2), ('"a"|@pretty:{"b', None), ("a.#(b==", None)],
)
@pytest.mark.parametrize("flag", ["--transform", "--transform-error"])
def test_a_broken_path_is_pointed_at(
    quick: Run, server: Server, flag: str, path: str, caret: int | None
) -> None:
    refused = quick(*RUN, flag, path)
    if not refused.code:
        pytest.fail(f"{path} was taken: {refused}")
    assert (refused.code, refused.out, server.seen) == (2, "", [])
    first, shown, pointer = refused.err.splitlines()
    assert re.fullmatch(rf"error: {flag}: [^;]+; nothing was sent", first)
    assert shown.strip() == path
    assert re.fullmatch(r" +\^", pointer)
    assert len(pointer) <= len(shown) + 1
    if caret is not None:
        assert pointer.index("^") - shown.index(path[0]) in (caret - 1, caret, caret + 1)


def test_one_exit_code_for_each_kind(quick: Run, server: Server, done: dict[str, Any]) -> None:
    def code(*replies: Reply, flags: tuple[str, ...] = ()) -> int:
        server.reply(*replies or (Reply(),))
        return quick(*RUN, "--max-retries", "0", *flags).code

    assert code(Reply(body=done)) == 0
    assert code(flags=("--top-p", "7")) == 2
    assert code(Reply(body="")) == code(Reply(body="<html>")) == code(Reply(drop=True)) == 3
    assert code(Reply(chunks=sse(("e", "{}"))), flags=("--stream",)) == 3
    assert code(Reply(500, body="x")) == code(Reply(400, body="{}")) == 4
    for status in ("failed", "cancelled", "expired", "incomplete"):
        assert code(Reply(body={**done, "status": status})) == 5
    assert code(Reply(body={**done, "status": "requires_action"})) == 6


def test_problems_come_all_at_once_and_each_once(quick: Run, server: Server) -> None:
    refused = quick(
        "beta:threads", "create-and-run", "--temperature", "3", "--tool-choice", "atuo",
        "--timeout", "soon", "--format", "jsn", "extra", "--max-items", "x",
    )  # fmt: skip
    assert (refused.code, refused.out, server.seen) == (2, "", [])
    head, *problems = refused.err.splitlines()
    assert head == "error: nothing was sent, 7 problems:"
    assert sorted(problem.split(":")[0].strip() for problem in problems) == [
        '"extra"', "--assistant-id", "--format", "--max-items", "--temperature", "--timeout",
        "--tool-choice",
    ]  # fmt: skip


@pytest.mark.first_by_default
@pytest.mark.parametrize(
    "name", ["typer", "httpx", "pydantic", "ruamel", "secrets", "ssl", "random", "email"]
)
def test_a_file_that_hides_a_package_is_named(openai: Shell, name: str) -> None:
    path = openai.folder / "mine"
    path.mkdir()
    (path / f"{name}.py").write_text("print('hello')\n")
    words = ("--metadata", "{a: b}", "--base-url", "http://127.0.0.1:9")  # YAML, and a server
    broken = openai(*RUN, *words, env={"PYTHONPATH": str(path)})
    assert broken.code == 1
    assert f"error: {path}/{name}.py hides the module {name} that this command needs" in broken.err
    assert "internal error" not in broken.err


@pytest.mark.slow
def test_no_traceback_for_a_fault_of_ours_unless_debugging(openai: Shell) -> None:
    """A fault as only a broken installation brings it: a module that cannot be imported."""
    broken = openai.folder / "openai_cli_breaker"
    broken.mkdir()
    (broken / "sitecustomize.py").write_text(
        "import sys\nsys.modules['openai_cli.client.client'] = None\n"
    )
    env = {"PYTHONPATH": str(broken)}

    def run(*flags: str) -> Result:
        return openai(*RUN, "--local", *flags, env=env)

    quiet = run()
    assert (quiet.code, quiet.out) == (1, "")
    assert quiet.err.startswith("error: internal error: ModuleNotFoundError: ")
    assert "Traceback" not in quiet.err
    assert quiet.err.count("\n") == 2
    assert "Traceback (most recent call last)" in run("--debug").err
    assert json.loads(run("--format-error", "json").err)["type"] == "unexpected_error"


@pytest.mark.first_by_default
@pytest.mark.parametrize(
    "words",
    [
        ("\udcff",),
        ("--\udcff",),
        ("beta:threads", "\udcff"),
        ("beta:threads", "retrieve", "t", "--\udcff"),
        ("beta:threads", "retrieve", "\udcff"),
        ("beta:threads", "create", "--metadata", "{a: \udcff}"),
        ("--api-key", "\udcff", "beta:threads", "retrieve", "t"),
        ("--header", "X: \udcff", "--help"),
        ("local", "import", "\udcff"),
    ],
)
def test_words_that_are_no_text(openai: Shell, server: Server, words: tuple[str, ...]) -> None:
    result = openai("--base-url", server.url, *words, "--format-error", "json")
    error = json.loads(result.err)
    assert (result.code, error["type"], server.seen) == (2, "usage_error", [])
    assert r"\xff" in error["message"]
    assert openai(*words).code == 2


@pytest.mark.slow
def test_half_a_surrogate_pair_in_an_error(openai: Shell, server: Server) -> None:
    server.reply(Reply(status=400, body='{"error": {"message": "no \\ud800"}}'))
    words = ("beta:threads", "retrieve", "t", "--format-error", "json")
    result = openai("--base-url", server.url, *words)
    assert (result.code, json.loads(result.err)["message"]) == (4, "no \ud800")
