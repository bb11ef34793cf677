"""Server-sent events, by the standard, however the bytes are cut."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_cli.client.sse import EventDecoder


def decoded(*chunks: bytes) -> list[tuple[str, str]]:
    decoder = EventDecoder()
    return [(event.name, event.data) for chunk in chunks for event in decoder.feed(chunk)]


CASES = {
    "name and data": (b"event: a\ndata: 1\n\n", [("a", "1")]),
    "data only": (b"data: 1\n\n", [("", "1")]),
    "one blank is taken off": (b"data:  1\n\n", [("", " 1")]),
    "no blank": (b"data:1\n\n", [("", "1")]),
    "several data lines": (b"data: {\ndata: }\n\n", [("", "{\n}")]),
    "empty data lines": (b"data\ndata:\n\n", [("", "\n")]),
    "comments": (b": hello\n\n:\ndata: 1\n: in between\ndata: 2\n\n", [("", "1\n2")]),
    "a name without data": (b"event: a\n\ndata: 1\n\n", [("", "1")]),
    "the last name counts": (b"event: a\nevent: b\ndata: 1\n\n", [("b", "1")]),
    "fields nobody knows": (b"id: 7\nretry: 9\nfoo: bar\nnothing\ndata: 1\n\n", [("", "1")]),
    "a blank before the name is a field nobody knows": (b" data: 1\n\ndata: 2\n\n", [("", "2")]),
    "colons in data": (b"data: a:b: c\n\n", [("", "a:b: c")]),
    "CR": (b"event: a\rdata: 1\r\rdata: 2\r\r", [("a", "1"), ("", "2")]),
    "CRLF": (b"event: a\r\ndata: 1\r\n\r\ndata: 2\r\n\r\n", [("a", "1"), ("", "2")]),
    "mixed ends": (b"event: a\rdata: 1\n\r\ndata: 2\r\n\r", [("a", "1"), ("", "2")]),
    "byte-order mark": (b"\xef\xbb\xbfdata: 1\n\n", [("", "1")]),
    "only one mark": (b"\xef\xbb\xbf\xef\xbb\xbfdata: 1\n\ndata: 2\n\n", [("", "2")]),
    "other line ends are data": (
        "data: a\u2028b\u2029c\u0085d\x0be\x0cf\x1cg\n\n".encode(),
        [("", "a\u2028b\u2029c\u0085d\x0be\x0cf\x1cg")],
    ),
    "characters of four bytes": ("data: héllo 👋🏽\n\n".encode(), [("", "héllo 👋🏽")]),
    "broken UTF-8": (b"data: a\xffb\n\n", [("", "a\ufffdb")]),
    "no final blank line": (b"data: 1\n\ndata: 2\n", [("", "1")]),
    "no final line end": (b"data: 1\n\ndata: 2", [("", "1")]),
    "nothing": (b"", []),
}


@pytest.mark.parametrize(("stream", "events"), CASES.values(), ids=list(CASES))
def test_a_stream_gives_the_same_events_whole_and_byte_by_byte(
    stream: bytes, events: list[tuple[str, str]]
) -> None:
    assert decoded(stream) == events
    assert decoded(*(bytes([byte]) for byte in stream)) == events


@pytest.mark.parametrize(("stream", "events"), CASES.values(), ids=list(CASES))
def test_every_cut_in_two_gives_the_same_events(
    stream: bytes, events: list[tuple[str, str]]
) -> None:
    assert all(decoded(stream[:at], stream[at:]) == events for at in range(len(stream) + 1))


PIECES = st.sampled_from(
    [b"data: ", b"data:", b"event: a", b": c", b"\n", b"\r", b"\r\n", b"{}", "é\u2028".encode()]
)


@given(st.lists(PIECES, max_size=30).map(b"".join), st.data())
def test_chunks_never_matter(stream: bytes, draw: st.DataObject) -> None:
    places = st.lists(st.integers(0, len(stream)), max_size=6).map(sorted)
    cuts = [0, *draw.draw(places), len(stream)]
    assert decoded(*(stream[a:b] for a, b in pairwise(cuts))) == decoded(stream)


def test_an_event_comes_out_with_the_byte_that_completes_it() -> None:
    decoder = EventDecoder()
    assert not list(decoder.feed(b"data: 1\r\n"))
    assert [event.data for event in decoder.feed(b"\r")] == ["1"]
    assert not list(decoder.feed(b"\n"))
    assert not decoder.pending


def test_an_open_event_is_pending() -> None:
    decoder = EventDecoder()
    assert not decoder.pending
    assert not list(decoder.feed(b"data: 1\n"))
    assert decoder.pending


def test_a_large_event_in_tiny_chunks_is_put_together_once() -> None:
    decoder = EventDecoder()
    chunks = [b"data: ", *[b"0123456789abcdef"] * 60_000, b"\n\n"]
    events = [event for chunk in chunks for event in decoder.feed(chunk)]
    assert [len(event.data) for event in events] == [960_000]
