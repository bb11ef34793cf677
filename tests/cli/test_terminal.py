"""On a real pseudo-terminal: colour, width, and a server that plays tricks."""

from __future__ import annotations

import json
import re

import pytest

from tests.cli.conftest import RUN, reply_events
from tests.support.server import Reply, Server, sse
from tests.support.shell import OPENAI, Shell
from tests.support.terminal import Screen, Terminal

COLOUR = re.compile("\x1b\\[[0-9;]*m")
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]|\r(?!\n)")
EVIL = "a\x1b]0;title\x07\x1b[2Jb\x9b31m\x90q\x9c\x7fc\rd\x08\x0be\x00f\u202eg\u2066h"


def on_terminal(
    openai: Shell, *args: str, columns: int = 80, env: dict[str, str] | None = None
) -> Screen:
    environ = {**openai.environ, "TERM": "xterm-256color", "PAGER": "cat", **(env or {})}
    return Terminal(
        [OPENAI, *Shell.words(args)], folder=openai.folder, environ=environ, columns=columns
    ).finish()


@pytest.mark.slow
def test_colour_on_a_terminal(openai: Shell, server: Server) -> None:
    server.reply(Reply(body='{"a":"x"}'))
    coloured = '{\n  \x1b[34;1m"a"\x1b[0m: \x1b[32m"x"\x1b[0m\n}\n'
    plain = COLOUR.sub("", coloured)
    words = [*RUN, "--base-url", server.url]
    assert on_terminal(openai, *words).text == coloured
    assert on_terminal(openai, *words, "--format", "json").text == coloured
    assert on_terminal(openai, *words, env={"NO_COLOR": "1"}).text == plain
    assert on_terminal(openai, *words, env={"TERM": "dumb"}).text == plain
    assert openai(*words, env={"FORCE_COLOR": "1"}).out == plain


def test_errors_are_coloured_on_a_terminal(openai: Shell) -> None:
    refused = on_terminal(openai, *RUN, "--top-p", "7")
    assert refused.code == 2
    assert refused.text.startswith("\x1b[31;1merror:\x1b[0m --top-p: ")
    assert "\x1b" not in on_terminal(openai, *RUN, "--top-p", "7", env={"NO_COLOR": "1"}).text


@pytest.mark.slow
def test_a_path_that_selects_nothing_is_noted_on_a_terminal(openai: Shell, server: Server) -> None:
    server.reply(Reply(body='{"object":"list","data":[{"a":1},{"b":2}]}'))
    place = ("--base-url", server.url, "--format", "jsonl", "--transform")
    listing = (*place, "nope", "beta:assistants", "list")
    note = "note: --transform selects nothing here, so all of it is printed\n"

    def shown(*words: str) -> str:
        return on_terminal(openai, *words, env={"NO_COLOR": "1"}).text

    assert shown(*listing).endswith('{"a":1}\n{"b":2}\n' + note)
    assert "note" not in shown(*place, "b", "beta:assistants", "list")
    assert openai(*listing).err == ""
    assert shown(*RUN, *place, "nope", "--dry-run").endswith(note)
    as_in_jq = shown(*RUN, *place, ".body", "--dry-run")
    assert as_in_jq.endswith(note[:-1] + "; a GJSON path begins without a dot: id, not .id\n")
    refused = shown("zzz", "--format-error", "json", "--transform-error", "nope")
    assert refused.endswith(note.replace("--transform", "--transform-error"))


@pytest.mark.first_by_default
@pytest.mark.parametrize("name", ["auto", "raw", "text"])
def test_a_server_s_tricks_do_not_reach_the_terminal(
    openai: Shell, server: Server, name: str
) -> None:
    run = {"object": "thread.run", "id": EVIL, "thread_id": EVIL, "status": "completed", EVIL: EVIL}
    body = json.dumps(run, ensure_ascii=False)
    stream = [(EVIL.replace("\r", ""), body), *reply_events(run, EVIL)]
    chunks = sse(*((event, data if isinstance(data, str) else json.dumps(data, ensure_ascii=False))
                   for event, data in stream))  # fmt: skip
    server.reply(
        Reply(chunks=[b": \x1b[2J\xff\n", *chunks]),
        Reply(404, body={"error": {"message": EVIL}}, headers={"x-request-id": "\x9b2J"}),
    )
    words = [*RUN, "--base-url", server.url, "--stream", "--format", name]
    printed = on_terminal(openai, *words)
    assert printed.code == 0
    assert not CONTROL.search(COLOUR.sub("", printed.data.decode()))
    assert "title" in printed.text
    refused = on_terminal(openai, *words, "--debug", "--format-error", name)
    assert refused.code == 4
    assert not CONTROL.search(COLOUR.sub("", refused.data.decode()))
    assert "title" in refused.text


@pytest.mark.slow
def test_a_tiny_terminal(openai: Shell) -> None:
    local = ["--local", *RUN, "--message", "Hi there"]
    for name in ("pretty", "auto"):
        shown = on_terminal(openai, *local, "--format", name, columns=20)
        assert shown.code == 0
        assert "completed" in shown.text
    page = on_terminal(openai, *RUN, "--help", columns=20)
    assert page.code == 0
    assert "--truncation-strategy.last-messages INTEGER" in page.text
    assert "\x1b[1mUsage:\x1b[0m" in page.text


def test_pretty_is_as_wide_as_the_terminal(openai: Shell) -> None:
    shown = on_terminal(
        openai, "--local", *RUN, "--message", "Hi", "--format", "pretty", columns=100
    )
    *rows, note = COLOUR.sub("", shown.text).splitlines()
    assert note.startswith("note: thread ")
    assert {len(row) for row in rows} == {100}
    assert "\x1b[32m" in shown.text
