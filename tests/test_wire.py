"""Every recorded command line becomes the request it must become."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.inprocess import run_inprocess
from tests.support.server import Server
from tests.support.shell import Shell
from tests.support.wire import CASES, Case

BY_NAME = {case.name: case for case in CASES}


def test_all_recorded_cases_are_here() -> None:
    assert len(CASES) == len(BY_NAME) == 266


@pytest.mark.parametrize("case", CASES, ids=BY_NAME)
def test_request(
    case: Case, server: Server, openai: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case.lay_out(openai.folder)
    monkeypatch.chdir(openai.folder)
    stdin = None
    if case.stdin is not None:
        stdin = tmp_path / "stdin"
        stdin.write_bytes(case.stdin.encode())
    result = run_inprocess(case.args(server.url), environ=case.environ(server.url), stdin=stdin)
    case.check(result, server.seen)


@pytest.mark.first_by_default
@pytest.mark.parametrize(
    "name",
    [
        "api-key-env-newline",
        "blank-stdin",
        "file-200kb",
        "help-sends-nothing",
        "instructions-from-binary-file",
        "unknown-flag",
    ],
)
def test_process(name: str, server: Server, openai: Shell) -> None:
    _check_process(BY_NAME[name], server, openai)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES[::3], ids=list(BY_NAME)[::3])
def test_every_third_as_a_process(case: Case, server: Server, openai: Shell) -> None:
    _check_process(case, server, openai)


def _check_process(case: Case, server: Server, openai: Shell) -> None:
    case.lay_out(openai.folder)
    env = case.environ(server.url)
    case.check(openai(*case.args(server.url), stdin=case.stdin, env=env), server.seen)
