"""Answers in each format: what reaches a pipe, and what a terminal is spared."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_cli.output.formats import FORMATS
from openai_cli.output.gjson import parser
from openai_cli.output.gjson.parser import parse
from openai_cli.output.printer import OutputStyle, Printer
from openai_cli.output.sink import Sink
from tests.output.strategies import documents, exact

PRINTED = [name for name in FORMATS if name != "explore"]
TERMINAL = {"TERM": "xterm-256color"}
_COLOUR = re.compile("\x1b\\[[0-9;]*m")

EVIL = "a\x1b]0;title\x07\x1b[2Jb\x9b31m\x90q\x9c\x7fc\rd\x08\x0be\x00\u0085f\r\ng"
"""Escape sequences, BEL, C1 bytes, a carriage return, backspaces and NUL."""


def shown(
    value: Any,
    style: OutputStyle,
    *,
    terminal: bool = False,
    environ: Mapping[str, str] = TERMINAL,
    event: bool = False,
) -> str:
    """What the printer writes for a document, or for an event with this data."""
    stream = io.BytesIO()
    printer = Printer(Sink(stream, is_terminal=terminal), style, environ)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if event:
        printer.event(text)
    else:
        printer.document(text.encode())
    printer.finish()
    return stream.getvalue().decode()


def run(**fields: Any) -> dict[str, Any]:
    return {"id": "run_1", "object": "thread.run", "status": "completed", **fields}


@pytest.mark.parametrize("event", [False, True], ids=["document", "event"])
@pytest.mark.parametrize("raw_strings", [False, True], ids=["", "-r"])
@pytest.mark.parametrize("path", ["", "id", "@this", "metadata"])
@pytest.mark.parametrize("name", PRINTED)
def test_nothing_raw_reaches_a_terminal(
    name: str, path: str, raw_strings: bool, event: bool
) -> None:
    value: dict[str, Any] = {
        "id": EVIL,
        "object": "thread.message" if name == "text" else EVIL,
        "role": "assistant",
        "status": "completed",
        "content": [{"type": "text", "text": {"value": EVIL}}, {"type": EVIL}],
        "metadata": {EVIL: EVIL},
        "usage": {EVIL: 1},
        "tools": [{"type": EVIL}, {"type": "function", "function": {"name": EVIL}}],
        "last_error": {"code": EVIL, "message": EVIL},
        "created_at": EVIL,
        EVIL: [EVIL, {EVIL: EVIL}],
    }
    document: Any = {"event": EVIL, "data": value} if event else value
    # Not escaped by the server, as far as JSON lets it: C1 controls and DEL go in as they are.
    style = OutputStyle(name, path, raw_strings)
    text = _COLOUR.sub("", shown(document, style, terminal=True, event=event))
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]|\r(?!\n)", text)
    assert text


def test_raw_bytes_reach_a_pipe_as_they_are_and_a_terminal_without_controls() -> None:
    data = EVIL.encode() + b"\xff\xfe" + "é€😀".encode()
    for terminal in (False, True):
        stream = io.BytesIO()
        printer = Printer(Sink(stream, is_terminal=terminal), OutputStyle("raw"), TERMINAL)
        for place in range(len(data)):
            printer.chunk(data[place : place + 1])
        if terminal:
            found = stream.getvalue().decode()
            assert found.endswith("\ufffd\ufffdé€😀")
            assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", found)
        else:
            assert stream.getvalue() == data


def test_a_line_end_of_two_characters_is_no_trick() -> None:
    assert shown('{"a":1}\r\n', OutputStyle("raw"), terminal=True) == '{"a":1}\r\n'
    assert shown('{"a":1}\rx', OutputStyle("raw"), terminal=True) == '{"a":1}\\x0dx'


def test_a_pipe_gets_the_words_of_a_reply_as_they_are() -> None:
    message = {"object": "thread.message", "role": "assistant", "content": EVIL}
    assert shown(message, OutputStyle("text")) == EVIL + "\n"
    assert shown(run(id=EVIL), OutputStyle("auto", "id", raw_strings=True)) == EVIL + "\n"


@given(documents, st.sampled_from(["auto", "json", "jsonl", "raw"]), st.booleans())
def test_json_formats_keep_the_value(text: str, name: str, terminal: bool) -> None:
    printed = shown(text, OutputStyle(name), terminal=terminal)
    plain = _COLOUR.sub("", printed)
    if not (name == "raw" and terminal):
        assert exact(plain) == exact(text)


@given(documents, st.sampled_from(PRINTED), st.sampled_from(["", "a", "data.0", "@pretty"]))
def test_no_document_is_too_odd_to_print(text: str, name: str, path: str) -> None:
    shown(text, OutputStyle(name, path))
    shown(f'{{"event":"e","data":{text}}}', OutputStyle(name, path), event=True)
    shown(f'{{"object":"thread.run","required_action":{text},"tools":{text}}}', OutputStyle(name))
    shown(f'{{"object":"list","data":{text},"has_more":true}}', OutputStyle(name))
    shown(f'{{"object":"thread.message","role":"assistant","content":{text}}}', OutputStyle(name))
    shown(f'{{"event":"e","data":{{"delta":{{"content":{text}}}}}}}', OutputStyle(name), event=True)


@pytest.mark.parametrize(
    ("environ", "terminal", "coloured"),
    [
        ({"TERM": "xterm"}, True, {"auto", "json", "pretty", "table"}),
        ({"TERM": "xterm"}, False, set()),
        ({"TERM": "dumb"}, True, set()),
        ({}, True, set()),
        ({"TERM": "xterm", "NO_COLOR": "1"}, True, set()),
        ({"TERM": "xterm", "NO_COLOR": "1", "FORCE_COLOR": "1"}, True, set()),
        ({"FORCE_COLOR": "1"}, False, set()),
        ({"FORCE_COLOR": "0"}, False, set()),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, True, {"auto", "json", "pretty", "table"}),
    ],
)
def test_colour(environ: dict[str, str], terminal: bool, coloured: set[str]) -> None:
    found = {
        name
        for name in PRINTED
        if "\x1b[" in shown(run(), OutputStyle(name), terminal=terminal, environ=environ)
    }
    assert found == coloured


def test_a_transform_is_applied_to_each_item_and_leaves_what_it_does_not_find() -> None:
    assert shown('{"a":1.10,"b":2}', OutputStyle("jsonl", "a")) == "1.10\n"
    assert shown('{"a":1.10}', OutputStyle("jsonl", "none")) == '{"a":1.10}\n'
    assert shown('{"a":null}', OutputStyle("jsonl", "a")) == "null\n"
    assert shown('{"a":"x\\ny"}', OutputStyle("jsonl", "a")) == '"x\\ny"\n'
    assert shown('{"a":"x\\ny"}', OutputStyle("jsonl", "a", raw_strings=True)) == "x\ny\n"
    assert shown('{"a":[1]}', OutputStyle("auto", "a", raw_strings=True)) == "[\n  1\n]\n"
    assert shown('{"a":[1, 2]}', OutputStyle("text", "a")) == "[1,2]\n"
    assert shown('{"a":"x"}', OutputStyle("text", "a")) == "x\n"
    assert shown('{"a":"x"}', OutputStyle("pretty", "a")) == "x\n"
    assert shown('{"a": 1.50}', OutputStyle("raw", "a")) == "1.50\n"
    assert shown('{"a":"x"}', OutputStyle("yaml", "a")) == "x\n"


def test_yaml_documents_are_separated() -> None:
    stream = io.BytesIO()
    printer = Printer(Sink(stream), OutputStyle("yaml"), {})
    for number in (1, 2, 3):
        printer.event(f'{{"event":"e","data":{number}}}')
    assert stream.getvalue().decode().split("---\n") == [
        f"event: e\ndata: {number}\n" for number in (1, 2, 3)
    ]


def test_what_is_nested_too_deep_for_a_format_is_refused_in_a_sentence() -> None:
    deep = "[" * 900 + "1.0" + "]" * 900
    assert compact_of(shown(deep, OutputStyle("json"))) == deep
    with pytest.raises(Exception, match="nested too deeply for yaml; use json"):
        shown(deep, OutputStyle("yaml"))


def compact_of(text: str) -> str:
    return "".join(text.split())


def test_a_path_is_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed = []

    def counting(path: str) -> Any:
        parsed.append(path)
        return parse(path)

    monkeypatch.setattr(parser, "parse", counting)
    stream = io.BytesIO()
    printer = Printer(Sink(stream), OutputStyle("jsonl", transform="a.b"), {})
    for number in range(50):
        printer.event(f'{{"a":{{"b":{number}}}}}')
    assert stream.getvalue().decode().split() == [str(number) for number in range(50)]
    assert parsed == ["a.b"]
