"""Colour: --color, then the kind of stream, then the variables, in one order."""

from __future__ import annotations

import pytest

from tests.support.shell import OPENAI, Shell
from tests.support.terminal import Terminal

pytestmark = pytest.mark.slow

LIST = "--local beta:assistants list"
FORCED = {"FORCE_COLOR": "1", "CLICOLOR_FORCE": "1", "TERM": "xterm"}
ESCAPE = "\x1b["


@pytest.mark.parametrize("name", ["", "json", "jsonl", "yaml", "pretty"])
def test_variables_do_not_colour_a_pipe(openai: Shell, name: str) -> None:
    ended = openai(f"{LIST} {f'--format {name}' if name else ''}", env=FORCED)
    assert (ended.code, ended.err) == (0, "")
    assert "asst_demo" in ended.out
    assert ESCAPE not in ended.out


def test_a_format_by_name_and_always_colour_a_pipe(openai: Shell) -> None:
    for name in ("pretty", "json"):
        ended = openai(f"{LIST} --format {name} --color always", env={"NO_COLOR": "1"})
        assert ESCAPE in ended.out, name
    assert openai(f"{LIST} --color always").json["id"] == "asst_demo"


def test_messages_follow_the_same_rule(openai: Shell) -> None:
    wrong = "beta:assistants lst"
    assert ESCAPE not in openai(wrong, env=FORCED).err
    assert "\x1b[31;1merror:" in openai(f"--color always {wrong}").err
    assert "\x1b[1mUsage:" in openai("--color always --help").out
    assert ESCAPE not in openai("--help", env=FORCED).out


def test_an_unknown_choice_is_refused_once(openai: Shell) -> None:
    ended = openai(f"{LIST} --color sometimes")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.count("--color: expected one of auto, always, never") == 1


@pytest.mark.parametrize(
    ("variables", "flags", "coloured"),
    [
        ({"TERM": "xterm"}, "", True),
        ({"TERM": "xterm"}, "--color never", False),
        ({"TERM": "dumb"}, "", False),
        ({"TERM": "dumb"}, "--color always", True),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, "", True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, "", False),
        ({"TERM": "xterm", "NO_COLOR": ""}, "", True),
        ({"TERM": "xterm", "NO_COLOR": "1", "CLICOLOR_FORCE": "1"}, "", False),
        ({"TERM": "xterm", "CLICOLOR": "0"}, "", False),
        ({"TERM": "xterm", "CLICOLOR": "0", "CLICOLOR_FORCE": "1"}, "", True),
        ({"TERM": "xterm", "CLICOLOR": "0", "CLICOLOR_FORCE": "0"}, "", False),
    ],
)
def test_on_a_terminal(
    openai: Shell, variables: dict[str, str], flags: str, coloured: bool
) -> None:
    words = [OPENAI, *f"{LIST} {flags}".split()]
    screen = Terminal(words, folder=openai.folder, environ={**openai.environ, **variables}).finish()
    assert (screen.code, ESCAPE in screen.text) == (0, coloured)


def test_columns_in_millions_cost_nothing(openai: Shell) -> None:
    environ = {**openai.environ, "COLUMNS": "10000000", "PAGER": ""}
    words = [OPENAI, *f"{LIST} --format pretty --max-items 1".split()]
    show = [OPENAI, *["--local", "beta:assistants", "retrieve", "asst_demo", "--format", "pretty"]]
    for command in (words, show):
        screen = Terminal(command, folder=openai.folder, environ=environ).finish()
        assert screen.code == 0
        assert "asst_demo" in screen.text
        assert len(screen.data) < 50_000
