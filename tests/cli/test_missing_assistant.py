"""From the message about the retired endpoints to a run on the engine: each hint leads on."""

from __future__ import annotations

import json
import shlex

import pytest

from tests.cli.test_retirement import HERE, MARK, THERE, as_read, suggested
from tests.support.shell import Result, Shell

pytestmark = pytest.mark.in_process(process_when_slow=True)

RUN = ("beta:threads", "create-and-run", "--assistant-id", "asst_tutor", "--message", "Hi")


def hinted(result: Result, kind: str) -> list[str]:
    """The words of the command that the hint about a missing assistant has for this way."""
    (line,) = [one for one in result.err.splitlines() if one.startswith(f"  with {kind} id: ")]
    return shlex.split(line.partition(": ")[2].partition("  (")[0])


def test_without_a_key_the_first_message_says_that_the_server_is_gone(openai: Shell) -> None:
    result = openai(*RUN)
    assert (result.code, result.out, result.err.count(MARK)) == (2, "", 1)
    assert result.err.startswith("error: OPENAI_API_KEY: is not set")
    local, there = suggested(result)
    assert as_read(local) == ["openai", *HERE, *RUN]
    assert as_read(there) == ["openai", *THERE, *RUN]


@pytest.mark.parametrize("url", ["https://me.openai.azure.com/openai/v1", "https://ours.test/v1"])
def test_another_server_without_a_key(url: str, openai: Shell) -> None:
    result = openai("--base-url", url, *RUN)
    assert result.code == 2
    assert (MARK in result.err) is ("azure" in url)


def test_each_hint_leads_to_the_next_step(openai: Shell) -> None:
    local, _ = suggested(openai(*RUN))
    missing = openai(*as_read(local)[1:])
    assert missing.code == 4
    assert "No assistant found with id 'asst_tutor'." in missing.err

    words = hinted(missing, "this")
    (openai.folder / words[3]).write_text('{"id": "asst_tutor", "model": "echo"}')
    assert openai(*words[1:]).code == 0
    assert openai(*as_read(local)[1:], "--format=text").out == "Hi\n"

    words = ["echo" if word == "MODEL" else word for word in hinted(missing, "a new")]
    assert openai(*words[1:]).json["model"] == "echo"


def test_the_example_of_a_file_can_be_imported(openai: Shell) -> None:
    result = openai("--local", *RUN, "--model", "gpt-4o")
    example = result.err.partition("saved assistants, or ")[2].partition(")\n")[0]
    assert json.loads(example) == {"id": "asst_tutor", "model": "gpt-4o"}
    assert openai("local", "import", "-", stdin=example).code == 0
    assert hinted(result, "a new") == ["openai", "--local", "beta:assistants", "create",
                                       "--model", "gpt-4o"]  # fmt: skip


def test_the_commands_keep_the_store(openai: Shell) -> None:
    store = ("--base-url", "local:my threads.db")
    result = openai(*store, "beta:assistants", "retrieve", "asst_gone")
    assert hinted(result, "this")[3:] == ["FILE", "--store", "my threads.db"]
    assert hinted(result, "a new")[1:3] == list(store)


def test_other_refusals_have_no_such_hint(openai: Shell) -> None:
    for words in (("beta:threads", "retrieve", "thread_gone"), ("beta:assistants", "update", "x")):
        result = openai("--local", *words)
        assert result.code == 4
        assert "local import" not in result.err
