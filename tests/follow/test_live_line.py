"""The line that tells, on a terminal, how the run is doing while one waits."""

from __future__ import annotations

import re
import shlex
import signal
import time
from collections.abc import Iterator

import pytest

from tests.cli.conftest import reply_events
from tests.follow.conftest import CREATE, KEY, Go, asking, replies, run
from tests.support.server import Reply, Server, sse
from tests.support.shell import OPENAI, Shell
from tests.support.terminal import Screen, Terminal

ERASE = "\r\x1b[K"
BUSY = run("in_progress", usage={"total_tokens": 42})


def terminal(
    openai: Shell,
    server: Server,
    *args: str,
    tail: str = "",
    term: str = "xterm",
    columns: int = 80,
) -> Terminal:
    environ = {**openai.environ, "TERM": term, "OPENAI_BASE_URL": server.url, "NO_COLOR": "1"}
    environ |= {"OPENAI_API_KEY": KEY, "PAGER": "cat"}
    line = shlex.join([OPENAI, *CREATE, *args]) + tail
    command = ["/bin/sh", "-c", f"exec {line}" if not tail else line]
    return Terminal(command, folder=openai.folder, environ=environ, columns=columns)


def on_engine(openai: Shell, *args: str) -> Terminal:
    environ = {**openai.environ, "TERM": "xterm", "NO_COLOR": "1", "PAGER": "cat"}
    words = [OPENAI, "--local", *CREATE[:2], "--assistant-id", "asst_demo", *args]
    return Terminal(words, folder=openai.folder, environ=environ)


def erased(screen: Screen) -> str:
    """What stays to be seen: no line that was taken away."""
    return re.sub("\r\x1b\\[K[^\r\n]*(?=\r\x1b\\[K)", "", screen.text).replace(ERASE, "")


def test_status_time_and_tokens_are_told_and_taken_away(openai: Shell, server: Server) -> None:
    server.reply(*replies(run("queued"), BUSY, run("completed"), after_ms="600"))
    screen = terminal(openai, server, "--wait", "--format", "jsonl").finish()
    assert screen.code == 0
    told = re.findall("\r\x1b\\[K([^\r\x1b]*)", screen.text)
    assert re.fullmatch(r"run run_7: queued  \d+ s", told[0])
    assert any(re.fullmatch(r"run run_7: in_progress  42 tokens  \d+ s", line) for line in told)
    assert erased(screen).startswith('{"id":"run_7"')
    assert erased(screen).count("\n") == 1


SLOW = "!slow 1.2\none two three"


@pytest.mark.first_by_default
@pytest.mark.parametrize("more", [(), ("--wait",), ("--format", "pretty")], ids=str)
def test_the_engine_s_run_is_told_of_as_a_server_s(more: tuple[str, ...], openai: Shell) -> None:
    screen = on_engine(openai, "--message", SLOW, *more).finish()
    assert screen.code == 0
    told = re.findall("\r\x1b\\[K([^\r\x1b]*)", screen.text)
    assert re.fullmatch(r"run run_\w+: in_progress  \d s", told[0])
    assert "in_progress" not in erased(screen)


@pytest.mark.slow
def test_a_text_of_the_engine_is_waited_for_until_its_line_begins(openai: Shell) -> None:
    text = "!slow 3\none two\nthree"
    screen = on_engine(openai, "--message", text, "--format", "text").finish()
    assert re.search("\r\x1b\\[Krun run_\\w+: in_progress  \\d s", screen.text)
    assert erased(screen).startswith("one two\nthree\nnote: thread ")
    reply = screen.text[screen.text.index("one ") : screen.text.index("two\n")]
    assert reply == "one "  # the line is left alone while it grows


@pytest.mark.slow
def test_a_text_of_a_server_is_waited_for_in_the_same_way(openai: Shell, server: Server) -> None:
    begun, ended = run("in_progress"), run("completed")
    events = reply_events(ended, "Hello")

    def slowly() -> Iterator[bytes]:
        yield from sse(("thread.run.in_progress", begun))
        time.sleep(1)
        yield from sse(*events[1:], ("done", "[DONE]"))

    server.reply(Reply(chunks=slowly()))
    screen = terminal(openai, server, "--format", "text").finish()
    assert re.search("\r\x1b\\[Krun run_7: in_progress  \\d s", screen.text)
    assert erased(screen).startswith("Hello\nnote: thread thread_7; ")


@pytest.mark.slow
def test_a_warning_of_the_engine_has_a_line_of_its_own(openai: Shell, server: Server) -> None:
    def slowly() -> Iterator[bytes]:
        yield sse(("", {"choices": [{"delta": {"content": "Hi"}, "finish_reason": None}]}))[0]
        time.sleep(1)
        yield from sse(("", {"choices": [{"delta": {}, "finish_reason": "stop"}]}), ("", "[DONE]"))

    server.reply(Reply(chunks=slowly()))
    words = (
        "--model",
        "m",
        "--upstream-url",
        server.url,
        "--response-format",
        "{type: json_object}",
    )
    screen = on_engine(openai, "--message", "Hi", *words, "--wait").finish()
    assert "in_progress" in screen.text
    assert erased(screen).startswith("warning: response_format had no effect at the upstream")


@pytest.mark.slow
def test_ctrl_c_on_the_engine_leaves_no_line(openai: Shell) -> None:
    waiting = on_engine(openai, "--message", "!slow 60\none two", "--wait")
    waiting.expect("in_progress")
    waiting.press(b"\x03")
    screen = waiting.finish()
    assert screen.code == 130
    assert "\r\x1b[Kerror: interrupted" in screen.text


@pytest.mark.slow
def test_it_is_taken_away_before_an_error(openai: Shell, server: Server) -> None:
    server.reply(*replies(run("queued")), Reply(status=404, body={"error": {"message": "Gone."}}))
    screen = terminal(openai, server, "--wait", "--poll-interval", "0.3").finish()
    assert screen.code == 4
    assert "queued" in screen.text
    assert erased(screen).startswith("error: 404 Not Found: Gone.")


def test_it_is_taken_away_before_ctrl_c_speaks(openai: Shell, server: Server) -> None:
    server.reply(*replies(run("queued"), after_ms="60000"))
    waiting = terminal(openai, server, "--wait")
    waiting.expect("queued")
    waiting.press(b"\x03")
    screen = waiting.finish()
    assert screen.code == 130
    assert (
        "\r\x1b[Kerror: interrupted; the run run_7 of thread thread_7 is still active\n"
        in screen.text
    )


@pytest.mark.slow
def test_faults_on_the_way_leave_the_line_alone(openai: Shell, server: Server) -> None:
    server.reply(
        *replies(run("queued")), Reply(status=500), Reply(drop=True), *replies(run("completed"))
    )
    words = ("--wait", "--format", "jsonl", "--poll-interval", "0.3")
    screen = terminal(openai, server, *words).finish()
    assert (screen.code, erased(screen).count("\n")) == (0, 1)


@pytest.mark.slow
@pytest.mark.parametrize("columns", [20, 5, 1])
def test_a_narrow_terminal(openai: Shell, server: Server, columns: int) -> None:
    server.reply(*replies(BUSY, BUSY, run("completed"), after_ms="300"))
    out = str(openai.folder / "out")
    screen = terminal(openai, server, "--wait", tail=f" > {out}", columns=columns).finish()
    told = re.findall("\r\x1b\\[K([^\r\x1b]*)", screen.text)
    assert screen.code == 0
    assert told
    assert max(map(len, told)) <= max(columns - 1, 1)
    assert "\n" not in screen.text


def quiet(screen: Screen) -> Iterator[bool]:
    yield "\x1b" not in screen.text
    yield "queued" not in screen.text


@pytest.mark.slow
def test_none_on_a_terminal_that_cannot_erase(openai: Shell, server: Server) -> None:
    for term in ("dumb", ""):
        server.reply(*replies(run("queued"), run("completed"), after_ms="300"))
        words = ("--wait", "--format", "jsonl")
        assert all(quiet(terminal(openai, server, *words, term=term).finish()))


@pytest.mark.slow
def test_none_where_errors_go_to_a_file(openai: Shell, server: Server) -> None:
    server.reply(*replies(run("queued"), run("completed"), after_ms="300"))
    screen = terminal(openai, server, "--wait", tail=" 2> err").finish()
    assert "\r\x1b" not in screen.text
    assert (openai.folder / "err").read_text() == ""


@pytest.mark.slow
def test_none_among_the_lines_of_debug(openai: Shell, server: Server) -> None:
    server.reply(*replies(run("queued"), run("completed"), after_ms="300"))
    assert "\r\x1b" not in terminal(openai, server, "--wait", "--debug").finish().text


@pytest.mark.slow
def test_none_while_commands_work_and_write(openai: Shell, server: Server) -> None:
    server.reply(
        *replies(run("queued"), asking(("call_1", "work")), run("completed"), after_ms="300")
    )
    loud = "work=sh -c 'echo from the command >&2'"
    screen = terminal(openai, server, "--on-tool-call", loud, "--format", "jsonl").finish()
    assert screen.code == 0
    assert "\r\x1b[Kfrom the command\n" in screen.text


@pytest.mark.slow
def test_a_server_s_tricks_stay_out_of_it(openai: Shell, server: Server) -> None:
    evil = run("que\x1b]0;x\x07\nued", id="run\r\x1b[2J")
    server.reply(*replies(evil, run("completed"), after_ms="300"))
    text = terminal(openai, server, "--wait", "--format", "jsonl").finish().text
    assert "\x1b]" not in text
    assert "\x1b[2J" not in text
    assert "\x07" not in text


@pytest.mark.slow
def test_the_terminal_s_ctrl_c_reaches_no_command(openai: Shell, server: Server, go: Go) -> None:
    server.reply(*replies(asking(("call_1", "work")), run("queued")))
    tool = "work=sh -c 'trap \"echo hit >&2\" INT; echo at work >&2; sleep 600 & wait'"
    working = terminal(openai, server, "--on-tool-call", tool)
    working.expect("at work")
    working.press(b"\x03")
    screen = working.finish()
    assert screen.code == 128 + signal.SIGINT
    assert "hit" not in screen.text.replace("echo hit", "")
    assert "the run run_7 of thread thread_7 waits for tool outputs" in screen.text
