"""Long answers on a terminal go through the pager; nothing else does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.shell import OPENAI, Shell
from tests.support.terminal import Screen, Terminal

RUN = "--local beta:threads create-and-run --assistant-id asst_demo --message Hi"


def on_terminal(openai: Shell, *words: str, rows: int = 10, **env: str) -> Terminal:
    environ = {**openai.environ, "TERM": "xterm", "OPENAI_API_KEY": "sk-secret-1234", **env}
    return Terminal(
        [OPENAI, *RUN.split(), *words], folder=openai.folder, environ=environ, rows=rows
    )


def marker_pager(folder: Path, body: str) -> str:
    """A pager that leaves traces of what it was given."""
    script = folder / "my pager"
    script.write_text(f"#!/bin/sh\n{body}\n")
    script.chmod(0o755)
    return f"'{script}' --flag"


def paged(folder: Path) -> bool:
    return (folder / "paged").exists()


def run_with(openai: Shell, body: str, *words: str, rows: int = 10) -> Screen:
    pager = marker_pager(openai.folder, body)
    return on_terminal(openai, *words, rows=rows, PAGER=pager).finish()


def test_a_long_answer_is_given_to_the_pager_without_the_key(openai: Shell) -> None:
    screen = run_with(openai, 'env > env; echo "$1" > flag; cat > paged')
    assert screen.code == 0
    assert '"thread.run"' in (openai.folder / "paged").read_text()
    assert (openai.folder / "flag").read_text() == "--flag\n"
    assert "OPENAI_API_KEY" not in (openai.folder / "env").read_text()


@pytest.mark.slow
def test_an_answer_that_fits_is_not_paged(openai: Shell) -> None:
    assert run_with(openai, "cat > paged", rows=100).code == 0
    assert not paged(openai.folder)


@pytest.mark.slow
def test_the_answer_and_the_next_prompt_have_to_fit(openai: Shell) -> None:
    lines = len(openai(RUN).out.splitlines())
    for rows, fits in ((lines + 1, True), (0, True), (lines, False)):  # 0: the size is not known
        run_with(openai, "cat > paged", rows=rows)
        assert paged(openai.folder) is not fits, rows


@pytest.mark.slow
def test_no_pager_means_none(openai: Shell) -> None:
    screen = run_with(openai, "cat > paged", "--no-pager")
    assert '"completed"' in screen.text
    assert not paged(openai.folder)


@pytest.mark.slow
def test_a_stream_is_watched_live_not_paged(openai: Shell) -> None:
    screen = run_with(openai, "cat > paged", "--stream")
    assert "thread.run.completed" in screen.text
    assert not paged(openai.folder)


@pytest.mark.slow
def test_a_pipe_is_never_paged(openai: Shell) -> None:
    pager = marker_pager(openai.folder, "cat > paged")
    assert openai(RUN, env={"PAGER": pager}).json["status"] == "completed"
    assert not paged(openai.folder)


@pytest.mark.slow
def test_quitting_early_is_no_error(openai: Shell) -> None:
    screen = run_with(openai, "head -1 > paged; exec 0<&-; exit 0", "--format", "json")
    assert screen.code == 0
    assert (openai.folder / "paged").read_text() == "{\n"
    assert screen.text == ""


def test_less_shows_the_first_screen_at_once_and_quits_on_q(openai: Shell) -> None:
    terminal = on_terminal(openai, LESS="R")
    terminal.expect('"thread.run"')
    terminal.press(b"q")
    assert terminal.finish().code == 0


@pytest.mark.slow
def test_a_pager_that_is_not_there_is_done_without(openai: Shell) -> None:
    screen = on_terminal(openai, PAGER="no-such-pager").finish()
    assert screen.code == 0
    assert '"completed"' in screen.text


@pytest.mark.slow
@pytest.mark.parametrize("pager", ["false", "sh -c 'exit 127'"])
def test_a_pager_that_fails_loses_no_answer(openai: Shell, pager: str) -> None:
    screen = on_terminal(openai, PAGER=pager).finish()
    assert screen.code == 0
    assert '"completed"' in screen.text


@pytest.mark.slow
@pytest.mark.parametrize("pager", ["", " ", "cat", '"unclosed'])
def test_no_pager_is_started_for_these(openai: Shell, pager: str) -> None:
    screen = on_terminal(openai, PAGER=pager).finish()
    assert screen.code == 0
    assert '"completed"' in screen.text


def test_ctrl_c_is_for_the_pager(openai: Shell) -> None:
    pager = marker_pager(
        openai.folder, "trap 'echo caught; exit 2' INT; cat > paged; echo up; read x < /dev/tty"
    )
    terminal = on_terminal(openai, PAGER=pager)
    terminal.expect("up")
    terminal.press(b"\x03")
    screen = terminal.finish()
    assert screen.code == 0
    assert "caught" in screen.text
    assert '"completed"' not in screen.text


@pytest.mark.slow
def test_less_is_asked_to_pass_colours_on(openai: Shell) -> None:
    screen = run_with(openai, 'echo "$LESS" > paged')
    assert screen.code == 0
    assert (openai.folder / "paged").read_text() == "FRX\n"
