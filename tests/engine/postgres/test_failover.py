"""A database that dies, and another that takes its place."""

import signal
import subprocess
from collections.abc import Iterator

import pytest

from tests.engine.serve.support import Served
from tests.support.postgres import PostgresServer
from tests.support.shell import Shell

pytestmark = [pytest.mark.slow, pytest.mark.needs("postgres")]


@pytest.fixture
def primary() -> Iterator[PostgresServer]:
    opened = PostgresServer()
    yield opened
    opened.remove()


@pytest.fixture
def standby(primary: PostgresServer) -> Iterator[PostgresServer]:
    opened = primary.standby()
    yield opened
    opened.close()


def test_runs_and_streams_go_on(
    openai: Shell, primary: PostgresServer, standby: PostgresServer
) -> None:
    """The URL names both; whichever takes writes is found, and nothing that was begun is lost."""
    database = primary.new_database().partition("///")[2].partition("?")[0]
    hosts = f"host={primary.root},{standby.root}&user=tests&target_session_attrs=read-write"
    served = Served(openai, "--store", f"postgresql:///{database}?{hosts}")
    words = ("--base-url", served.url, "beta:threads", "create-and-run")
    run = (*words, "--assistant-id", "asst_demo", "--message", "one two three\n!slow 6")
    before = openai(*run[:-1], "before")
    assert before.code == 0

    with openai.start(*run, "--format", "text", stdout=subprocess.PIPE) as streaming:
        assert streaming.stdout is not None
        assert streaming.stdout.read(3) == b"one"
        primary.stop(signal.SIGQUIT)
        standby.promote()
        assert streaming.stdout.read() == b" two three\n"
    assert streaming.returncode == 0

    after = openai(*run[:-1], "after", "--wait", "--transform", "status", "-r")
    assert (after.code, after.out) == (0, "completed\n")
    runs = ("beta:threads:runs", "list", before.json["thread_id"], "--transform", "status", "-r")
    assert openai("--base-url", served.url, *runs).out == "completed\n"
    assert served.stop() == 0
