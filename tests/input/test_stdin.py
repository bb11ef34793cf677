"""Standard input: a file, a pipe that brings something, one that never does, a terminal."""

from __future__ import annotations

import os
import pty
import shlex
import socket
import subprocess
import threading
from pathlib import Path

import pytest

from openai_cli.input import stdin as stdin_module
from openai_cli.input.stdin import Stdin, StdinError
from tests.support.shell import OPENAI, Shell

DRY = ("beta:threads", "create-and-run", "--assistant-id=a", "--dry-run", "--format=jsonl")


def test_a_file(tmp_path: Path) -> None:
    (tmp_path / "body").write_bytes(b"model: m")
    with (tmp_path / "body").open("rb") as stream:
        assert Stdin(stream).take(1) == b"model: m"


def test_nothing_there() -> None:
    assert Stdin(None).take(1) == b""
    with Path("/dev/null").open("rb") as stream:
        stdin = Stdin(stream)
        assert stdin.take(1) == b""
        assert not stdin.kept_silent


def test_asking_for_a_closed_one_is_refused() -> None:
    with pytest.raises(StdinError, match="is closed"):
        Stdin(None).demand("@-")


def test_an_idle_pipe_is_not_waited_for() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as stream, os.fdopen(writing, "wb"):
        stdin = Stdin(stream)
        assert stdin.take(0.05) == b""
        assert stdin.kept_silent
        assert stdin.owner == ""


def test_an_idle_socket_is_not_waited_for() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, ours.makefile("rb", buffering=0) as stream:
        stdin = Stdin(stream)
        assert stdin.take(0.05) == b""
        assert stdin.kept_silent


@pytest.mark.parametrize("blocking", [True, False])
def test_a_slow_pipe_is_read_to_its_end(blocking: bool) -> None:
    reading, writing = os.pipe()
    os.set_blocking(reading, blocking)

    def write_slowly() -> None:
        with os.fdopen(writing, "wb", buffering=0) as stream:
            for part in (b"model: ", b"m", b"\n"):
                threading.Event().wait(0.05)
                stream.write(part)

    writer = threading.Thread(target=write_slowly)
    with os.fdopen(reading, "rb") as stream:
        writer.start()
        assert Stdin(stream).take(60) == b"model: m\n"
    writer.join()


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_that_falls_silent_is_told_once(
    monkeypatch: pytest.MonkeyPatch, announced: bool
) -> None:
    monkeypatch.setattr(stdin_module, "PATIENCE", 0.01)
    reading, writing = os.pipe()
    os.write(writing, b"model: ")
    timer = threading.Timer(0.2, lambda: (os.write(writing, b"m"), os.close(writing)))
    told: list[str] = []
    with os.fdopen(reading, "rb") as stream:
        timer.start()
        stdin = Stdin(stream, on_wait=lambda: told.append("once"))
        assert (stdin.demand("@-") if announced else stdin.take(60)) == b"model: m"
    assert told == ([] if announced else ["once"])


def test_what_is_asked_for_is_waited_for() -> None:
    reading, writing = os.pipe()
    timer = threading.Timer(0.2, lambda: (os.write(writing, b"at last"), os.close(writing)))
    with os.fdopen(reading, "rb") as stream:
        timer.start()
        assert Stdin(stream).demand("@-") == b"at last"


def test_a_terminal_is_no_body_but_can_be_asked() -> None:
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "rb") as stream, os.fdopen(ours, "wb", buffering=0) as keyboard:
        assert Stdin(stream).take(60) == b""
        keyboard.write(b"typed\n\x04")
        assert Stdin(stream).demand("@-") == b"typed\n"


@pytest.mark.parametrize("barred", [True, False])
def test_never(tmp_path: Path, barred: bool) -> None:
    (tmp_path / "body").write_bytes(b"model: m")
    with (tmp_path / "body").open("rb") as stream:
        stdin = Stdin(stream, barred=barred)
        assert stdin.take(1 if barred else 0) == b""
        assert not stdin.kept_silent
        if barred:
            with pytest.raises(StdinError, match="--no-stdin"):
                stdin.demand("@-")
        else:
            assert stdin.demand("@-") == b"model: m"


def test_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stdin_module, "MAX_BYTES", 2**20)
    with Path("/dev/zero").open("rb") as stream, pytest.raises(StdinError, match="1 MiB"):
        Stdin(stream).take(1)


def test_a_stream_that_cannot_be_read(tmp_path: Path) -> None:
    writing = os.open(tmp_path / "file", os.O_WRONLY | os.O_CREAT)
    with os.fdopen(writing, "rb") as stream, pytest.raises(StdinError, match="cannot read"):
        Stdin(stream).take(1)


def test_closed_stdin_of_a_process(openai: Shell) -> None:
    command = " ".join([shlex.quote(OPENAI), *DRY])
    done = subprocess.run(
        ["/bin/sh", "-c", f"{command} <&-; {command} --message @- <&-"],
        capture_output=True, cwd=openai.folder, env=openai.environ, check=False,
    )  # fmt: skip
    assert b'"body":{"assistant_id":"a"}' in done.stdout
    assert done.stderr == b"error: --message: standard input is closed; nothing was sent\n"
    assert done.returncode == 2
