"""`--format explore` on a real terminal, and without one."""

from __future__ import annotations

import pytest

from tests.support.shell import OPENAI, Shell
from tests.support.terminal import Terminal

RUN = "--local beta:threads create-and-run --assistant-id asst_demo --message Hi --format explore"


def search(terminal: Terminal, text: bytes) -> None:
    terminal.expect("usage")
    terminal.press(b"/")
    terminal.expect("search keys")
    terminal.press(text + b"\r")
    terminal.expect("1 of 1")


@pytest.mark.slow
def test_the_chosen_value_is_printed_after_the_explorer_has_closed(openai: Shell) -> None:
    terminal = Terminal(
        [OPENAI, *RUN.split()],
        folder=openai.folder,
        environ={**openai.environ, "TERM": "xterm-256color"},
    )
    search(terminal, b"asst_demo")
    terminal.press(b"p")
    screen = terminal.finish()
    assert screen.code == 0
    assert screen.text.endswith("asst_demo\n")


@pytest.mark.slow
def test_a_stream_can_be_left_while_it_comes_in_and_the_run_still_ends(openai: Shell) -> None:
    words = RUN.replace("Hi", "X").split()
    words[words.index("X")] = "!slow 1\nHi there you"
    terminal = Terminal(
        [OPENAI, *words, "--stream"],
        folder=openai.folder,
        environ={**openai.environ, "TERM": "xterm-256color"},
    )
    terminal.expect("thread.run.created")
    terminal.press(b"q")
    assert terminal.finish().code == 0


def with_streams(openai: Shell, redirections: str) -> Terminal:
    return Terminal(
        ["sh", "-c", f"'{OPENAI}' {RUN} {redirections}"],
        folder=openai.folder,
        environ={**openai.environ, "TERM": "xterm-256color"},
    )


@pytest.mark.first_by_default
@pytest.mark.parametrize("redirections", ["< body", "2> errors", "< /dev/null 2> errors"])
def test_keys_and_screen_are_those_of_the_terminal(openai: Shell, redirections: str) -> None:
    (openai.folder / "body").write_text("metadata: {from: pipe}")
    terminal = with_streams(openai, redirections)
    search(terminal, b"asst_demo")
    terminal.press(b"p")
    screen = terminal.finish()
    assert screen.code == 0
    assert screen.text.endswith("asst_demo\n")
    if "errors" in redirections:
        assert (openai.folder / "errors").read_bytes() == b""


@pytest.mark.slow
def test_a_body_from_a_pipe_is_read_before_the_keys(openai: Shell) -> None:
    terminal = Terminal(
        ["sh", "-c", f"echo 'metadata: {{from: pipe}}' | '{OPENAI}' {RUN}"],
        folder=openai.folder,
        environ={**openai.environ, "TERM": "xterm-256color"},
    )
    search(terminal, b"pipe")
    terminal.press(b"q")
    assert terminal.finish().code == 0


@pytest.mark.slow
@pytest.mark.parametrize("more", ["", "--stream"])
def test_ctrl_c_ends_it(openai: Shell, more: str) -> None:
    terminal = with_streams(openai, more)
    terminal.expect("run")
    terminal.expect("Quit")
    terminal.press(b"\x03")
    assert terminal.finish().code == 130


@pytest.mark.slow
def test_a_dumb_terminal_gets_plain_json(openai: Shell) -> None:
    screen = Terminal(
        [OPENAI, *RUN.split(), "--transform", "status"],
        folder=openai.folder,
        environ={**openai.environ, "TERM": "dumb"},
    ).finish()
    assert screen.code == 0
    assert screen.text == (
        'note: explore needs a terminal and an answer; printing JSON\n"completed"\n'
    )


@pytest.mark.slow
def test_without_a_terminal_it_is_plain_json_and_says_so(openai: Shell) -> None:
    done = openai(f"{RUN} --transform status")
    assert (done.code, done.out) == (0, '"completed"\n')
    assert done.err == "note: explore needs a terminal and an answer; printing JSON\n"


def test_errors_cannot_be_explored(openai: Shell) -> None:
    done = openai("--local beta:threads create-and-run --assistant-id a --format-error explore")
    assert done.code == 2
    assert "--format-error: expected one of auto, json, jsonl, pretty, raw, text, yaml" in done.err
