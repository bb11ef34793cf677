"""Lists on a real terminal: the table, its width and colour, and the explorer."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from rich.cells import cell_len

from openai_cli.output.formats import FORMATS
from tests.cli.conftest import message
from tests.cli.test_terminal import COLOUR, CONTROL, EVIL, on_terminal
from tests.support.listing import envelope
from tests.support.server import Reply, Server
from tests.support.shell import OPENAI, Shell
from tests.support.terminal import Terminal

PRINTED = [name for name in FORMATS if name != "explore"]
LIST = ("beta:threads:messages", "list", "t", "--base-url")


def page(*messages: Any, more: bool = False) -> Reply:
    return Reply(body=json.dumps(envelope(messages, has_more=more)))


@pytest.mark.slow
@pytest.mark.parametrize("columns", [60, 100])
def test_a_table_as_wide_as_the_terminal(columns: int, openai: Shell, server: Server) -> None:
    server.reply(page(message("日本語 " * 40), more=True), page(message("short", id="msg_2")))
    screen = on_terminal(openai, *LIST, server.url, "--format=pretty", columns=columns)
    title, first, second = screen.text.splitlines()
    assert title.startswith("\x1b[1mid ")
    assert columns - 2 <= cell_len(first) <= columns
    assert re.fullmatch(r"msg_2 +assistant  short", second)
    plain = on_terminal(
        openai, *LIST, server.url, "--format=pretty", columns=columns, env={"NO_COLOR": "1"}
    )
    assert not COLOUR.search(plain.text)


@pytest.mark.first_by_default
@pytest.mark.parametrize("format", PRINTED)
def test_no_control_character_of_a_list_reaches_the_terminal(
    format: str, openai: Shell, server: Server
) -> None:
    server.reply(page(message(EVIL, id=EVIL), message("b")))
    screen = on_terminal(openai, *LIST, server.url, "--format", format)
    assert screen.code == 0
    assert not CONTROL.search(COLOUR.sub("", screen.text))
    assert "b" in screen.text


@pytest.mark.slow
def test_a_list_can_be_explored_while_it_comes(openai: Shell, server: Server) -> None:
    shown = threading.Event()

    def held_back() -> Iterator[bytes]:
        assert shown.wait(30)
        yield json.dumps(envelope([message("Second", id="msg_2")], has_more=False)).encode()

    kind = {"Content-Type": "application/json"}
    server.reply(page(message("First"), more=True), Reply(chunks=held_back(), headers=kind))
    terminal = Terminal(
        [OPENAI, *LIST, server.url, "--format=explore"],
        folder=openai.folder,
        environ={**openai.environ, "TERM": "xterm-256color"},
    )
    terminal.expect("msg_1")
    shown.set()
    terminal.expect("msg_2")
    terminal.press(b"/")
    terminal.expect("search keys")
    terminal.press(b"Second\r")
    terminal.expect("1 of 1")
    terminal.press(b"p")
    screen = terminal.finish()
    assert screen.code == 0
    assert screen.text.endswith("Second\n")
