"""Standard input of the installed command: loops of shells, idle pipes, bodies that come late."""

from __future__ import annotations

import json
import os
import shlex
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.server import Server
from tests.support.shell import OPENAI, Shell

pytestmark = pytest.mark.slow

RUN = ("beta:threads", "create-and-run", "--assistant-id", "a")
DRY = (*RUN, "--dry-run", "--format=jsonl", "--transform=body")
FOREVER = {"OPENAI_STDIN_TIMEOUT": "3600"}
"""A wait that no test outlasts: what ends with it did not wait for standard input."""

each_shell = pytest.mark.parametrize(
    "shell", ["bash", pytest.param("dash", marks=[pytest.mark.slow, pytest.mark.needs("dash")])]
)
each_source = pytest.mark.parametrize("source", ["cat lines | {}", "{} < lines"])


def sh(openai: Shell, script: str, shell: str = "sh") -> subprocess.CompletedProcess[str]:
    """Run a script in which `openai` is the installed command."""
    return subprocess.run(
        [shell, "-c", f'openai() {{ {shlex.quote(OPENAI)} "$@"; }}\n{script}'],
        cwd=openai.folder, env=openai.environ, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=60, check=False,
    )  # fmt: skip


def loop(source: str, command: str) -> str:
    """A loop over the lines of the file `lines`."""
    return source.format(f"while IFS= read -r line; do openai {command}; echo code $?; done")


@pytest.fixture
def lines(openai: Shell) -> Path:
    path = openai.folder / "lines"
    path.write_text("first: line\nsecond: line\nthird: line\n")
    return path


@contextmanager
def idle_pipe() -> Iterator[int]:
    """The reading end of a pipe that stays open without data."""
    reading, writing = os.pipe()
    try:
        yield reading
    finally:
        os.close(reading)
        os.close(writing)


@each_shell
@each_source
@pytest.mark.parametrize("text", ["first: 1\nsecond: 2\nthird: 3\n", "a\nb\nc\n", "1\n{}\n[]\n"])
def test_a_loop_is_named_and_its_lines_are_not_sent(
    openai: Shell, server: Server, lines: Path, shell: str, source: str, text: str
) -> None:
    lines.write_text(text)
    command = f'{" ".join(RUN)} --base-url {server.url} --message "$line"'
    done = sh(openai, loop(source, command), shell)
    assert done.stdout.splitlines()[0] == "code 2"
    assert server.seen == []
    assert done.stderr.startswith("error: stdin: ")
    assert "hint: if this is not the body, as in a loop (while read" in done.stderr
    assert "< /dev/null" in done.stderr


@each_shell
@each_source
def test_a_loop_as_the_hint_says(
    openai: Shell, server: Server, lines: Path, shell: str, source: str
) -> None:
    command = f'{" ".join(RUN)} --base-url {server.url} --message "$line" < /dev/null'
    done = sh(openai, loop(source, command), shell)
    assert (done.stderr, len(server.seen)) == ("", 3)
    said = [seen.json["thread"]["messages"][0]["content"] for seen in server.seen]
    assert said == lines.read_text().splitlines()


@each_shell
@each_source
@pytest.mark.parametrize(
    ("command", "method"),
    [
        ('beta:threads delete "$line"', "DELETE"),
        ('beta:threads retrieve "$line"', "GET"),
        ('beta:threads:runs retrieve --thread-id "$line" run_1', "GET"),
        ('beta:threads:messages list "$line" --max-items 1', "GET"),
        ("beta:assistants list --max-items 1", "GET"),
        ('beta:threads:runs cancel "$line" run_1', "POST"),
    ],
)
def test_a_command_without_body_leaves_the_lines_to_the_loop(
    openai: Shell, server: Server, lines: Path, shell: str, source: str, command: str, method: str
) -> None:
    lines.write_text("limit:2\nb\nc\n")
    done = sh(openai, loop(source, f"{command} --base-url {server.url}"), shell)
    assert done.stdout.count("code ") == 3
    assert [seen.method for seen in server.seen] == [method] * 3
    assert not any("limit=2" in seen.path for seen in server.seen)
    if "$line" in command:
        assert ["limit%3A2" in seen.path for seen in server.seen] == [True, False, False]


@each_shell
def test_the_last_line_of_a_loop_is_no_body_even_if_it_looks_like_one(
    openai: Shell, server: Server, lines: Path, shell: str
) -> None:
    lines.write_text('{"role": "user", "content": "one"}\n{"role": "user", "content": "two"}\n')
    command = (
        f'beta:threads:messages create t --role user --content "$line" --base-url {server.url}'
    )
    done = sh(openai, loop("{} < lines", command), shell)
    assert (done.stdout, server.seen) == ("code 2\n", [])
    assert "another command has read the beginning of this file" in done.stderr


@each_shell
def test_a_line_of_a_loop_that_is_a_body_is_not_lost_in_silence(
    openai: Shell, server: Server, lines: Path, shell: str
) -> None:
    lines.write_text('{"role": "user", "content": "one"}\n{"role": "user", "content": "two"}\n')
    create = f"beta:threads:messages create t --role user --base-url {server.url}"
    command = f'{create} --raw-field content="$line"'
    done = sh(openai, loop("cat lines | {}", command), shell)
    assert (done.stdout.count("code 0"), len(server.seen)) == (1, 1)
    assert done.stderr.startswith(
        "warning: stdin: nothing of this object is sent, because flags set"
    )
    assert "add < /dev/null to the command" in done.stderr


def test_a_script_on_standard_input(openai: Shell) -> None:
    """Bash reads it line by line, so that its rest is what the command finds."""
    script = f"{shlex.quote(OPENAI)} {' '.join(DRY)}\necho next\n"
    done = subprocess.run(
        ["bash"], input=script, cwd=openai.folder, env=openai.environ, capture_output=True,
        text=True, timeout=60, check=False,
    )  # fmt: skip
    assert "error: stdin: " in done.stderr
    assert "< /dev/null" in done.stderr


@pytest.mark.parametrize(
    "command",
    [
        ("beta:threads", "retrieve", "t", "--dry-run"),
        ("beta:threads:messages", "list", "--thread-id=t", "--dry-run"),
        ("beta:threads:runs", "cancel", "t", "r", "--dry-run"),
        (*RUN, "--no-stdin", "--dry-run"),
        (*RUN, "--body={}", "--dry-run"),
        (*RUN, "--stdin-timeout=0", "--dry-run"),
        ("beta:threads", "create-and-run", "--help"),
        ("--version",),
    ],
    ids=" ".join,
)
def test_an_idle_pipe_is_not_looked_at(openai: Shell, command: tuple[str, ...]) -> None:
    with idle_pipe() as reading:
        process = openai.start(
            *command, stdin=reading, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=FOREVER
        )
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, b"")


def test_an_idle_pipe_does_not_delay_a_usage_error(openai: Shell) -> None:
    with idle_pipe() as reading:
        process = openai.start(
            *RUN, "--top-p=x", stdin=reading, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=FOREVER,
        )  # fmt: skip
        _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert err.startswith(b"error: --top-p: expected a number")


@pytest.mark.parametrize("how", [("--stdin-timeout", "0.2"), ()])
def test_an_idle_pipe_is_given_up_with_a_warning(openai: Shell, how: tuple[str, ...]) -> None:
    process = openai.start(
        *DRY, *how, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    # Its standard input stays open all the time.
    assert process.stdout is not None
    assert process.stderr is not None
    with process:
        out, err = process.stdout.read(), process.stderr.read()
        assert process.wait() == 0
    assert json.loads(out) == {"assistant_id": "a"}
    seconds = how[1] if how else "0.05"
    assert err.decode() == (
        "warning: standard input is a pipe and was not read: no data arrived within "
        f"{seconds} s (- or --body - waits for a body that comes later; < /dev/null or "
        "--no-stdin: there is none)\n"
    )


def test_a_loop_over_a_pipe_without_an_end_is_told(openai: Shell) -> None:
    """As in `tail -f log | while read -r line; do openai …; done`."""
    process = openai.start(*DRY, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stderr is not None
    with process:
        process.stdin.write(b"the next line\n")
        process.stdin.flush()
        said = process.stderr.readline()
        process.stdin.close()
        assert process.wait() == 2
    assert said.startswith(b"note: standard input is read as the body, but has not ended yet")
    assert said.endswith(b"end the command with < /dev/null)\n")


def test_an_idle_pipe_costs_little(openai: Shell) -> None:
    """In units of the same command with /dev/null: waiting, as for seconds, is far off."""

    def duration(stdin: int) -> float:
        begin = time.perf_counter()
        process = openai.start(*DRY, stdin=stdin, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        process.communicate(timeout=60)
        assert process.returncode == 0
        return time.perf_counter() - begin

    with idle_pipe() as reading:
        pairs = [(duration(reading), duration(subprocess.DEVNULL)) for _ in range(5)]
    idle, unit = (min(one) for one in zip(*pairs, strict=True))
    assert idle < 2 * unit + 0.05  # which is the wait itself


def test_an_idle_socket_is_given_up_too(openai: Shell) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        process = openai.start(*DRY, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        out, err = process.communicate(timeout=60)
    assert json.loads(out) == {"assistant_id": "a"}
    assert b"--body - waits" in err


@pytest.mark.needs("node")
def test_the_default_standard_input_of_node(openai: Shell) -> None:
    script = (
        "const {spawn} = require('child_process');"
        "const child = spawn(process.argv[1], process.argv.slice(2));"
        "child.stdout.pipe(process.stdout); child.stderr.pipe(process.stderr);"
        "child.on('close', code => process.exit(code));"
    )
    done = subprocess.run(
        ["node", "-e", script, "--", OPENAI, *DRY, "--message", "Hi"], cwd=openai.folder,
        env=openai.environ, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0
    assert json.loads(done.stdout)["thread"]["messages"][0]["content"] == "Hi"
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("warning: standard input is a pipe and was not read")


def test_an_idle_pipe_is_named_when_something_is_missing(openai: Shell) -> None:
    with idle_pipe() as reading:
        process = openai.start(
            "beta:threads", "create-and-run", stdin=reading, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )  # fmt: skip
        _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert b"--assistant-id: is required" in err
    assert b"hint: standard input is a pipe on which no data arrived in time (- or --body -" in err


@pytest.mark.parametrize("how", ["-", "--body -", "--body @-", "--stdin-timeout 60"])
def test_a_body_that_comes_late(openai: Shell, how: str) -> None:
    """The producer writes when the command is at its wait, which takes longer than the default."""
    done = sh(openai, f"(sleep 1; echo 'model: late') | openai {' '.join(DRY)} {how}")
    assert (done.stderr, json.loads(done.stdout)) == ("", {"assistant_id": "a", "model": "late"})


def test_an_announced_body_may_have_unknown_fields_only(openai: Shell) -> None:
    given = "title: x"
    for how in (["-"], ["--body", "-"], ["--body", given], ["--body", "@body"]):
        (openai.folder / "body").write_text(given)
        assert openai(*DRY, *how, stdin=given).json == {"assistant_id": "a", "title": "x"}
    refused = openai(*DRY, stdin=given)
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith(
        'error: stdin: this object has no field of the request, found "title"'
    )
    assert openai(*DRY, "--no-validate", stdin=given).code == 2


@pytest.mark.parametrize("words", [["-"], ["--body", "-"], ["--body="], ["--body", "@empty"]])
def test_an_announced_body_must_be_there(openai: Shell, words: list[str]) -> None:
    (openai.folder / "empty").touch()
    result = openai(*DRY, *words, stdin="")
    assert (result.code, result.out) == (2, "")
    assert "expected an object with the request's fields, found nothing" in result.err


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["-", "-"], 'error: "-": unexpected argument'),
        (["-", "--body", "{}"], "--body: only one body can be given"),
        (["--body", "{}", "--body", "{}"], "--body: only one body can be given"),
        (["-", "--message", "@-"], "standard input was read as @- already"),
        (["--body", "[1]"], "--body: expected an object with the request's fields"),
        (["--no-stdin", "-"], "standard input is not read with --no-stdin"),
        (["--no-stdin", "--message=@-"], "--message: standard input is not read with --no-stdin"),
    ],
)
def test_standard_input_has_one_use(openai: Shell, words: list[str], why: str) -> None:
    result = openai(*DRY, *words, stdin="model: m")
    assert (result.code, result.out) == (2, "")
    assert why in result.err


def test_zero_is_a_default_and_no_bar(openai: Shell) -> None:
    never = {"OPENAI_STDIN_TIMEOUT": "0"}
    assert openai(*DRY, stdin="model: m", env=never).json == {"assistant_id": "a"}
    assert openai(*DRY, "-", stdin="model: m", env=never).json["model"] == "m"
    wrong = openai(*DRY, env={"OPENAI_STDIN_TIMEOUT": "soon"})
    assert wrong.err == (
        "error: OPENAI_STDIN_TIMEOUT: expected a number of seconds up to a day, or 0 for never, "
        'found "soon"; nothing was sent\n'
    )


def test_an_id_from_standard_input(openai: Shell, server: Server) -> None:
    base = ("--base-url", server.url)
    openai("beta:threads", "retrieve", "-", *base, stdin="thread_1\r\n")
    openai("beta:threads", "retrieve", "--thread-id", "-", *base, stdin="{thread_id: thread_2}")
    openai("beta:threads:runs", "retrieve", "-", "run_1", *base, stdin="123\n")
    both = '{"thread_id": "thread_3", "run_id": "run_3"}'
    openai("beta:threads:runs", "retrieve", "-", "-", *base, stdin=both)
    openai("beta:threads:runs", "retrieve", *base, stdin=both)
    body = '{"thread_id": "thread_4", "metadata": {"a": "b"}}'
    openai("beta:threads", "update", "-", *base, stdin=body)
    assert [seen.path for seen in server.seen] == [
        "/v1/threads/thread_1",
        "/v1/threads/thread_2",
        "/v1/threads/123/runs/run_1",
        "/v1/threads/thread_3/runs/run_3",
        "/v1/threads/thread_3/runs/run_3",
        "/v1/threads/thread_4",
    ]
    assert server.last.json == {"metadata": {"a": "b"}}


@pytest.mark.parametrize("text", ["thread_1\n", "a\nb\n", "title: x"])
def test_an_id_that_nobody_asked_for_is_told_how(openai: Shell, text: str) -> None:
    result = openai("beta:threads", "retrieve", stdin=text)
    assert (result.code, result.out) == (2, "")
    assert "add < /dev/null to the command; - in place of an id reads the id" in result.err
    assert "--body" not in result.err


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "--thread-id: is required"),
        ("two words", 'stdin: expected an id, found "two words"'),
        ("a\nb\n", "expected an id"),
        ("{broken", "stdin: neither JSON nor YAML"),
        ("[1]", "stdin: expected an object with the request's fields"),
    ],
)
def test_what_is_no_id_on_standard_input(openai: Shell, text: str, why: str) -> None:
    result = openai("beta:threads", "retrieve", "-", stdin=text)
    assert (result.code, result.out) == (2, "")
    assert why in result.err
