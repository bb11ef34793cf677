"""On Windows: what works, and that the rest is refused in one sentence.

There is no Windows here. Each command runs in a Python that takes itself for one and lacks the
modules and functions that do not exist there.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import RUN
from tests.support.shell import Result, Shell

WINDOWS = """
import asyncio, os, platformdirs, select, selectors, signal, socket, sqlite3, subprocess, sys
import openai_cli.windows
openai_cli.windows.is_windows = lambda: True
for module in ("fcntl", "grp", "pty", "pwd", "resource", "termios", "tty"):
    sys.modules[module] = None
for holder, names in (
    (os, "fork forkpty getuid geteuid getpgid killpg setsid uname statvfs set_blocking O_NONBLOCK"),
    (signal, "SIGALRM SIGHUP SIGQUIT SIGKILL SIGPIPE SIGCHLD setitimer ITIMER_REAL alarm"),
    (select, "poll epoll"),
    (socket, "AF_UNIX"),
):
    for name in names.split():
        delattr(holder, name)
def no_kill(*_): raise AssertionError("on Windows, signal 0 ends a process")
def sockets_only(*_): raise OSError(10038, "An operation was attempted on something not a socket")
os.kill, select.select = no_kill, sockets_only
os.get_exec_path = lambda *_: []
"""

NO_UNIX = '(socket, "AF_UNIX"),'
"""The pair of sockets of an event loop needs it where there is no Windows."""


@pytest.fixture
def home(openai: Shell) -> Shell:
    """A shell whose files say nothing with their modes, as on Windows: all may write them."""
    openai.environ["OPENAI_LOCAL_STORE"] = str(openai.folder / "store.db")
    return openai


def run(shell: Shell, *words: str) -> Result:
    return shell.after(WINDOWS, *words)


@pytest.mark.slow
def test_a_run_on_the_engine_and_its_thread(home: Shell) -> None:
    first = run(home, "--local", *RUN, "--message", "Hello", "--wait")
    assert (first.code, first.json["status"], first.err) == (0, "completed", "")
    (home.folder / "store.db").chmod(0o666)
    listed = run(home, "--local", "beta:threads:messages", "list", first.json["thread_id"])
    assert (listed.code, listed.err) == (0, "")
    assert "Hello" in listed.out


@pytest.mark.slow
def test_an_active_run_is_left_to_its_heartbeat(home: Shell) -> None:
    """The process of its owner is not looked up, which would end it."""
    made = run(home, "--local", *RUN, "--message", "!call sky", "--tool", _tool("sky"))
    thread = made.json["thread_id"]
    again = run(home, "--local", "beta:threads:runs", "list", thread)
    assert (again.code, again.err) == (0, "")


def _tool(name: str) -> str:
    return json.dumps({"type": "function", "function": {"name": name}})


@pytest.mark.slow
def test_what_does_not_work_is_refused_in_one_sentence(home: Shell) -> None:
    for words in (
        ("--max-time", "5"),
        ("--wait", "--on-tool-call", "sky=sky.exe"),
        ("--base-url", "http+unix://%2Frun%2Fx.sock/v1"),
    ):
        refused = run(home, *RUN, *words)
        assert refused.code == 2
        assert refused.out == ""
        assert refused.err.startswith("error: --")
        assert refused.err.endswith(
            "does not work on Windows; it does in WSL; nothing was sent\n"
        ), refused.err


@pytest.mark.slow
def test_a_body_in_a_pipe_and_a_pipe_without_one(home: Shell) -> None:
    program = f"{WINDOWS}\nfrom openai_cli.__main__ import main\nmain()"
    command = [sys.executable, "-c", program, *RUN, "--dry-run", "--stdin-timeout"]
    setting = {"cwd": home.folder, "env": home.environ, "stderr": subprocess.PIPE}
    body = b'{"instructions": "' + b"x" * 200_000 + b'"}'
    done = subprocess.run(
        [*command, "30"], input=body, stdout=subprocess.PIPE, check=True, **setting
    )
    assert len(json.loads(done.stdout)["body"]["instructions"]) == 200_000
    with subprocess.Popen(
        [*command, "0.05"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, **setting
    ) as silent:
        assert silent.wait(60) == 0
        assert silent.stderr is not None
        assert b"warning: standard input is a pipe and was not read" in silent.stderr.read()


@pytest.mark.slow
def test_a_file_a_transfer_and_the_doctor(home: Shell) -> None:
    (home.folder / "text.txt").write_text("Hi")
    sent = run(home, *RUN, "--message", "@text.txt", "--dry-run")
    assert sent.json["body"]["thread"]["messages"][0]["content"] == "Hi"
    (home.folder / "saved.json").write_text('{"id": "asst_1", "model": "echo"}')
    assert run(home, "local", "import", "saved.json").code == 0
    assert '"asst_1"' in run(home, "local", "export").out
    assert run(home, "local", "doctor", "--local").code == 0


@pytest.mark.slow
def test_a_server_stops_at_ctrl_c(home: Shell) -> None:
    without_handlers = """
def refused(*_): raise NotImplementedError
asyncio.unix_events._UnixSelectorEventLoop.add_signal_handler = refused
signal.SIGBREAK = signal.SIGUSR1
"""
    windows = WINDOWS.replace(NO_UNIX, "") + without_handlers
    program = f"{windows}\nfrom openai_cli.__main__ import main\nmain()"
    with subprocess.Popen(
        [sys.executable, "-c", program, "local", "serve", "--port", "0"],
        cwd=home.folder, env=home.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as server:  # fmt: skip
        assert server.stderr is not None
        assert b"http://127.0.0.1:" in server.stderr.readline()
        server.send_signal(signal.SIGINT)
        assert server.wait(30) == 0


@pytest.mark.slow
def test_lines_to_copy_are_for_powershell(home: Shell) -> None:
    waiting = run(home, "--local", *RUN, "--message", "!call sky", "--tool", _tool("sky"))
    assert (
        "hint: continue with: openai --local beta:threads:runs submit-tool-outputs" in waiting.err
    )
    split = run(home, *RUN, "--metadata", '{"a":', '"b"}')
    assert """hint: quote it: --metadata '{"a": "b"}'""" in split.err
    asked = run(home, *RUN, "--message", "Hello", "world")
    assert 'hint: quote it: --message "Hello world"' in asked.err


def test_no_module_needs_what_windows_lacks(home: Shell) -> None:
    """Every module loads, except the one that answers calls with commands, refused before."""
    package = Path(__file__).parents[1] / "openai_cli"
    names = sorted(
        ".".join(path.relative_to(package.parent).with_suffix("").parts)
        for path in package.rglob("*.py")
        if path.name != "__main__.py"
    )
    wanted = [name for name in names if name not in _POSIX_ONLY]
    done = home.after(
        f"{WINDOWS}\nimport importlib\nfor name in {wanted!r}: importlib.import_module(name)\n",
        "version",
    )
    assert (done.code, done.err) == (0, "")


_POSIX_ONLY = ("openai_cli.follow.process", "openai_cli.follow.commands")
