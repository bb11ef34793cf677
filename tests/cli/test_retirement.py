"""The retirement of the Assistants endpoints, said once and where it hurts."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from openai_cli.api.operations import OPERATIONS, Operation, main_operation
from openai_cli.cli.catalog import command_rows
from openai_cli.cli.suggested_commands import for_other_server
from openai_cli.shell_words import quoted
from tests.support.family import COMMANDS, Command
from tests.support.inprocess import run_inprocess
from tests.support.server import Reply, Server
from tests.support.shell import OPENAI, Result, Shell

KEY = "sk-0123456789abcdef"
RUN = ("beta:threads", "create-and-run", "--assistant-id", "asst_demo")
HERE, THERE = ["--local"], ["--base-url", "https://YOUR-SERVER/v1"]
MARK = "OpenAI and Azure switched the Assistants endpoints off on 2026-08-26"

Gone = Callable[..., Result]


@pytest.fixture
def gone(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Gone:
    """A command whose host is played by the server, standing in as a proxy: it says 404."""
    server.reply(Reply(404, body={"error": {"message": "Unknown endpoint"}}))
    monkeypatch.setenv("HTTP_PROXY", server.url.removesuffix("/v1"))

    def run(*args: str, host: str = "api.openai.com") -> Result:
        environ = {
            "HOME": str(tmp_path),
            "OPENAI_BASE_URL": f"http://{host}/v1",
            "OPENAI_API_KEY": KEY,
        }
        return run_inprocess(args, environ=environ)

    return run


def suggested(result: Result) -> tuple[str, str]:
    """The two command lines of the hint."""
    lines = result.err.splitlines()
    (local,) = [
        line.removeprefix("  on the engine: ") for line in lines if "on the engine:" in line
    ]
    (there,) = [line.removeprefix("  on a server: ") for line in lines if "on a server:" in line]
    return local, there


def as_read(line: str, shell: str = "sh") -> list[str]:
    """The words a shell makes of a command line."""
    script = f"openai() {{ printf '%s\\0' openai \"$@\"; }}\n{line}"
    done = subprocess.run([shell, "-c", script], capture_output=True, check=True, timeout=20)
    return [word.decode(errors="surrogateescape") for word in done.stdout.split(b"\0")[:-1]]


@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_every_command_explains_it_once(command: Command, gone: Gone, server: Server) -> None:
    words = [*command.words, *command.args(command.flags)]
    result = gone(*words, "--max-retries=0")
    assert (result.code, result.out) == (4, "")
    assert result.err.count(MARK) == 1
    assert len(server.seen) == 1
    local, there = suggested(result)
    assert as_read(local) == ["openai", *HERE, *words, "--max-retries=0"]
    assert as_read(there) == ["openai", *THERE, *words, "--max-retries=0"]


@pytest.mark.parametrize("status", [404, 410])
@pytest.mark.parametrize(
    "host", ["api.openai.com", "eu.api.openai.com", "me.openai.azure.com", "API.OpenAI.com"]
)
def test_hosts_and_statuses_that_mean_it(
    host: str, status: int, gone: Gone, server: Server
) -> None:
    server.reply(Reply(status, body="gone"))
    assert MARK in gone(*RUN, host=host).err


@pytest.mark.parametrize(
    ("host", "status"),
    [("assistants.example.com", 404), ("openai.com.example.org", 404), ("notopenai.com", 410),
     ("api.openai.com", 400), ("api.openai.com", 401), ("api.openai.com", 403),
     ("api.openai.com", 501)],
)  # fmt: skip
def test_hosts_and_statuses_that_do_not(host: str, status: int, gone: Gone, server: Server) -> None:
    server.reply(Reply(status, body="no"))
    result = gone(*RUN, host=host)
    assert result.code == 4
    assert "2026" not in result.err
    assert "on the engine" not in result.err


def test_a_run_that_is_followed_explains_it_once(gone: Gone) -> None:
    for more in (["--wait"], ["--stream"], ["--format=text"], ["--on-tool-call=*=cat"]):
        assert gone(*RUN, *more).err.count(MARK) == 1


SECRETS = ("--api-key", "sk-flag-0123456789", "--header=X-Auth: secret-1",
           "--header", "X-Auth: secret-2", "-organization", "org-secret", "--project=proj-secret",
           "--admin-api-key", "secret-3", "--webhook-secret=secret-4")  # fmt: skip


@pytest.mark.parametrize("place", range(5))
def test_no_secret_and_no_option_of_the_old_server_is_repeated(place: int, gone: Gone) -> None:
    words = list(RUN)
    at = [0, 1, 2, 4, 4][place]
    typed = [*words[:at], *SECRETS, *words[at:], "--message=Hi"]
    result = gone(*typed)
    assert "secret" not in result.err
    assert "sk-" not in result.err
    assert as_read(suggested(result)[0]) == ["openai", *HERE, *RUN, "--message=Hi"]


def test_a_value_that_looks_like_an_option_hides_none() -> None:
    # A lone `--` can be a value; what follows it is flags all the same.
    args = [*RUN, "--message", "--", "--api-key", KEY, "--message=--local", "--", "-x"]
    assert as_read(_elsewhere(main_operation(), args)) == [
        "openai", *HERE, *RUN, "--message", "--", "--message=--local", "--", "-x",
    ]  # fmt: skip


def test_the_same_in_data(gone: Gone) -> None:
    result = gone(*RUN, "--message", "two\nlines", "--format-error", "json")
    hint = json.loads(result.err)["hint"]
    assert hint.count(MARK) == 1
    (line,) = [one for one in hint.splitlines() if one.startswith("on the engine: ")]
    words = as_read(line.removeprefix("on the engine: "), "bash")
    assert words == ["openai", *HERE, *RUN, "--message", "two\nlines", "--format-error", "json"]


def test_a_very_long_command_line_is_not_repeated(gone: Gone) -> None:
    result = gone(*RUN, "--message", "x" * 3000)
    assert MARK in result.err
    assert "xxx" not in result.err


def test_the_suggestion_works_as_it_is(openai: Shell, gone: Gone) -> None:
    texts = 'it\'s "$HOME" `x` \\ *\nline 2\t\u00a0é日本'
    local, _ = suggested(gone(*RUN, "--message", texts, "--format", "text"))
    done = subprocess.run(
        ["bash", "-c", local], cwd=openai.folder, capture_output=True, timeout=60, check=False,
        stdin=subprocess.DEVNULL,
        env={**openai.environ, "PATH": OPENAI.rpartition("/")[0] + ":" + openai.environ["PATH"]},
    )  # fmt: skip
    assert (done.returncode, done.stdout.decode()) == (0, texts + "\n")


def _elsewhere(operation: Operation, args: Sequence[str]) -> str:
    return for_other_server(args, command_rows(operation), HERE)


_SOME = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
_ODD = st.text("a1'\"\\$`!*? \n\t\x07\x1b\x7f\x85\u2028\udcff;|&-=~#()", max_size=8)


@given(st.lists(_SOME | _ODD, max_size=4))
@example(["a\nb", "\\001", "'", "\n1", ""])
def test_quoted_words_are_read_as_they_were(words: list[str]) -> None:
    words = [word for word in words if "\0" not in word]
    line = " ".join(["openai", *map(quoted, words)])
    assert line.isprintable()
    assert as_read(line, "bash") == ["openai", *words]
    if all(word.isprintable() for word in words):
        assert as_read(line, "sh") == ["openai", *words]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_nothing_but_the_connection_is_dropped(operation: Operation) -> None:
    values = {"optional": ["--{}=x"], "nothing": ["--{}"], "value": ["--{}", "x"]}
    kept, given_ = [], []
    for row in command_rows(operation):
        words = [part.format(row.name[2:]) for part in values[row.takes]]
        given_ += words
        if row.panel != "Connection" or row.name in ("--profile", "--timeout", "--max-retries"):
            kept += words
    assert as_read(_elsewhere(operation, given_)) == ["openai", *HERE, *kept]


def test_other_shapes_of_error_explain_it_too(gone: Gone, server: Server) -> None:
    bodies: list[Any] = ["", "<html>404</html>", {"detail": "Not Found"}]
    for body in bodies:
        server.reply(Reply(404, body=body))
        assert gone(*RUN).err.count(MARK) == 1
