"""Ctrl-C counts wherever it comes, and nothing is sent after it."""

from __future__ import annotations

import io
import signal
from pathlib import Path

import pytest

from openai_cli.cli.env import Env
from openai_cli.cli.interrupts import watched
from openai_cli.cli.main import _run
from openai_cli.cli.session import Session
from openai_cli.output.sink import Sink
from tests.support.server import Server
from tests.support.shell import OPENAI, Shell
from tests.support.terminal import Terminal

RUN = ("beta:threads", "create-and-run", "--assistant-id", "asst_abc")


class _Loser:
    """Python loses what a finalizer raises, as it does what a callback of its imports raises."""

    def __del__(self) -> None:
        signal.raise_signal(signal.SIGINT)


class _Converter(io.BytesIO):
    """A library that makes an error of its own out of an interrupt."""

    def isatty(self) -> bool:
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise RuntimeError("cannot build a validator") from None
        return False


def test_an_interrupt_that_python_loses_counts(capsys: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(signal.SIGINT)
    with watched() as interrupted:
        assert not interrupted()
        _Loser()
        assert interrupted()
    assert capsys.readouterr() == ("", "")
    assert signal.getsignal(signal.SIGINT) is before


def test_an_interrupt_ends_what_runs() -> None:
    with watched() as interrupted, pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    assert interrupted()


def test_who_ignores_interrupts_goes_on_ignoring_them() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with watched() as interrupted:
            signal.raise_signal(signal.SIGINT)
            assert not interrupted()
    finally:
        signal.signal(signal.SIGINT, before)


def test_nothing_is_sent_after_a_lost_interrupt(server: Server) -> None:
    err = io.BytesIO()
    with watched() as interrupted:
        env = Env({}, None, Sink(io.BytesIO()), Sink(err), interrupted=interrupted)
        _Loser()
        assert _run(("--base-url", server.url, *RUN), Session(env)) == 130
    assert err.getvalue() == b"error: interrupted\n"
    assert server.seen == []


def test_an_interrupt_that_became_another_error_is_one_all_the_same(server: Server) -> None:
    err = io.BytesIO()
    with watched() as interrupted:
        env = Env({}, _Converter(), Sink(io.BytesIO()), Sink(err), interrupted=interrupted)
        assert _run(("--base-url", server.url, *RUN), Session(env)) == 130
    assert err.getvalue() == b"error: interrupted\n"


def test_ctrl_c_belongs_to_the_pager_while_it_runs(openai: Shell) -> None:
    pager = openai.folder / "pager"
    trap = "trap 'cat > paged; echo stopped; exit' INT"
    pager.write_text(f"#!/bin/sh\n{trap}\necho begun\nwhile :; do sleep 0.1; done\n")
    pager.chmod(0o755)
    words = (OPENAI, "--local", *RUN[:-1], "asst_demo", "--message", "Hi")
    environ = {**openai.environ, "PAGER": str(pager)}
    terminal = Terminal(words, folder=openai.folder, environ=environ, rows=5)
    terminal.expect("begun")
    terminal.press(b"\x03")
    screen = terminal.finish()
    assert screen.code == 0, screen.text
    assert "stopped" in screen.text
    assert "error" not in screen.text
    assert Path(openai.folder / "paged").exists()
