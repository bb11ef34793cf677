"""Standard streams as shells leave them: closed, full, missing, or not in UTF-8."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

from tests.cli.conftest import message
from tests.support.server import Reply, Server, sse
from tests.support.shell import OPENAI, Result, Shell

Bash = Callable[..., Result]
RUN = "beta:threads create-and-run --assistant-id asst_demo"
LOCAL = f"openai --local {RUN} --message"
LONG = "word " * 30_000


@pytest.fixture
def bash(openai: Shell) -> Bash:
    """A line of bash, in which `openai` is the installed command."""

    def run(line: str, **env: str) -> Result:
        path = f"{OPENAI.rpartition('/')[0]}:{openai.environ['PATH']}"
        done = subprocess.run(
            ["bash", "-c", f"set -o pipefail\n{line}"],
            cwd=openai.folder,
            env={**openai.environ, "PATH": path, **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
            check=False,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    return run


@pytest.mark.first_by_default
@pytest.mark.parametrize("flags", ["", "--stream --format jsonl"])
def test_a_reader_that_goes_away_is_no_error_and_the_run_is_finished(
    bash: Bash, flags: str
) -> None:
    done = bash(f'seq 30000 | tr "\\n" " " > long; {LOCAL} @long {flags} | head -1')
    assert (done.code, done.err, done.out.count("\n")) == (0, "", 1)
    store = '"$HOME/.local/share/openai-cli/assistants.db"'
    query = "SELECT DISTINCT status FROM runs"
    left = bash(f"""python3 -c 'import sqlite3,sys
print(sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchall())' {store} "{query}" """)
    assert left.out == "[('completed',)]\n", left.err


@pytest.mark.slow
def test_a_reader_that_goes_away_from_a_server(bash: Bash, server: Server) -> None:
    events = [("thread.created", {"object": "thread", "id": f"t{n}"}) for n in range(2000)]
    server.reply(Reply(chunks=sse(*events, ("done", "[DONE]"))))
    done = bash(f"openai {RUN} --stream --format jsonl | head -2", OPENAI_BASE_URL=server.url)
    assert (done.code, done.err, len(done.lines)) == (0, "", 2)
    server.reply(Reply(400, body={"error": {"message": "no " * 50_000}}))
    line = f"openai {RUN} --format-error json 2>&1 >/dev/null | head -c 9"
    assert bash(line, OPENAI_BASE_URL=server.url).out == '{\n  "mess'


@pytest.mark.first_by_default
@pytest.mark.parametrize(
    ("redirection", "code", "err"),
    [
        (">&-", 1, "error: cannot write the output: standard output is closed\n"),
        ("> /dev/full", 1, "error: cannot write the output: No space left on device\n"),
        ("2>&- > out", 0, ""),
        ("2> /dev/full > out", 0, ""),
        (">&- 2>&-", 1, ""),
        ("<&- > out", 0, ""),
        ("<&- >&- 2>&-", 1, ""),
    ],
)
def test_streams_that_are_closed_or_full(bash: Bash, redirection: str, code: int, err: str) -> None:
    done = bash(f"{LOCAL} Hi {redirection}; echo $?; cat out 2>/dev/null")
    status, _, out = done.out.partition("\n")
    assert (int(status), done.err) == (code, err)
    assert ('"thread.run"' in out) is ("out" in redirection)


@pytest.mark.first_by_default
@pytest.mark.parametrize("redirection", [">&-", "> /dev/full"])
@pytest.mark.parametrize("words", ["--help", f"{RUN} --dry-run=curl"])
def test_help_that_cannot_be_written_is_an_error_too(
    bash: Bash, words: str, redirection: str
) -> None:
    done = bash(f"openai {words} {redirection}")
    assert done.code == 1
    assert done.err.startswith("error: cannot write the output: ")
    assert done.err.count("\n") == 1


@pytest.mark.slow
def test_refusals_keep_their_code_with_nobody_to_tell(bash: Bash) -> None:
    assert bash(f"openai {RUN} --top-p 7 2>&-").code == 2
    assert bash(f"openai {RUN} --top-p 7 2>/dev/full --format-error json").code == 2
    assert bash(f"openai {RUN} --base-url http://127.0.0.1:1 --max-retries 0 2>&- >&-").code == 3


@pytest.mark.slow
def test_without_any_terminal_and_in_a_poor_locale(bash: Bash) -> None:
    done = bash(f'setsid -w {LOCAL} "Grüße 😀 \u2028" --format text', LANG="C", LC_ALL="C")
    assert (done.code, done.out, done.err) == (0, "Grüße 😀 \u2028\n", "")
    refused = bash(f"openai {RUN} --tool-choice ü", LC_ALL="C", PYTHONIOENCODING="ascii")
    assert (refused.code, 'found "ü"' in refused.err) == (2, True)


def test_arguments_that_are_no_utf_8(bash: Bash) -> None:
    done = bash(f"{LOCAL} $'a\\xffb' --format text")
    assert "Traceback" not in done.err
    assert "fault" not in done.err
    assert done.code in (0, 2)


def test_an_address_that_is_no_utf_8(bash: Bash) -> None:
    done = bash(f"openai {RUN} --base-url $'http://127.0.0.1/\\xff'")
    assert done.code == 2
    assert (
        '"http://127.0.0.1/\\xff" holds bytes that are not valid text; nothing was sent' in done.err
    )


@pytest.mark.slow
def test_stdin_closed_is_an_empty_body(bash: Bash, server: Server) -> None:
    done = bash(f"openai {RUN} <&-", OPENAI_BASE_URL=server.url)
    assert (done.code, server.last.json) == (0, {"assistant_id": "asst_demo"})


def test_events_are_written_the_moment_they_come(openai: Shell, server: Server) -> None:
    """The server waits for ever after its first event: what came must be out already."""
    server.reply(Reply(chunks=sse(("thread.message.delta", message("x")), ("e", "{}")), pause=20))
    words = [*RUN.split(), "--base-url", server.url, "--stream", "--format", "jsonl"]
    command = openai.start(*words, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    assert command.stdout is not None
    try:
        assert command.stdout.readline().startswith(b'{"event":"thread.message.delta"')
        assert command.poll() is None
    finally:
        command.kill()
        command.stdout.close()
        command.wait()
