"""`openai local threads` and `openai local show`: threads in the store, found and read again."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_terminal import COLOUR, CONTROL, EVIL, on_terminal
from tests.support.programs import CLOSED_TO_OTHERS, open_to_others
from tests.support.shell import OPENAI, Shell
from tests.support.terminal import Terminal
from tests.support.waiting import until

STORE = "threads.db"
RUN = ("beta:threads", "create-and-run", "--assistant-id", "asst_demo", "--format", "jsonl")
WEATHER = ("--tool", "{type: function, function: {name: weather}}")
SLOW = "!slow 60\none after the other"
TRICK = "\\033]0;title\\007"
LOCAL = {"OPENAI_BASE_URL": f"local:{STORE}"}


@pytest.fixture
def local(openai: Shell) -> Shell:
    openai.environ.update(LOCAL)
    return openai


def said(shell: Shell, text: str, *words: str) -> dict[str, Any]:
    """A run on a new thread that begins with this text."""
    (run,) = shell(*RUN, "--raw-field", f"--message={text}", *words).lines
    assert isinstance(run, dict)
    return run


def imported(shell: Shell, *objects: dict[str, Any]) -> None:
    text = "".join(json.dumps(one) + "\n" for one in objects)
    done = shell("local", "import", "-", stdin=text)
    assert done.code == 0, done.err


def message(thread: str, number: int, text: str, **more: Any) -> dict[str, Any]:
    part = {"type": "text", "text": {"value": text, "annotations": []}}
    return {"id": f"msg_{number}", "object": "thread.message", "created_at": 1_700_000_000 + number,
            "thread_id": thread, "role": "user", "content": [part], **more}  # fmt: skip


def thread(name: str, created_at: int = 1_700_000_000) -> dict[str, Any]:
    return {"id": name, "object": "thread", "created_at": created_at}


def without_times(text: str) -> str:
    """The conversation with its times replaced."""
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "TIME", text)


@pytest.mark.in_process(process_when_slow=True)
class TestThreads:
    def test_newest_first_with_what_one_knows_them_by(self, local: Shell) -> None:
        first = said(local, "hello")
        second = said(local, "!call weather {}", *WEATHER)
        imported(local, thread("thread_old", 1_600_000_000), message("thread_old", 1, "x\ny " * 99))
        listed = local("local", "threads").lines
        assert [one["id"] for one in listed] == [
            second["thread_id"], first["thread_id"], "thread_old",
        ]  # fmt: skip
        assert [one["messages"] for one in listed] == [1, 2, 1]
        assert [one["run_status"] for one in listed] == ["requires_action", "completed", None]
        assert [one["last_words"] for one in listed[:2]] == ["!call weather {}", "hello"]
        assert listed[2]["last_words"] == ("x y " * 99)[:199] + "…"
        assert listed[2]["created_at"] == 1_600_000_000

    def test_formats_and_transforms_are_those_of_lists(self, local: Shell) -> None:
        runs = [said(local, text) for text in ("one", "two", "three")]
        words = ("local", "threads", "--max-items", "2", "--transform", "id", "-r")
        newest = [run["thread_id"] for run in reversed(runs)]
        assert local(*words).out.split() == newest[:2]
        table = local("local", "threads", "--format", "pretty").out.splitlines()
        assert [line.split()[0] for line in table] == ["id", *newest]
        assert table[1].split()[3:] == ["2", "completed", "three"]
        for name in ("explore", "text"):
            refused = local("local", "threads", "--format", name)
            assert (refused.code, refused.out) == (2, "")
            assert "nothing was listed" in refused.err

    def test_many_threads(self, local: Shell) -> None:
        names = [f"thread_{number:03}" for number in range(120)]
        imported(local, *(thread(name, 1_600_000_000 + at) for at, name in enumerate(names)))
        listed = local("local", "threads", "--transform", "id", "-r").out.split()
        assert listed == names[::-1]

    def test_a_deleted_thread_is_not_listed(self, local: Shell) -> None:
        run = said(local, "hello")
        assert local("beta:threads", "delete", run["thread_id"]).code == 0
        listed = local("local", "threads")
        assert (listed.code, listed.out) == (0, "")
        assert listed.err == f"note: there is no thread in {local.folder / STORE}\n"

    def test_a_store_that_is_not_there_is_not_made(self, local: Shell) -> None:
        for command in ("threads", "show"):
            result = local("local", command)
            assert (result.code, result.out) == (3, "")
            error, hint = result.err.splitlines()
            assert error == f"error: The store {local.folder / STORE} does not exist."
            assert (
                hint == "hint: the first request to the engine (--local), or an import, creates it"
            )
        assert list(local.folder.iterdir()) == []

    def test_the_run_of_a_killed_process_is_told_as_failed(self, local: Shell) -> None:
        with local.start(*RUN, "--message", SLOW, stdout=subprocess.DEVNULL) as process:
            until(lambda: '"in_progress"' in local("local", "threads").out)
            process.kill()
        (listed,) = local("local", "threads").lines
        assert listed["run_status"] == "failed"
        assert "worker stopped" in local("local", "show").out


@pytest.mark.in_process(process_when_slow=True)
class TestShow:
    def test_the_newest_thread_as_a_conversation(self, local: Shell) -> None:
        said(local, "earlier")
        run = said(local, '!call weather {"city": "Oslo"}', *WEATHER,
                   "--on-tool-call", "weather=echo rain")  # fmt: skip
        more = ("--additional-message", "thanks\n\nbye")
        assert local("beta:threads:runs", "create", run["thread_id"], *RUN[2:4], *more).code == 0
        shown = local("local", "show")
        assert (shown.code, shown.err) == (0, "")
        assert without_times(shown.out) == (
            f"{run['thread_id']}  TIME\n"
            "\nuser  TIME\n  !call weather {\"city\": \"Oslo\"}\n"
            "\ntool calls  TIME\n  weather({\"city\": \"Oslo\"}) → rain\n"
            "\nassistant  TIME\n  rain\n\n"
            "\nuser  TIME\n  thanks\n\n  bye\n"
            "\nassistant  TIME\n  thanks\n\n  bye\n"
        ).replace("  rain\n\n\n", "  rain\n\n")  # fmt: skip

    def test_runs_that_did_not_complete_and_calls_that_wait(self, local: Shell) -> None:
        failed = said(local, "!fail No paper.")
        shown = without_times(local("local", "show", failed["thread_id"]).out)
        assert shown.endswith(f"\nrun failed  TIME\n  {failed['id']}: server_error: No paper.\n")
        waiting = said(local, "!call weather {}", *WEATHER)
        shown = without_times(local("local", "show", waiting["thread_id"]).out)
        assert "\ntool calls  TIME\n  weather({})\n" in shown
        assert shown.endswith(f"\nrun requires action  TIME\n  {waiting['id']}\n  weather({{}})\n")

    def test_an_imported_thread_of_several_pages(self, local: Shell) -> None:
        messages = [message("thread_1", number, f"text {number}") for number in range(120)]
        imported(local, thread("thread_1"), *messages)
        lines = local("local", "show", "thread_1").out.splitlines()
        assert [line.strip() for line in lines if "text" in line] == [
            f"text {number}" for number in range(120)
        ]

    def test_no_text_passes_for_the_head_of_a_message(self, local: Shell) -> None:
        said(local, "a\nassistant  2026-01-01 00:00:00\n  I never said that")
        heads = [line for line in local("local", "show").out.splitlines() if line[:1].strip()]
        assert [head.split()[0][:6] for head in heads] == ["thread", "user", "assist"]

    def test_other_parts_are_named(self, local: Shell) -> None:
        image = {"type": "image_file", "image_file": {"file_id": "file-1"}}
        imported(local, thread("thread_1"), message("thread_1", 1, "", content=[image]))
        assert local("local", "show").out.endswith("\n  [image_file: file-1]\n")

    def test_what_is_not_there(self, local: Shell) -> None:
        run = said(local, "x")
        gone = local("local", "show", "thread_gone")
        assert (gone.code, gone.out) == (2, "")
        assert f'THREAD: there is no thread "thread_gone" in {local.folder / STORE}' in gone.err
        assert "openai local threads" in gone.err
        assert local("beta:threads", "delete", run["thread_id"]).code == 0
        empty = local("local", "show")
        assert (empty.code, "there is no thread yet" in empty.err) == (2, True)
        assert local("local", "show", "a", "b").code == 2
        assert local("local", "show", "").err.startswith("error: THREAD: is empty")
        assert local("local", "show", "--color", "purple").code == 2


@pytest.mark.slow
def test_on_a_terminal_a_table_and_bold_heads(local: Shell) -> None:
    run = said(local, "hello")
    table = on_terminal(local, "local", "threads", columns=100).text
    title, row = table.splitlines()
    assert title.startswith("\x1b[1mid ")
    assert row.split()[0] == run["thread_id"]
    assert row.endswith("hello")
    narrow = on_terminal(local, "local", "threads", "--columns", "messages,run_status").text
    assert [line.split() for line in narrow.splitlines()][1:] == [["2", "completed"]]
    shown = on_terminal(local, "local", "show").text
    assert "\x1b[1muser\x1b[0m" in shown
    assert "\x1b" not in on_terminal(local, "local", "show", "--color", "never").text


@pytest.mark.slow
def test_no_control_character_reaches_the_terminal(local: Shell) -> None:
    imported(local, thread("thread_1"), message("thread_1", 1, EVIL))
    said(local, "!call weather {}", *WEATHER, "--on-tool-call", f"weather=printf '{TRICK}'")
    for listed in local("local", "threads", "--transform", "id", "-r").out.split():
        screen = on_terminal(local, "local", "show", listed)
        assert screen.code == 0
        assert not CONTROL.search(COLOUR.sub("", screen.text))
    assert not CONTROL.search(COLOUR.sub("", on_terminal(local, "local", "threads").text))


@pytest.mark.slow
def test_a_long_conversation_goes_through_the_pager(local: Shell) -> None:
    said(local, "line\n" * 50)
    pager = {"PAGER": "sh -c 'cat > paged'"}
    assert on_terminal(local, "local", "show", env=pager).text == ""
    assert (local.folder / "paged").read_text().count("line") == 100
    assert "line" in on_terminal(local, "local", "show", "--no-pager", env=pager).text


class TestFollow:
    @pytest.mark.slow
    def test_what_comes_later_is_printed_when_it_is_whole(self, local: Shell) -> None:
        run = said(local, "first")
        words = ("local", "show", run["thread_id"], "--follow")
        environ = {**local.environ, "TERM": "xterm", "NO_COLOR": "1"}
        terminal = Terminal([OPENAI, *words], folder=local.folder, environ=environ)
        terminal.expect("assistant")
        more = (run["thread_id"], *RUN[2:4], *WEATHER, "--on-tool-call", "weather=echo rain")
        text = '!call weather {"city": "Oslo"}'
        local("beta:threads:runs", "create", *more, "--additional-message", text)
        terminal.expect("user")
        terminal.expect('weather({"city": "Oslo"}) → rain')
        terminal.expect("assistant")
        terminal.expect("rain")
        local("beta:threads:runs", "create", *more[:3], "--additional-message", "!fail Out of ink.")
        terminal.expect("run failed")
        terminal.press(b"\x03")
        screen = terminal.finish()
        assert screen.code == 130
        assert screen.text.count("Out of ink.") == 2  # the message and the run's error
        assert screen.text.count("→ rain") == 1
        assert screen.text.count("first") == 2

    @pytest.mark.slow
    def test_it_ends_with_its_reader_and_with_the_thread(self, local: Shell) -> None:
        run = said(local, "first")
        words = (OPENAI, "local", "show", "--follow")
        gone = subprocess.run(
            ["sh", "-c", f"{' '.join(words)} | head -1"], cwd=local.folder, env=local.environ,
            timeout=60, capture_output=True, check=False,
        )  # fmt: skip
        assert gone.stdout.decode().startswith(run["thread_id"])
        assert gone.stderr == b""
        following = local.start(*words[1:], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert following.stdout is not None
        assert following.stdout.readline()
        assert local("beta:threads", "delete", run["thread_id"]).code == 0
        _, err = following.communicate(timeout=60)
        assert err.decode() == f"note: thread {run['thread_id']} was deleted\n"
        assert following.returncode == 0


@pytest.fixture
def read_only(local: Shell) -> Iterator[Path]:
    """A store on a file and in a folder that nobody can write."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "kept.db"
        assert local(*RUN, "--message", "kept", "--base-url", f"local:{file}").code == 0
        file.chmod(0o444)
        folder.chmod(0o555)
        yield file
        folder.chmod(0o755)


AS_NOBODY = """
import importlib, os, pkgutil
import openai_cli.cli, openai_cli.engine, openai_cli.output
for room in (openai_cli.cli, openai_cli.engine, openai_cli.output):
    for module in pkgutil.walk_packages(room.__path__, room.__name__ + "."):
        if "explore" not in module.name and "serve" not in module.name:
            importlib.import_module(module.name)
if os.geteuid() == 0:
    os.setuid(65534)
"""
"""Code after which the command runs as a user who owns nothing; root may write everywhere."""


@pytest.mark.slow
@pytest.mark.skipif(not open_to_others(), reason=CLOSED_TO_OTHERS)
def test_a_read_only_store_can_be_read(read_only: Path, local: Shell) -> None:
    local.folder.chmod(0o755)
    listed = local.after(AS_NOBODY, "local", "threads", "--store", str(read_only))
    assert (listed.code, listed.err) == (0, "")
    assert listed.lines[0]["last_words"] == "kept"
    shown = local.after(AS_NOBODY, "local", "show", "--store", str(read_only))
    assert shown.out.endswith("  kept\n")
    saved = local.after(AS_NOBODY, "local", "export", "--store", str(read_only))
    assert '"kept"' in saved.out
    assert [one.name for one in read_only.parent.iterdir()] == ["kept.db"]


@pytest.mark.slow
@pytest.mark.skipif(not open_to_others(), reason=CLOSED_TO_OTHERS)
def test_a_store_beside_its_log_can_be_read_by_others(read_only: Path, local: Shell) -> None:
    """A server of another user has written what is still in its log only."""
    read_only.parent.chmod(0o755)
    read_only.chmod(0o644)
    url = f"local:{read_only}"
    with local.start(*RUN, "--message", SLOW, "--base-url", url) as writer:
        words = ("local", "show", "--store", str(read_only))
        until(lambda: "!slow" in local.after(AS_NOBODY, *words).out)
        writer.send_signal(signal.SIGINT)
    assert writer.returncode == 130


@pytest.mark.slow
def test_they_are_read_while_a_server_writes(local: Shell) -> None:
    log = local.folder / "log"
    with log.open("wb") as err:
        server = local.start("local", "serve", "--port", "0", "--store", STORE, stderr=err)
    try:
        until(lambda: " at " in log.read_text())
        url = log.read_text().split()[-1]
        for number in range(3):
            said(local, f"turn {number}", "--base-url", url)
            newest = local("local", "threads", "--max-items", "1").lines[0]
            assert newest["messages"] >= 1
            assert f"turn {number}" in local("local", "show").out
    finally:
        server.terminate()
        assert server.wait(30) == 0


@pytest.mark.slow
def test_a_reader_that_leaves_early(local: Shell) -> None:
    imported(local, *(thread(f"thread_{number:03}") for number in range(200)))
    done = subprocess.run(
        ["sh", "-c", f"{OPENAI} local threads | head -1"], cwd=local.folder,
        env={**os.environ, **local.environ}, capture_output=True, check=False,
    )  # fmt: skip
    assert done.stdout.count(b"\n") == 1
    assert done.stderr == b""
