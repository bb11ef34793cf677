"""Keys of a profile: where they come from, when they are read, where they are sent."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.configuration.conftest import Write
from tests.engine.serve.support import Served
from tests.support.server import Reply, Server
from tests.support.shell import Shell, without
from tests.support.waiting import alive, until

pytestmark = pytest.mark.in_process(process_when_slow=True)

CREATE = ("beta:threads", "create")
RUN = ("beta:threads", "create-and-run", "--assistant-id=asst_demo", "--message=Hi")
KEY = "sk-0123456789abcdef"
SAYS = "Bearer " + KEY
CHAT = Reply(
    body={"choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello."}}]}
)


@pytest.fixture
def counted(tmp_path: Path) -> Path:
    """A program that prints the key, and adds a line to the file `calls` beside it."""
    program = tmp_path / "print-key"
    program.write_text(f'#!/bin/sh\necho "$OPENAI_ORG_ID" >> "$0.calls"\necho " {KEY} "\n')
    program.chmod(0o755)
    return program


def calls(program: Path) -> int:
    log = Path(f"{program}.calls")
    return len(log.read_text().splitlines()) if log.exists() else 0


def profile(write: Write, *lines: str, mode: int = 0o600) -> Path:
    return write("\n".join(['profile = "a"', "[profiles.a]", *lines]) + "\n", mode=mode)


def authorization(openai: Shell, server: Server, *words: str, **env: str) -> str | None:
    server.reply(Reply(body={"id": "thread_1"}))
    done = openai(*CREATE, *words, env=env)
    assert (done.code, done.err) == (0, "")
    return server.last.header("Authorization")


@pytest.mark.parametrize("listed", [False, True])
def test_a_command_prints_the_key(
    openai: Shell, server: Server, write: Write, counted: Path, listed: bool
) -> None:
    command = f'["{counted}", "a b"]' if listed else f"\"{counted} 'a b'\""
    profile(write, f'base_url = "{server.url}"', f"api_key_command = {command}")
    assert authorization(openai, server, OPENAI_ORG_ID="org-1") == SAYS
    # It saw no variable of ours.
    assert Path(f"{counted}.calls").read_text() == "\n"


def test_the_command_is_not_run_without_need(
    openai: Shell, server: Server, write: Write, counted: Path
) -> None:
    profile(write, f'base_url = "{server.url}"', f'api_key_command = "{counted}"')
    shown = openai(*CREATE, "--dry-run")
    assert '"Authorization": "Bearer [redacted]"' in shown.out
    assert '"Authorization: Bearer $OPENAI_API_KEY"' in openai(*CREATE, "--dry-run=curl").out
    openai(*CREATE, "--help")
    openai(*CREATE, "--metadata", "1")
    openai("--local", *RUN, "--model", "echo")
    openai("local", "config", "show")
    assert authorization(openai, server, "--api-key=other-key") == "Bearer other-key"
    assert authorization(openai, server, "--header=Authorization: Basic eA==") == "Basic eA=="
    assert calls(counted) == 0


def test_a_key_of_the_environment_wins_with_a_warning(
    openai: Shell, server: Server, write: Write, counted: Path
) -> None:
    profile(
        write,
        f'base_url = "{server.url}"',
        f'api_key_command = "{counted}"',
        'upstream_key = "upstream-key"',
    )
    server.reply(Reply(body={"id": "thread_1"}))
    done = openai(*CREATE, env={"OPENAI_API_KEY": "env-key"})
    assert (done.code, server.last.header("Authorization")) == (0, "Bearer env-key")
    assert done.err == "warning: the key of profile a is not used, as OPENAI_API_KEY is set\n"
    env = {"OPENAI_LOCAL_UPSTREAM_KEY": "env-key", "OPENAI_API_KEY": "env-key"}
    done = openai(*RUN, "--local", "--model=echo", env=env)
    what = "the key of profile a is not used, as OPENAI_LOCAL_UPSTREAM_KEY is set"
    assert done.err == f"warning: {what}\n"
    assert calls(counted) == 0


def test_the_command_is_run_once_for_many_requests(
    openai: Shell, server: Server, write: Write, counted: Path
) -> None:
    profile(write, f'base_url = "{server.url}"', f'api_key_command = "{counted}"')
    server.reply(Reply(status=503), Reply(status=503), Reply(body={"id": "thread_1"}))
    assert openai(*CREATE).code == 0
    assert [seen.header("Authorization") for seen in server.seen] == [SAYS] * 3
    assert calls(counted) == 1


@pytest.mark.parametrize(
    "elsewhere",
    [
        ("--base-url=http://127.0.0.1:{port}/v1", {}),
        ("--timeout=9", {"OPENAI_BASE_URL": "http://127.0.0.1:{port}/v1"}),
    ],
    ids=["flag", "variable"],
)
def test_what_is_for_the_profiles_server_goes_to_no_other(
    openai: Shell,
    server: Server,
    write: Write,
    counted: Path,
    elsewhere: tuple[str, dict[str, str]],
) -> None:
    profile(
        write,
        'base_url = "https://assistants.example.com/v1"',
        f'api_key_command = "{counted}"',
        'organization = "org-1"',
        'project = "proj_1"',
        'header = { api-key = "hidden-key-1" }',
        'mtls_client_cert_file = "no.pem"',
        'mtls_client_key_file = "no.pem"',
    )
    word, env = elsewhere
    port = server.url.rpartition(":")[2].partition("/")[0]
    server.reply(Reply(body={"id": "thread_1"}))
    done = openai(
        *CREATE, word.format(port=port), env={k: v.format(port=port) for k, v in env.items()}
    )
    assert (done.code, done.err) == (0, "")
    sent = {name.lower() for name, _ in server.last.headers}
    assert not sent & {"authorization", "openai-organization", "openai-project", "api-key"}
    assert calls(counted) == 0


@pytest.mark.parametrize(
    ("own", "asked", "same"),
    [
        ("https://a.example/v1", "https://A.example:443/other", True),
        ("https://a.example/v1", "http://a.example/v1", False),
        ("https://a.example/v1", "https://a.example:444/v1", False),
        ("https://a.example/v1", "https://a.example.evil.test/v1", False),
        ("http+unix://%2Frun%2Fa.sock/v1", "http+unix://%2Frun%2Fa.sock/v2", True),
        ("http+unix://%2Frun%2Fa.sock/v1", "http+unix://%2Frun%2Fb.sock/v1", False),
        ("http://localhost/v1", "http+unix://%2Frun%2Fb.sock/v1", False),
        ("local:", "https://a.example/v1", False),
    ],
)
def test_which_servers_are_the_same(
    openai: Shell, write: Write, own: str, asked: str, same: bool
) -> None:
    profile(write, f'base_url = "{own}"', f'api_key = "{KEY}"')
    shown = openai(*CREATE, "--base-url", asked, "--dry-run").json
    assert ("Authorization" in shown["headers"]) == same


def test_a_key_that_is_missed_elsewhere_is_told(openai: Shell, write: Write) -> None:
    profile(write, 'base_url = "https://a.example/v1"', f'api_key = "{KEY}"')
    done = openai(*CREATE, "--base-url=https://b.example/v1")
    assert done.code == 2
    assert "hint: the key of profile a is for https://a.example/v1 only" in done.err
    assert KEY not in done.err


def test_the_servers_key_is_not_the_upstreams(
    openai: Shell, server: Server, write: Write, counted: Path
) -> None:
    profile(write, 'base_url = "https://a.example/v1"', f'api_key_command = "{counted}"')
    for words in ((*RUN, "--model=m", "--local"), ("local", "doctor", "--local")):
        done = openai(*words)
        assert "api.openai.com needs a key" in done.out + done.err
    assert calls(counted) == 0


def test_the_upstreams_key(openai: Shell, server: Server, write: Write, counted: Path) -> None:
    profile(
        write,
        'base_url = "local:"',
        f'upstream_url = "{server.url}"',
        f'upstream_key_command = "{counted}"',
        'upstream_header = "X-Team: blue"',
    )
    assert openai(*RUN, "--format=text", "--model=echo").out == "Hi\n"
    assert calls(counted) == 0
    server.reply(CHAT)
    assert openai(*RUN, "--format=text", "--model=m").out == "Hello.\n"
    assert (server.last.header("Authorization"), server.last.header("X-Team")) == (SAYS, "blue")
    assert calls(counted) == 1


def test_the_upstreams_key_goes_to_no_other_upstream(
    openai: Shell, server: Server, write: Write, counted: Path
) -> None:
    profile(
        write,
        'base_url = "local:"',
        'upstream_url = "http://127.0.0.1:9/v1"',
        f'upstream_key_command = "{counted}"',
        'upstream_header = "X-Team: blue"',
    )
    server.reply(CHAT)
    for word, env in (
        (f"--upstream-url={server.url}", {}),
        ("--upstream-api=chat", {"OPENAI_LOCAL_UPSTREAM_URL": server.url}),
    ):
        assert openai(*RUN, "--format=text", "--model=m", word, env=env).out == "Hello.\n"
        assert server.last.header("Authorization") is None
        assert server.last.header("X-Team") is None
    assert calls(counted) == 0


@pytest.mark.slow
def test_a_server_of_the_engine_takes_the_profile(
    openai: Shell, server: Server, write: Write, counted: Path
) -> None:
    profile(
        write,
        'base_url = "https://a.example/v1"',
        'api_key = "not-for-the-upstream"',
        f'store = "{openai.folder}/team.db"',
        f'upstream_url = "{server.url}"',
        f'upstream_key_command = "{counted}"',
        'upstream_model = { fast = "qwen3:8b" }',
    )
    server.reply(CHAT)
    served = Served(openai)
    try:
        ask = (*RUN, "--base-url", served.url, "--format=text", "--model=fast")
        assert [openai(*ask).out for _ in range(2)] == ["Hello.\n"] * 2
    finally:
        served.close()
    assert "/team.db at" in served.said.decode()
    assert {seen.header("Authorization") for seen in server.seen} == {SAYS}
    assert server.last.json["model"] == "qwen3:8b"
    assert calls(counted) == 1


def test_a_server_of_the_engine_needs_the_key_when_it_starts(openai: Shell, write: Write) -> None:
    profile(write, 'upstream_url = "https://a.example/v1"', 'upstream_key_command = "false"')
    done = openai("local serve --port 0")
    assert done.code == 2
    assert "upstream_key_command: false exited with 1; not started" in done.err


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("echo SECRET-KEY; exit 3", "print-key exited with 3"),
        ("echo SECRET-KEY; kill -9 $$", "print-key was killed by signal 9"),
        ("true", "print-key printed nothing"),
        ("printf 'SECRET-KEY\\nuser: me\\n'", "print-key has a line break, a space or"),
        ("printf '\\377SECRET-KEY'", "print-key is not valid text"),
        ("yes SECRET-KEY", "print-key was stopped: it prints more than a key"),
        (None, "No such file or directory"),
    ],
)
def test_a_command_that_does_not_print_a_key(
    openai: Shell, server: Server, write: Write, tmp_path: Path, program: str | None, why: str
) -> None:
    command = tmp_path / "print-key"
    if program:
        command.write_text(f"#!/bin/sh\n{program}\n")
        command.chmod(0o755)
    path = profile(write, f'base_url = "{server.url}"', f'api_key_command = "{command}"')
    done = openai(*CREATE)
    assert (done.code, done.out, server.seen) == (2, "", [])
    assert done.err.startswith(f"error: {path}:4: profiles.a.api_key_command: ")
    assert why in done.err
    assert "SECRET" not in done.err


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere only the command is known")
def test_a_command_that_is_stopped_leaves_nothing_running(
    openai: Shell, server: Server, write: Write, tmp_path: Path
) -> None:
    command = tmp_path / "print-key"
    command.write_text('#!/bin/sh\nsleep 1000 2>&- &\necho $! > "$0.pid"\nyes\n')
    command.chmod(0o755)
    profile(write, f'base_url = "{server.url}"', f'api_key_command = "{command}"')
    assert "was stopped" in openai(*CREATE).err
    child = int(Path(f"{command}.pid").read_text())
    until(lambda: not alive(child))


def test_a_key_in_place_of_the_command_is_not_shown(
    openai: Shell, server: Server, write: Write
) -> None:
    for command in (KEY, f"OPENAI_API_KEY={KEY} print-key"):
        profile(write, f'base_url = "{server.url}"', f'api_key_command = "{command}"')
        for words in (CREATE, (*CREATE, "--debug"), ("local", "doctor")):
            done = openai(*words)
            assert (done.code, server.seen) == (2, [])
            assert "api_key_command: cannot run this command: No such file" in done.err
            assert KEY not in done.out + done.err


def test_a_command_of_an_upstreams_key_that_fails(
    openai: Shell, server: Server, write: Write
) -> None:
    profile(
        write,
        'base_url = "local:"',
        f'upstream_url = "{server.url}"',
        'upstream_key_command = "false"',
    )
    done = openai(*RUN, "--model=m")
    assert "profiles.a.upstream_key_command: false exited with 1" in done.out + done.err
    assert server.seen == []


def test_a_key_in_the_file_or_in_another(openai: Shell, server: Server, write: Write) -> None:
    profile(write, f'base_url = "{server.url}"', f'api_key = "{KEY}"')
    assert authorization(openai, server) == SAYS
    (openai.folder / "key").write_text(f"{KEY}\n")
    profile(write, f'base_url = "{server.url}"', f'api_key = "@{openai.folder}/key"', mode=0o644)
    assert authorization(openai, server) == SAYS
    (openai.folder / "key").unlink()
    done = openai(*CREATE)
    assert done.code == 2
    assert "profiles.a.api_key: cannot read the file" in done.err


@pytest.mark.parametrize(
    "secret",
    [
        f'api_key = "{KEY}"',
        f'upstream_key = "{KEY}"',
        'header = { Authorization = "Bearer hidden-key-1" }',
        'upstream_header = ["X-Team: blue", "api-key: hidden-key-1"]',
        'base_url = "https://a.example/v1?api-key=hidden-key-1"',
    ],
)
def test_a_secret_in_a_file_that_others_can_read(
    openai: Shell, server: Server, write: Write, secret: str
) -> None:
    setting = secret.partition(" ")[0]
    for mode in (0o644, 0o640, 0o604):
        path = profile(write, secret, mode=mode)
        done = openai(*CREATE)
        assert done.code == 2
        assert done.err == (
            f"error: {path}:3: profiles.a.{setting}: is a secret in plain text, and other users "
            f"can read this file (mode {mode:04o}): chmod 600 {path}; nothing was sent\n"
        )
    profile(write, secret)
    assert openai("local", "config", "check").code == 0
    assert "hidden-key" not in openai("local", "config", "show").out


def test_a_file_that_others_can_change(openai: Shell, write: Write) -> None:
    path = profile(write, "timeout = 5", mode=0o620)
    done = openai(*CREATE)
    assert done.code == 2
    assert f"{path}: other users can change this file" in done.err


def test_tool_commands_do_not_see_the_key(openai: Shell, write: Write, counted: Path) -> None:
    profile(write, 'base_url = "local:"', f'upstream_key = "{KEY}"')
    done = openai(
        *RUN, "--model=echo", "--format=text", "--on-tool-call=env=sh -c 'env | sort'",
        "--tool={type: function, function: {name: env}}", "--message=!call env {}",
    )  # fmt: skip
    assert KEY not in done.out
    assert "OPENAI_" in done.out


@pytest.mark.parametrize("password", [KEY, None])
def test_a_key_of_the_keyring(
    openai: Shell, server: Server, write: Write, tmp_path: Path, password: str | None
) -> None:
    (tmp_path / "rings.py").write_text(
        "from keyring.backend import KeyringBackend\n"
        "class Ring(KeyringBackend):\n"
        "    priority = 1\n"
        "    def get_password(self, service, username):\n"
        f"        return {password!r} if (service, username) == ('my/app', 'me') else 'wrong'\n"
        "    def set_password(self, *_): pass\n"
    )
    path = profile(write, f'base_url = "{server.url}"', 'api_key_keyring = "my/app/me"')
    server.reply(Reply(body={"id": "thread_1"}))
    done = openai.after("", *CREATE, PYTHON_KEYRING_BACKEND="rings.Ring", PYTHONPATH=str(tmp_path))
    if password:
        assert (done.code, server.last.header("Authorization")) == (0, SAYS)
    else:
        what = "the keyring has no password for user me of my/app"
        assert done.err.startswith(f"error: {path}:4: profiles.a.api_key_keyring: {what}")


def test_without_the_keyring_package(openai: Shell, server: Server, write: Write) -> None:
    profile(write, f'base_url = "{server.url}"', 'api_key_keyring = "app/me"')
    done = openai.after(without("keyring"), *CREATE)
    assert done.code == 1
    assert "keyrings are not installed" in done.err
    assert "keyring" in done.err.splitlines()[1]


def test_a_time_limit_ends_a_command(openai: Shell, server: Server, write: Write) -> None:
    profile(write, f'base_url = "{server.url}"', 'api_key_command = "sleep 1000"')
    done = openai(*CREATE, "--max-time=0.3")
    assert done.code == 3
    assert "not finished after 0.3 s" in done.err
    assert server.seen == []
