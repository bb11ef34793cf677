"""`--format explore` on a real terminal, and without one."""

from __future__ import annotations

from tests.support.shell import OPENAI, Shell
from tests.support.terminal import Terminal

RUN = "--local beta:threads create-and-run --assistant-id asst_demo --message Hi --format explore"


def test_the_chosen_value_is_printed_after_the_explorer_has_closed(openai: Shell) -> None:
    terminal = Terminal(
        [OPENAI, *RUN.split()],
        folder=openai.folder,
        environ={**openai.environ, "TERM": "xterm-256color"},
    )
    terminal.expect("usage")
    terminal.press(b"/")
    terminal.expect("search keys")
    terminal.press(b"asst_demo\r")
    terminal.expect("1 of 1")
    terminal.press(b"p")
    screen = terminal.finish()
    assert screen.code == 0
    assert screen.text.endswith("asst_demo\n")


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


def test_without_a_terminal_it_is_plain_json_and_says_so(openai: Shell) -> None:
    done = openai(f"{RUN} --transform status")
    assert (done.code, done.out) == (0, '"completed"\n')
    assert done.err == "note: explore needs a terminal and an answer; plain JSON instead\n"


def test_errors_cannot_be_explored(openai: Shell) -> None:
    done = openai("--local beta:threads create-and-run --assistant-id a --format-error explore")
    assert done.code == 2
    assert "--format-error: expected one of auto, json, jsonl, pretty, raw, text, yaml" in done.err
