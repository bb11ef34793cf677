"""The words of a reply, out of documents and out of streams."""

from __future__ import annotations

import json
import sys
import tracemalloc
from typing import Any

import pytest

from openai_cli.output.reply import ReplyStream, message_text, replies


def text(value: Any) -> dict[str, Any]:
    return {"type": "text", "text": {"value": value, "annotations": [{"text": "【1†source】"}]}}


def message(*content: Any, role: str = "assistant", **more: Any) -> dict[str, Any]:
    return {"id": "m1", "object": "thread.message", "role": role, "content": list(content), **more}


def delta(*content: Any, ident: str = "m1") -> dict[str, Any]:
    return {"id": ident, "object": "thread.message.delta", "delta": {"content": list(content)}}


def streamed(*data: Any, annotated: bool = False) -> str:
    stream = ReplyStream(annotated=annotated)
    events = [json.dumps({"event": "e", "data": item}) for item in data]
    pieces = [piece for event in events for piece in stream.pieces(event)]
    return "".join([*pieces, *stream.end()])


@pytest.mark.parametrize(
    ("part", "shown"),
    [
        (text("See 【1†source】."), "See 【1†source】."),
        ({"type": "text", "text": "plain"}, "plain"),
        ({"type": "refusal", "refusal": "I may not."}, "[refusal] I may not."),
        ({"type": "image_file", "image_file": {"file_id": "file-1"}}, "[image_file: file-1]"),
        ({"type": "image_url", "image_url": {"url": "https://x/y"}}, "[image_url: https://x/y]"),
        ({"type": "image_file", "image_file": {}}, "[image_file: no file or URL]"),
        ({"type": "hologram"}, "[hologram]"),
        ({}, "[part]"),
        ({"type": ["list"], "text": 1}, "[['list']]"),
        ({"type": "text", "text": {"value": None}}, ""),
        ({"type": "text", "text": {"annotations": []}}, ""),
        ({"type": "text", "text": [{"value": "a"}, "b", {"text": "c"}]}, "abc"),
        ({"type": "text", "text": {"value": {"value": "a"}}}, "a"),
        ({"type": "output_text", "text": "a"}, "a"),
        ("a", "a"),
        ({"type": "text", "text": {"words": 1}}, '[cannot be read: {"words": 1}]'),
        ({"type": "text", "text": [{"value": "a"}, True]}, "a[cannot be read: true]"),
    ],
)
def test_parts(part: Any, shown: str) -> None:
    assert message_text(message(part)) == shown


def test_parts_stand_one_below_the_other() -> None:
    image = {"type": "image_file", "image_file": {"file_id": "f"}}
    assert message_text(message(text("a"), image, text("b"))) == "a\n[image_file: f]\nb"
    assert message_text({"content": "as sent"}) == "as sent"
    assert message_text({"content": None}) == ""
    assert message_text({"content": {"value": "a"}}) == "a"
    assert message_text({"content": {"words": []}}) == '[cannot be read: {"words": []}]'


@pytest.mark.parametrize(
    ("document", "found"),
    [
        (message(text("Hi")), ["Hi"]),
        (message(text("Hi"), role="user"), ["Hi"]),
        ({"object": "list", "data": [message(text("a")), message(text("b"))]}, ["a", "b"]),
        ({"object": "list", "data": [message(text("q"), role="user"), message(text("a"))]}, ["a"]),
        ({"object": "list", "data": [message(text("q"), role="user")]}, []),
        ({"object": "list", "data": []}, []),
        ({"object": "list", "data": [{"object": "thread.run"}, 1, None]}, []),
        ({"object": "list", "data": "odd"}, []),
        ({"object": "thread.run"}, []),
        ({"object": ["odd"]}, []),
        ([message(text("Hi"))], []),
        ("text", []),
        (None, []),
    ],
)
def test_replies(document: Any, found: list[str]) -> None:
    assert replies(json.dumps(document)) == [reply + "\n" for reply in found]


def test_deltas_are_passed_on_as_they_come() -> None:
    stream = ReplyStream()
    for piece in ("Hel", "lo\n", "you"):
        event = json.dumps({"event": "thread.message.delta", "data": delta(text(piece))})
        assert list(stream.pieces(event)) == [piece]
    assert list(stream.end()) == ["\n"]
    assert list(stream.end()) == []


def test_a_message_is_printed_once_with_or_without_deltas() -> None:
    whole = message(text("Hello"), status="completed")
    assert streamed(delta(text("Hel")), delta(text("lo")), whole) == "Hello\n"
    assert streamed(whole) == "Hello\n"
    assert streamed(delta(text("Hello"))) == "Hello\n"
    assert streamed(message(text("part"), status="incomplete")) == "part\n"
    assert streamed(message(text("not yet"), status="in_progress")) == ""
    assert streamed(message(text("mine"), role="user")) == ""


def test_each_message_and_each_part_begins_a_line() -> None:
    assert streamed(delta(text("one")), delta(text("two"), ident="m2")) == "one\ntwo\n"
    second = {**text("two"), "index": 1}
    assert streamed(delta({**text("one"), "index": 0}), delta(second)) == "one\ntwo\n"
    assert streamed(delta(text("one\n")), delta(text("two"), ident="m2")) == "one\ntwo\n"


def test_a_stream_says_what_a_document_says() -> None:
    refusal = [{"type": "refusal", "refusal": piece} for piece in ("I may", " not.")]
    assert streamed(*(delta(part) for part in refusal)) == "[refusal] I may not.\n"
    image = {"type": "image_file", "image_file": {"file_id": "f"}}
    assert streamed(delta({**image, "index": 1})) == "[image_file: f]\n"
    assert streamed(delta({"type": "text", "text": "plain"})) == "plain\n"


@pytest.mark.parametrize(
    "data",
    [
        None, 1, "x", [], {}, {"object": "thread.message.delta"},
        {"object": "thread.message.delta", "delta": "odd"},
        {"object": "thread.message.delta", "delta": {"content": [1, None, {"type": {}}, "x"]}},
        delta({"type": "text", "text": {"annotations": []}}), {"object": "thread.run.step.delta"},
    ],
)  # fmt: skip
def test_odd_events_bring_no_words(data: Any) -> None:
    assert streamed(data) in ("", "[{}]\n")


def cited(value: str, *annotations: Any) -> dict[str, Any]:
    return {"type": "text", "text": {"value": value, "annotations": list(annotations)}}


FILE = {
    "type": "file_citation",
    "text": "【4:0†a】",
    "start_index": 4,
    "file_citation": {"file_id": "file-1", "quote": "two\nlines"},
}
PATH = {"type": "file_path", "text": "sandbox:/x", "file_path": {"file_id": "file-2"}}
URL = {"type": "url_citation", "url_citation": {"title": "A page", "url": "https://x/y"}}
NOTES = """\
[1] 【4:0†a】  file-1  two lines
[2] sandbox:/x  file-2
[3] A page  https://x/y
[4] hologram
"""


def test_annotations_are_numbered_over_all_parts() -> None:
    whole = message(cited("See 【4:0†a】.", FILE, PATH), cited("And", URL, {"type": "hologram"}, 1))
    text_alone = "See 【4:0†a】.\nAnd\n"
    assert replies(json.dumps(whole), annotated=True) == [text_alone + NOTES]
    assert replies(json.dumps(whole)) == [text_alone]
    done = {**whole, "status": "completed"}
    first, second = ({**part, "index": at} for at, part in enumerate(whole["content"]))
    assert streamed(delta(first), delta(second), done, annotated=True) == text_alone + NOTES
    assert streamed(delta(first), delta(second), done) == text_alone
    assert replies(json.dumps(message(text("a"))), annotated=True) == ["a\n[1] 【1†source】\n"]
    assert replies(json.dumps(message(cited("a"))), annotated=True) == ["a\n"]


def test_what_the_deltas_left_out_comes_with_the_whole_message() -> None:
    done = message(text("Hello there"), status="completed")
    assert streamed(delta(text("Hel")), done) == "Hello there\n"
    two = message(text("one"), text("two"), status="completed")
    first = {**text("one"), "index": 0}
    assert streamed(delta(first), two) == "one\ntwo\n"
    assert streamed(delta(first), delta({**text("tw"), "index": 1}), two) == "one\ntwo\n"
    other = message(text("Quite another text"), status="completed")
    assert streamed(delta(text("Hel")), other) == "Hel\n"


def test_text_of_another_shape_is_not_swallowed() -> None:
    """One server sends `text` as a list; whole messages and deltas are read alike."""
    odd = {"type": "text", "text": [{"value": "Hel"}, {"value": "lo"}]}
    assert replies(json.dumps(message(odd))) == ["Hello\n"]
    assert streamed(delta(odd), message(odd)) == "Hello\n"
    deep: Any = "x"
    for _ in range(500):
        deep = [deep]
    assert "cannot be read" in message_text(message({"type": "text", "text": deep}))


def memory_after(events: list[str]) -> list[int]:
    """Bytes that a stream holds on to after each event."""
    stream = ReplyStream()
    tracemalloc.start()
    held = []
    for event in events:
        for _ in stream.pieces(event):
            pass
        held.append(tracemalloc.get_traced_memory()[0] - sys.getsizeof(held))
    tracemalloc.stop()
    return held


@pytest.mark.parametrize("many", ["deltas", "messages"])
def test_a_long_stream_takes_no_memory(many: str) -> None:
    """Neither the text of a message is kept, which would be copied for each delta, nor all ids."""
    data = [
        delta(text("x" * 200), ident="m1" if many == "deltas" else f"m{number}")
        for number in range(2000)
    ]
    held = memory_after([json.dumps({"event": "e", "data": item}) for item in data])
    assert held[-1] - held[500] < 100_000


def test_what_was_printed_is_told_from_what_was_not() -> None:
    lone = "\ud83d"
    whole = message(text(f"Hi {lone} you"), status="completed")
    assert streamed(delta(text(f"Hi {lone}")), whole, whole) == f"Hi {lone} you\n"
    assert streamed(delta(text("Ho")), whole) == "Ho\n"
    other = message(text("other"), status="completed") | {"id": "m2"}
    assert streamed(whole, other, whole) == f"Hi {lone} you\nother\n"
