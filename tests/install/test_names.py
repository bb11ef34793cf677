"""The names of this tool, and what it says to words of others that are called the same."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import openai_cli
from openai_cli.api.operations import RESOURCES
from openai_cli.cli.other_tools import owner_of
from tests.support.server import Server
from tests.support.shell import OPENAI, Shell


def test_both_commands_say_name_version_and_path(openai: Shell) -> None:
    package = Path(openai_cli.__file__).parent
    expected = f"openai {openai_cli.__version__} (openai-threads-cli, {package})\n"
    second = Path(OPENAI).with_name("openai-threads-cli")
    for command in ([OPENAI], [str(second)], [sys.executable, "-m", "openai_cli"]):
        done = subprocess.run(
            [*command, "--version"], env=openai.environ, capture_output=True, check=True, text=True
        )
        assert (done.stdout, done.stderr) == (expected, "")


@pytest.mark.parametrize(
    ("words", "owner"),
    [
        ("responses create --model gpt-5 --input Hi", "OpenAI's own command line"),
        ("files list", "OpenAI's own command line"),
        ("chat:completions create", "OpenAI's own command line"),
        ("beta:vector-stores list", "OpenAI's own command line"),
        ("--format json models list", "OpenAI's own command line"),
        ("api chat.completions.create -m x -g user Hi", "Python package before version 2.40"),
        ("tools fine_tunes.prepare_data -f x", "Python package before version 2.40"),
    ],
)
def test_words_of_other_tools(openai: Shell, server: Server, words: str, owner: str) -> None:
    done = openai(words, env={"OPENAI_BASE_URL": server.url})
    assert (done.code, done.out, server.seen) == (2, "", [])
    assert re.fullmatch(
        r'error: "\S+": this is openai-threads-cli, which has only the Assistants commands; '
        rf"\S+ is a command of .*{owner}.*; nothing was sent\n",
        done.err,
    )


def test_our_own_words_and_slips_belong_to_nobody_else() -> None:
    for word in (*RESOURCES, "local", "help", "respnses", "file", "chats"):
        assert owner_of(word) == ""
