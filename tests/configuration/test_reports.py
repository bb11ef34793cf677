"""`local config` and `local doctor`: what is in effect, and where it comes from."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from openai_cli.cli.config_file.profile_settings import SETTINGS
from tests.configuration.conftest import Write
from tests.support.server import Reply, Server
from tests.support.shell import Shell

pytestmark = pytest.mark.in_process(process_when_slow=True)

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"
KEY = "sk-0123456789abcdef"
MODELS = Reply(body={"object": "list", "data": [{"id": "llama3.2"}]})


def settings(openai: Shell, *words: str, **env: str) -> dict[str, tuple[Any, str]]:
    done = openai("local", "config", "show", "--format=json", *words, env=env)
    assert (done.code, done.err) == (0, "")
    return {key: (one["value"], one["from"]) for key, one in done.json["settings"].items()}


def test_without_a_file(openai: Shell) -> None:
    done = openai("local config show")
    assert done.out.splitlines() == [
        "file: none",
        "profile: not set",
        "settings:",
        "  api_key: not set",
        "  base_url: https://api.openai.com/v1",
    ]
    done = openai("local config check")
    assert done.code == 2
    assert "config.toml: does not exist" in done.err


def test_each_value_names_its_source(openai: Shell, write: Write) -> None:
    path = write(
        "[profiles.a]\nbase_url = 'https://a.example/v1'\napi_key_command = 'false'\n"
        "timeout = 5\nraw_output = true\nheader = ['X-A: 1']\nproject = 'p'\nstore = 'a.db'\n"
    )
    env = {"OPENAI_PROFILE": "a", "OPENAI_PROJECT_ID": "q"}
    assert settings(openai, "--timeout=7", **env) == {
        "api_key": ("set", "profile a"),
        "base_url": ("https://a.example/v1", "profile a"),
        "project": ("q", "OPENAI_PROJECT_ID"),
        "header": ("set", "profile a"),
        "timeout": ("7", "--timeout"),
        "format": ("json", "--format"),
        "raw_output": (True, "profile a"),
        "store": ("a.db", "profile a"),
    }
    assert settings(openai, "--local", **env)["api_key"] == ("not set", "default")
    assert settings(openai, "--local", **env)["base_url"] == ("local:", "--local")
    shown = openai("local config show --format json --transform profile", env=env)
    assert shown.json == {"value": "a", "from": "OPENAI_PROFILE"}
    shown = openai("local config show --format raw --transform file", env=env)
    assert shown.out == f"{path}\n"


def test_no_secret_is_shown(openai: Shell, write: Write) -> None:
    write(
        f"profile = 'a'\n[profiles.a]\nbase_url = 'local:'\nupstream_key = '{KEY}'\n"
        f"upstream_header = 'api-key: {KEY}'\nupstream_url = 'http://127.0.0.1:9/v1?key={KEY}'\n"
    )
    for words in ("local config show", "local doctor", "beta:threads create --debug"):
        done = openai(words)
        assert KEY not in done.out + done.err, words


def test_debug_names_the_profile(openai: Shell, write: Write) -> None:
    path = write("profile = 'a'\n[profiles.a]\nbase_url = 'local:'\n")
    assert openai("beta:threads create --debug").err.startswith(f"* profile a of {path}\n")


def test_doctor_names_the_profile_and_asks_with_its_keys(
    openai: Shell, server: Server, write: Write
) -> None:
    path = write(
        f"profile = 'a'\n[profiles.a]\nbase_url = '{server.url}'\napi_key_command = 'echo {KEY}'\n"
        f"upstream_url = '{server.url}'\nupstream_key_command = 'echo {KEY}-2'\n"
    )
    server.reply(MODELS)
    done = openai("local doctor")
    assert (done.code, done.err) == (0, "")
    assert f"  profile: a ({path})" in done.out.splitlines()
    assert "  key: set (profile a)" in done.out.splitlines()
    sent = [seen.header("Authorization") for seen in server.seen]
    assert sent == [f"Bearer {KEY}", f"Bearer {KEY}-2"]


def test_doctor_goes_on_without_a_file_that_cannot_be_used(openai: Shell, write: Write) -> None:
    path = write("timeout = 5")
    done = openai("local doctor --local --format json")
    assert done.code == 2
    assert done.json["tool"]["name"] == "openai-threads-cli"
    (problem,) = done.json["problems"]
    assert problem.startswith(f"{path}:1: timeout: no such setting")


def test_doctor_tells_of_a_command_that_fails(openai: Shell, server: Server, write: Write) -> None:
    write(f"profile = 'a'\n[profiles.a]\nbase_url = '{server.url}'\napi_key_command = 'false'\n")
    done = openai("local doctor")
    assert done.code == 2
    assert "api_key_command: false exited with 1" in done.err
    assert server.seen == []


@pytest.mark.parametrize(("word", "near"), [("", ""), ("chekc", ' found "chekc" (did you mean c')])
def test_another_action(openai: Shell, word: str, near: str) -> None:
    done = openai("local", "config", *filter(None, [word]))
    assert done.code == 2
    assert f"ACTION: expected show, path or check{near and ','}{near}" in done.err


def test_another_action_is_the_mistake_whatever_follows(openai: Shell) -> None:
    done = openai("local config set profile work")
    assert done.err == (
        'error: ACTION: expected show, path or check, found "set"; nothing was done\n'
    )


def test_the_path_without_a_file(openai: Shell) -> None:
    assert openai("local config path", env={"OPENAI_CONFIG": "~/a.toml"}).out == (
        f"{openai.environ['HOME']}/a.toml\n"
    )
    done = openai("local config path", env={"OPENAI_CONFIG": ""})
    assert done.code == 2
    assert "OPENAI_CONFIG: is empty" in done.err


def test_the_page_names_every_setting() -> None:
    table = PAGE.read_text(encoding="utf-8").partition("## Settings")[2].partition("\n\nNo flag")[0]
    first = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    assert sorted(re.findall(r"`(\w+)`", " ".join(first))) == sorted(SETTINGS)
