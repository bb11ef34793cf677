"""Whatever is typed, read or answered: a documented exit code, no fault, no hang.

A few examples in the slow suite; `make fuzz` goes on with new ones for ten minutes.
"""

from __future__ import annotations

import faulthandler
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.strategies import FORMATS, PATHS, YAML, answers, command_lines, streams
from tests.support.inprocess import run_inprocess
from tests.support.server import Reply, Server
from tests.support.shell import Result

pytestmark = pytest.mark.slow
_SECONDS = float(os.environ.get("FUZZ_SECONDS", "0"))
"""Seconds that each property is tried with new examples; 0: once."""
_HANG = 5.0
_SLOW_MACHINE = 60.0
"""Seconds of a hang in the suite, where other tests run beside it."""
FUZZ = settings(
    max_examples=300 if _SECONDS else 30,
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
RUN = ("beta:threads", "create-and-run", "--assistant-id", "asst_demo")
FOLLOWED = st.sampled_from(["--wait", "--format=text", "--on-tool-call=*=cat"])


@pytest.fixture
def go(server: Server, tmp_path: Path) -> Callable[..., Result]:
    """The command in this process; fails at a fault, at a hang, and at a lie about exit 2."""
    server.reply(Reply(body={}))

    def run(*words: str, stdin: str = "") -> Result:
        body = tmp_path / "stdin"
        body.write_bytes(stdin.encode(errors="surrogatepass"))
        sent, begun = len(server.seen), time.monotonic()
        faulthandler.dump_traceback_later(2 * _SLOW_MACHINE, exit=True)
        try:
            result = run_inprocess(
                words,
                environ={
                    "HOME": str(tmp_path),
                    "OPENAI_BASE_URL": server.url,
                    "OPENAI_LOCAL_STORE": str(tmp_path / "store.db"),
                },
                stdin=body,
            )
        finally:
            faulthandler.cancel_dump_traceback_later()
        assert time.monotonic() - begun < (_HANG if _SECONDS else _SLOW_MACHINE), words
        _check(result, sent=len(server.seen) > sent)
        return result

    return run


def _check(result: Result, *, sent: bool) -> None:
    err = result.stderr.decode()
    assert "Traceback" not in err
    assert "internal error" not in err, err
    assert result.code in (0, 2, 3, 4, 5, 6) or "cannot write the output" in err, err
    assert not (sent and result.code == 2), err


def repeated(check: Callable[[], Any]) -> None:
    """Try a property once, or until the time is up."""
    until = time.monotonic() + _SECONDS
    check()
    while time.monotonic() < until:
        check()


def test_command_lines(go: Callable[..., Result]) -> None:
    @FUZZ
    @given(command_lines(), YAML)
    def check(words: list[str], stdin: str) -> None:
        go("--max-retries=0", *words, stdin=stdin)

    repeated(check)


def test_values(go: Callable[..., Result]) -> None:
    @FUZZ
    @given(YAML, YAML)
    def check(value: str, stdin: str) -> None:
        go(*RUN, f"--metadata={value}", f"--message={value}", stdin=stdin)
        go(*RUN, "--no-validate", f"--tool={value}", "--dry-run", stdin=stdin)

    repeated(check)


def test_answers(go: Callable[..., Result], server: Server) -> None:
    @FUZZ
    @given(command_lines(), answers(), FORMATS, PATHS)
    def check(words: list[str], answer: Reply, form: str, path: str) -> None:
        server.reply(answer)
        style = f"--format={form}", f"--format-error={form}"
        go(*RUN, "--max-retries=0", *style, f"--transform={path}")
        go("beta:threads:runs", "list", "t", "--max-retries=0", "--max-pages=3", *style)
        go("--max-retries=0", *style, *words)

    repeated(check)


def test_runs(go: Callable[..., Result], server: Server) -> None:
    patience = ("--wait-timeout=0.2", "--max-retries=0")

    @FUZZ
    @given(answers(), answers(), FOLLOWED)
    def check(first: Reply, later: Reply, follow: str) -> None:
        server.reply(first, later)
        go(*RUN, *patience, follow)

    repeated(check)


def test_streams(go: Callable[..., Result], server: Server) -> None:
    @FUZZ
    @given(streams(), answers(), FORMATS)
    def check(stream: Reply, answer: Reply, form: str) -> None:
        server.reply(stream, answer)
        go(*RUN, "--stream", "--max-retries=0", f"--format={form}")
        server.reply(stream, answer)
        waiting = ("--wait", "--wait-timeout=0.2", "--poll-interval=0.1")
        go(*RUN, "--stream", "--max-retries=0", f"--format={form}", *waiting)

    repeated(check)


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_upstreams(go: Callable[..., Result], server: Server, api: str) -> None:
    @FUZZ
    @given(streams() | answers(), FORMATS)
    def check(answer: Reply, form: str) -> None:
        server.reply(answer)
        upstream = ("--local", f"--upstream-url={server.url}", f"--upstream-api={api}")
        go(*RUN, "--message=hi", "--model=m", *upstream, f"--format={form}")

    repeated(check)
