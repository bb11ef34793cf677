"""The upstream as the command line names it: flags, variables, whose key goes where."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.support import Api
from tests.engine.test_errors import rows
from tests.engine.upstream.support import Upstream, answers, chat_says, message, refusal
from tests.support.inprocess import run_inprocess
from tests.support.server import Reply
from tests.support.shell import Result, Shell

# What is stored and sent is the subject here, not the process.
pytestmark = pytest.mark.in_process

ASK = ("beta:threads", "create-and-run", "--assistant-id", "asst_demo", "--message", "Hi")
REAL = (*ASK, "--model", "small")
TEXT = ("--format", "text")


def quick(file: Path, *words: str, env: dict[str, str] | None = None) -> Result:
    """The command in this process, on a store of its own."""
    return run_inprocess(["--base-url", f"local:{file}", *words], environ=env or {})


def test_any_name_but_echo_goes_to_the_upstream(openai: Shell, upstream: Upstream) -> None:
    upstream.reply(chat_says("Good ", "day"))
    asked = openai("--local", "--upstream-url", upstream.url, *REAL, *TEXT)
    assert (asked.code, asked.out, asked.err) == (0, "Good day\n", "")
    assert upstream.last.path == "/v1/chat/completions"
    assert upstream.last.json["model"] == "small"
    offline = openai("--local", "--upstream-url", upstream.url, *ASK, *TEXT)
    assert (offline.out, len(upstream.seen)) == ("Hi\n", 1)


def test_the_api_may_be_said(store_file: Path, upstream: Upstream) -> None:
    upstream.reply(answers(message("Good day")))
    words = ("--upstream-url", upstream.url, "--upstream-api=responses")
    assert quick(store_file, *words, *REAL, *TEXT).out == "Good day\n"
    assert upstream.last.path == "/v1/responses"


def test_flags_beat_variables(store_file: Path, upstream: Upstream) -> None:
    upstream.reply(chat_says("Good day"))
    env = {
        "OPENAI_LOCAL_UPSTREAM_URL": "http://127.0.0.1:9/v1",
        "OPENAI_LOCAL_UPSTREAM_API": "responses",
        "OPENAI_LOCAL_UPSTREAM_KEY": "sk-from-the-environment",
        "OPENAI_LOCAL_UPSTREAM_MODEL": "small=tiny",
    }
    words = ("--upstream-url", upstream.url, "--upstream-api", "chat", "--upstream-key", "sk-flag")
    assert quick(store_file, *words, *REAL, *TEXT, env=env).out == "Good day\n"
    assert upstream.last.header("authorization") == "Bearer sk-flag"
    env["OPENAI_LOCAL_UPSTREAM_URL"] = upstream.url
    assert quick(store_file, *words[2:], *REAL, *TEXT, env=env).out == "Good day\n"


def test_timeout_is_the_upstreams(store_file: Path, upstream: Upstream) -> None:
    upstream.reply(Reply(hang=30))
    slow = quick(store_file, "--upstream-url", upstream.url, "--timeout", "0.2", *REAL)
    assert slow.code == 5
    assert "took too long to answer" in slow.out


def test_echo_tells_nobody_the_key(store_file: Path, upstream: Upstream) -> None:
    env = {"OPENAI_API_KEY": "sk-secret", "OPENAI_LOCAL_UPSTREAM_URL": upstream.url}
    assert quick(store_file, *ASK, *TEXT, env=env).out == "Hi\n"
    assert upstream.seen == []
    assert b"sk-secret" not in store_file.read_bytes()


def test_the_key_does_not_follow_a_redirect(store_file: Path, upstream: Upstream) -> None:
    other = Upstream()
    other.reply(chat_says("stolen"))
    upstream.reply(Reply(status=307, headers={"Location": f"{other.url}/chat/completions"}))
    words = ("--upstream-url", upstream.url, "--upstream-key", "sk-secret")
    ended = quick(store_file, *words, *REAL)
    other.close()
    assert (ended.code, other.seen) == (5, [])
    assert "redirects to" in ended.out
    assert "sk-secret" not in ended.out + ended.err


def test_a_key_that_an_upstream_repeats_is_not_shown(store_file: Path, upstream: Upstream) -> None:
    upstream.reply(refusal(401, "Incorrect API key provided: sk-secret."))
    ended = quick(
        store_file, "--upstream-url", upstream.url, "--upstream-key", "sk-secret", *REAL, "--debug"
    )
    assert ended.code == 5
    assert "401" in ended.out
    assert "sk-secret" not in ended.out + ended.err
    assert b"sk-secret" not in store_file.read_bytes()


def test_openai_needs_a_key(store_file: Path) -> None:
    ended = quick(store_file, *REAL)
    assert (ended.code, ended.out) == (4, "")
    assert "The upstream api.openai.com needs a key: set OPENAI_API_KEY" in ended.err
    api = Api(store_file)
    assert rows(api) == [0, 0, 0, 0]
    api.close()


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--upstream-api", "respones"], 'found "respones" (did you mean responses?)'),
        (["--upstream-url", "local:x.db"], "--upstream-url: must be a server"),
        (["--upstream-url", "localhost:11434/v1"], "did you mean http://localhost:11434/v1?"),
        (["--upstream-url", "http://u:p@127.0.0.1/v1"], "must not contain a user name or password"),
        (["--upstream-url", ""], "--upstream-url"),
        (["--upstream-api", ""], "--upstream-api: is empty"),
    ],
)
def test_wrong_flags_are_refused(store_file: Path, words: list[str], problem: str) -> None:
    ended = quick(store_file, *words, *ASK)
    assert (ended.code, ended.out) == (2, "")
    assert problem in ended.err
    assert not store_file.exists()


def test_flags_are_refused_where_no_engine_is(upstream: Upstream) -> None:
    words = ["--base-url", upstream.url, "--upstream-url", upstream.url, "--upstream-api", "chat"]
    ended = run_inprocess([*words, *ASK])
    assert ended.code == 2
    assert "--upstream-url: works with the embedded engine only: --local" in ended.err
    assert "--upstream-api: works with the embedded engine only: --local" in ended.err
    assert upstream.seen == []


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("OPENAI_LOCAL_UPSTREAM_API", "soap", "must be 'responses' or 'chat', not 'soap'"),
        ("OPENAI_LOCAL_UPSTREAM_URL", "local:", "must be a server, not the engine"),
        ("OPENAI_LOCAL_UPSTREAM_URL", "ftp://x", "must begin with http://"),
        ("OPENAI_LOCAL_UPSTREAM_TIMEOUT", "soon", "must be a number of seconds, not 'soon'"),
    ],
)
def test_wrong_variables_are_refused_where_they_matter(
    store_file: Path, name: str, text: str, problem: str
) -> None:
    env = {"OPENAI_API_KEY": "sk-1", name: text}
    ended = quick(store_file, *REAL, env=env)
    assert (ended.code, ended.out) == (4, "")
    assert problem in ended.err
    assert quick(store_file, *ASK, *TEXT, env=env).code == 0


@pytest.mark.parametrize("api", ["responses", "chat"])
def test_what_the_upstream_cannot_carry_writes_nothing(
    store_file: Path, upstream: Upstream, api: str
) -> None:
    words = ("--upstream-url", upstream.url, "--upstream-api", api)
    ended = quick(store_file, *words, *REAL, "--tool", "file_search")
    assert ended.code == 4
    assert f"'tools[0].type': 'file_search' is not supported by the {api} backend" in ended.err
    assert upstream.seen == []
    opened = Api(store_file)
    assert rows(opened) == [0, 0, 0, 0]
    opened.close()
