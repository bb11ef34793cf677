"""What comes with a reply: the run as a panel above it, its thread, its tokens."""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest

from tests.cli.test_terminal import on_terminal
from tests.follow.conftest import CREATE, RETRIEVE, Go, replies, requests, run, said, stream
from tests.support.server import Reply, Server
from tests.support.shell import Shell

LOCAL = ("--local", "beta:threads", "create-and-run", "--assistant-id", "asst_demo")
USAGE = {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}
PRETTY = ("--format", "pretty")


def panels(text: str) -> dict[str, str]:
    """The panels by their titles."""
    found = re.findall(r"╭─ (\w+) ─+╮\n(.*?)╰─+╯\n", text, re.DOTALL)
    return {title: re.sub("[│ ]+", " ", body).strip() for title, body in found}


@pytest.mark.in_process(process_when_slow=True)
class TestPretty:
    def test_the_engine_s_reply_stands_below_its_run(self, openai: Shell) -> None:
        shown = openai(*LOCAL, "--message", "Hello you", *PRETTY)
        assert (shown.code, shown.err) == (0, "")
        found = panels(shown.out)
        assert list(found) == ["run", "reply"]
        assert found["reply"] == "Hello you"

    def test_a_server_s_too_once_the_run_has_ended(self, go: Go, server: Server) -> None:
        server.reply(*replies(run("queued"), run("completed")), said("Good day"))
        shown = go(*CREATE, "--wait", *PRETTY)
        assert panels(shown.out)["reply"] == "Good day"
        assert requests(server)[-1] == "GET /v1/threads/thread_7/messages"
        server.seen.clear()
        server.reply(*replies(run("queued")))
        assert list(panels(go(*CREATE, *PRETTY).out)) == ["run"]
        assert len(server.seen) == 1

    def test_messages_of_others_are_no_reply(self, go: Go, server: Server) -> None:
        one = {"id": "msg_1", "object": "thread.message", "role": "user", "content": "theirs"}
        server.reply(*replies(run("completed")), Reply(body={"object": "list", "data": [one]}))
        assert list(panels(go(*RETRIEVE, *PRETTY).out)) == ["run"]

    def test_a_run_without_reachable_messages_is_printed(self, go: Go, server: Server) -> None:
        gone: dict[str, Any] = {"error": {"message": "No such list."}}
        server.reply(*replies(run("completed")), Reply(404, body=gone))
        shown = go(*CREATE, *PRETTY)
        assert (shown.code, list(panels(shown.out))) == (0, ["run"])
        assert shown.err == "warning: the reply is not shown: No such list.\n"

    def test_no_reply_for_other_formats_and_transforms(self, go: Go, server: Server) -> None:
        for words in (("--format", "json"), (*PRETTY, "--transform", "status")):
            server.seen.clear()
            server.reply(*replies(run("completed")))
            assert go(*CREATE, *words).code == 0
            assert len(server.seen) == 1


@pytest.mark.slow
def test_a_long_run_and_its_reply_are_one_text_for_the_pager(openai: Shell) -> None:
    pager = {"PAGER": "sh -c 'cat >> paged; echo END >> paged'"}
    on_terminal(openai, *LOCAL, "--message", "Hello\n" * 50, *PRETTY, env=pager)
    text = (openai.folder / "paged").read_text()
    assert text.count("END") == 1
    assert " run " in text
    assert text.count("Hello") == 50


@pytest.mark.slow
def test_a_narrow_terminal_gets_no_frame(openai: Shell) -> None:
    screen = on_terminal(openai, *LOCAL, "--message", "Hello", *PRETTY, columns=40)
    assert "\nreply\nHello\n" in screen.text


@pytest.mark.in_process(process_when_slow=True)
class TestUsage:
    def test_one_line_on_stderr_in_every_format(self, openai: Shell) -> None:
        for words in (("--format", "text"), PRETTY, ("--format", "jsonl"), ("--stream",)):
            shown = openai(*LOCAL, "--message", "one two", "--usage", *words)
            assert shown.err == "note: tokens: 2 prompt, 2 completion, 4 total\n"

    def test_counts_of_one_and_none_are_numbers(self, openai: Shell) -> None:
        shown = openai(*LOCAL, "--message", "one", "--usage")
        assert shown.err == "note: tokens: 1 prompt, 1 completion, 2 total\n"
        shown = openai(*LOCAL, "--usage")
        assert shown.err == "note: tokens: 0 prompt, 0 completion, 0 total\n"

    def test_of_a_run_that_was_waited_for(self, go: Go, server: Server) -> None:
        server.reply(*replies(run("queued"), run("completed", usage=USAGE)))
        shown = go(*CREATE, "--wait", "--usage")
        assert shown.err == "note: tokens: 5 prompt, 7 completion, 12 total\n"

    def test_before_the_error_of_a_run_that_failed(self, go: Go, server: Server) -> None:
        server.reply(stream(("thread.run.failed", run("failed", usage=USAGE))))
        shown = go(*CREATE, "--format", "text", "--usage")
        assert shown.code == 5
        assert shown.err.splitlines()[0] == "note: tokens: 5 prompt, 7 completion, 12 total"

    @pytest.mark.parametrize("usage", [None, {}, "many", 5])
    def test_a_server_that_reports_none(self, usage: Any, go: Go, server: Server) -> None:
        server.reply(*replies(run("completed", usage=usage)))
        assert go(*CREATE, "--usage").err == "note: tokens: not reported\n"

    def test_commands_that_answer_no_run_have_no_such_flag(self, openai: Shell) -> None:
        assert openai("--local", "beta:threads", "create", "--usage").code == 2


class TestThread:
    @pytest.mark.slow
    def test_on_a_terminal_a_reply_is_followed_by_its_thread(self, openai: Shell) -> None:
        for words in (("--format", "text"), PRETTY):
            screen = on_terminal(openai, *LOCAL, "--message", "Hello", *words)
            (note,) = [line for line in screen.text.splitlines() if "to continue" in line]
            assert "--continue" in note
            show = shlex.split(note.partition("to read it: ")[2])
            assert show[0] == "openai"
            assert openai(*show[1:]).out.endswith("  Hello\n")
            assert f"thread {show[3]};" in note

    def test_the_way_on_at_a_server(self, openai: Shell, server: Server) -> None:
        ended = run("completed", assistant_id="asst_1")
        server.reply(stream(("thread.run.completed", ended)), said("Hello"))
        words = ("--base-url", server.url, *CREATE, "--format", "text")
        note = on_terminal(openai, *words).text.splitlines()[-1]
        line = ["openai", "--base-url", server.url, "beta:threads:runs", "create", "thread_7",
                "--assistant-id", "asst_1", "--additional-message", "TEXT"]  # fmt: skip
        assert shlex.split(note.partition("to continue: ")[2]) == line
        server.reply(*replies(run("queued")))
        assert openai(*line[1:]).code == 0

    @pytest.mark.slow
    def test_none_in_data_in_files_and_for_threads_that_are_known(self, openai: Shell) -> None:
        assert "to go on" not in on_terminal(openai, *LOCAL, "--message", "Hi").text
        more = ("--message", "Hi", "--format", "text")
        assert openai(*LOCAL, *more).err == ""
        assert "to go on" not in on_terminal(openai, *LOCAL, *more, "--continue").text
