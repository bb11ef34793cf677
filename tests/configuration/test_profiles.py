"""Which profile is used, what it sets, and what wins over it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.configuration.conftest import Write
from tests.support.server import Reply, Server
from tests.support.shell import Shell

pytestmark = pytest.mark.in_process(process_when_slow=True)

CREATE = ("beta:threads", "create")
KEY = "sk-0123456789abcdef"
TWO = """
profile = "work"

[profiles.work]
base_url = "{url}"
organization = "org-work"

[profiles.other]
base_url = "{url}"
organization = "org-other"
"""


def organization(openai: Shell, server: Server, *words: str, **env: str) -> str | None:
    server.reply(Reply(body={"id": "thread_1"}))
    done = openai(*CREATE, *words, env=env)
    assert (done.code, done.err) == (0, "")
    return server.last.header("OpenAI-Organization")


def test_the_profile_is_named_by_flag_variable_or_file(
    openai: Shell, server: Server, write: Write
) -> None:
    write(TWO.format(url=server.url))
    assert organization(openai, server) == "org-work"
    assert organization(openai, server, OPENAI_PROFILE="other") == "org-other"
    assert organization(openai, server, "--profile=work", OPENAI_PROFILE="other") == "org-work"
    assert organization(openai, server, OPENAI_PROFILE="") == "org-work"


def test_flags_win_over_variables_and_those_over_the_profile(
    openai: Shell, server: Server, write: Write
) -> None:
    write(TWO.format(url=server.url))
    assert organization(openai, server, OPENAI_ORG_ID="org-env") == "org-env"
    assert organization(openai, server, "--organization=org-flag", OPENAI_ORG_ID="x") == "org-flag"


def test_without_a_profile_in_use_a_file_changes_nothing(
    openai: Shell, server: Server, write: Write
) -> None:
    write(TWO.format(url="http://127.0.0.1:9/v1").replace('profile = "work"', ""))
    assert organization(openai, server, OPENAI_BASE_URL=server.url) is None


def test_an_empty_openai_config_does_without_the_file(
    openai: Shell, server: Server, write: Write
) -> None:
    write("this is not TOML")
    env = {"OPENAI_CONFIG": "", "OPENAI_PROFILE": "work", "OPENAI_BASE_URL": server.url}
    assert organization(openai, server, **env) is None
    done = openai(*CREATE, "--profile", "work", env=env)
    assert done.code == 2
    assert "--profile: OPENAI_CONFIG: is empty, so that no configuration file is read" in done.err


@pytest.mark.parametrize("variable", ["OPENAI_CONFIG", "XDG_CONFIG_HOME"])
def test_other_places(openai: Shell, server: Server, tmp_path: Path, variable: str) -> None:
    file = tmp_path / "openai-cli" / "config.toml"
    file.parent.mkdir()
    file.write_text(TWO.format(url=server.url))
    named = file if variable == "OPENAI_CONFIG" else tmp_path
    assert organization(openai, server, **{variable: str(named)}) == "org-work"


def test_settings_of_all_kinds(openai: Shell, server: Server, write: Write) -> None:
    write(
        f"""
        [profiles.a]
        base_url = "{server.url}"
        format = "raw"
        max_retries = 0
        timeout = 2.5
        header = {{ X-Team = "blue", X-Part = "one" }}
        no_pager = true
        raw_output = true
        """
    )
    server.reply(Reply(body='{"id":  "thread_1"}'))
    done = openai(*CREATE, "--profile", "a", "--header", "x-part: two")
    assert done.out == '{"id":  "thread_1"}'
    assert server.last.header("X-Team") == "blue"
    assert [text for name, text in server.last.headers if name.lower() == "x-part"] == ["two"]
    assert openai(*CREATE, "--profile", "a", "--transform", "id").out == "thread_1\n"
    server.reply(Reply(status=503))
    before = len(server.seen)
    assert openai(*CREATE, "--profile", "a").code == 4
    assert len(server.seen) == before + 1


def test_errors_take_the_format_of_the_profile(openai: Shell, write: Write) -> None:
    write('profile = "a"\n[profiles.a]\nformat_error = "json"\n')
    done = openai(*CREATE, "--metadata", "1")
    assert (done.code, json.loads(done.err)["type"]) == (2, "usage_error")


def test_a_switch_that_is_off_is_not_set(openai: Shell, server: Server, write: Write) -> None:
    write(f'profile = "a"\n[profiles.a]\nraw_output = false\nbase_url = "{server.url}"\n')
    server.reply(Reply(body={"id": "thread_1"}))
    assert openai(*CREATE, "--transform", "id").out == '"thread_1"\n'


def test_the_engine_of_a_profile(openai: Shell, server: Server, write: Write) -> None:
    write(
        f"""
        profile = "a"
        [profiles.a]
        base_url = "local:"
        store = "{openai.folder}/a.db"
        upstream_url = "{server.url}"
        upstream_model = {{ "gpt-4o" = "qwen3:8b", "*" = "echo" }}
        upstream_header = ["X-Team: blue", "X-Part: one"]
        upstream_api = "chat"
        """
    )
    reply = {"choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello."}}]}
    server.reply(Reply(body=reply))
    ask = ("beta:threads", "create-and-run", "--assistant-id=asst_demo", "--message=Hi")
    assert openai(*ask, "--format=text").out == "Hi\n"
    assert openai(*ask, "--format=text", "--model=gpt-4o").out == "Hello.\n"
    assert server.last.json["model"] == "qwen3:8b"
    assert (server.last.header("X-Team"), server.last.header("X-Part")) == ("blue", "one")
    assert openai("local", "path").out == f"{openai.folder}/a.db\n"
    assert openai("local", "path", env={"OPENAI_LOCAL_STORE": "b.db"}).out.endswith("/b.db\n")
    assert openai("local", "path", "--profile", "b").code == 2


def test_the_time_limit_of_a_profile_is_that_of_the_upstream_too(
    openai: Shell, server: Server, write: Write
) -> None:
    write('profile = "a"\n[profiles.a]\nbase_url = "local:"\ntimeout = 0.2\n')
    server.reply(Reply(hang=2))
    done = openai(
        "beta:threads", "create-and-run", "--assistant-id=asst_demo", "--message=Hi", "--model=m",
        "--upstream-url", server.url, "--max-retries=0",
    )  # fmt: skip
    assert done.code == 5
    assert "took too long to answer" in done.err


def test_suggested_commands_name_the_profile_that_was_named(
    openai: Shell, server: Server, write: Write, example_run: dict[str, Any]
) -> None:
    write(f"[profiles.a]\nbase_url = '{server.url}'\n")
    server.reply(Reply(body={**example_run, "status": "in_progress"}))
    done = openai(
        "beta:threads", "create-and-run", "--assistant-id=asst_demo", "--profile=a", "--wait",
        "--wait-timeout=0.1",
    )  # fmt: skip
    line = f"continue with: openai --profile a --base-url {server.url} beta:threads:runs retrieve "
    assert line in done.err
