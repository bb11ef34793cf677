"""Lists of servers that lose count, break off, or answer with something else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_cli.cli.configuration import Configuration
from openai_cli.cli.option_reader import read_options
from openai_cli.input.stdin import Stdin
from tests.cli.conftest import Run
from tests.support.listing import RUNS, envelope, ids, item
from tests.support.server import Reply, Server


def test_broken_first_and_last_ids_are_not_used(quick: Run, server: Server) -> None:
    wrong = {"first_id": "none", "last_id": {"a": 1}, "object": "runs"}
    server.reply(
        Reply(body=envelope([item(1)], has_more=True, **wrong)),
        Reply(body=envelope([item(2)], has_more=False, **wrong)),
    )
    result = quick(*RUNS, "--format=jsonl")
    assert (result.code, ids(result)) == (0, [1, 2])
    assert server.last.path.endswith("?after=run_1")


@pytest.mark.parametrize("first", [None, "missing", "yes", 1])
def test_a_server_that_does_not_say_is_asked_once_more(
    first: Any, quick: Run, server: Server
) -> None:
    said = {} if first == "missing" else {"has_more": first}
    server.reply(Reply(body=envelope([item(1)], **said)), Reply(body=envelope([])))
    result = quick(*RUNS, "--format=jsonl")
    assert (result.code, result.err, ids(result), len(server.seen)) == (0, "", [1], 2)


def test_a_server_that_does_not_say_and_has_no_pages(quick: Run, server: Server) -> None:
    # It ignores `after` and has no `has_more`: the same page comes again, and is not shown again.
    server.reply(Reply(body={"data": [item(1), item(2)]}))
    result = quick(*RUNS, "--format=jsonl")
    assert (result.code, result.err, ids(result), len(server.seen)) == (0, "", [1, 2], 2)


@pytest.mark.parametrize("period", [1, 2, 3])
def test_a_server_that_repeats_pages_cannot_make_it_loop(
    period: int, quick: Run, server: Server
) -> None:
    pages = [Reply(body=envelope([item(n)], has_more=True)) for n in range(period)]
    server.reply(*pages, *pages)
    result = quick(*RUNS, "--format=jsonl")
    assert (result.code, ids(result)) == (3, list(range(period)))
    assert result.err == (
        "error: the server says that more follows, but sent a page again: "
        "the list may be incomplete\n"
    )
    assert len(server.seen) == period + 1


def test_more_is_said_to_follow_an_empty_page(quick: Run, server: Server) -> None:
    server.reply(
        Reply(body=envelope([item(1)], has_more=True)), Reply(body=envelope([], has_more=True))
    )
    result = quick(*RUNS, "--format=jsonl")
    assert (result.code, ids(result), len(server.seen)) == (0, [1], 2)


@pytest.mark.parametrize(
    "last", [{"object": "x"}, {"id": None}, {"id": ["a"]}, {"id": "\ud80c"}, "text", None]
)
def test_items_without_ids(last: Any, quick: Run, server: Server) -> None:
    server.reply(Reply(body=envelope([item(1), last], has_more=False)))
    result = quick(*RUNS, "--format=jsonl")
    assert (result.code, result.lines, result.err) == (0, [item(1), last], "")
    server.reply(Reply(body=envelope([item(1), last], has_more=True)))
    result = quick(*RUNS, "--format=jsonl")
    assert (result.code, result.lines) == (3, [item(1), last])
    assert "but its items have no ids to continue from: the list may be incomplete" in result.err


def test_ids_that_are_numbers(quick: Run, server: Server) -> None:
    number = 123456789012345678901
    server.reply(
        Reply(body=envelope([{"id": number}], has_more=True)),
        Reply(body=envelope([{"id": 2}], has_more=False)),
    )
    result = quick(*RUNS, "--format=jsonl")
    assert (result.code, [one["id"] for one in result.lines]) == (0, [number, 2])
    assert server.last.path.endswith(f"?after={number}")


@pytest.mark.parametrize("body", [
    {"object": "list", "data": {"id": "x"}}, {"data": "text"}, {"data": None},
    {"items": [1]}, [1, 2], "text", 5, None,
])  # fmt: skip
def test_what_is_no_list_is_shown_whole(body: Any, quick: Run, server: Server) -> None:
    server.reply(Reply(body=json.dumps(body)))
    for format in ("jsonl", "json", "raw", "auto"):
        result = quick(*RUNS, "--format", format)
        assert (result.code, result.json, result.err) == (0, body, "")
    for format in ("pretty", "text", "yaml"):
        result = quick(*RUNS, "--format", format)
        assert (result.code, "Traceback" in result.err) == (0, False)


FIRST_PAGE = Reply(body=envelope([item(1)], has_more=True))


def test_a_second_page_that_is_not_json(quick: Run, server: Server) -> None:
    page = Reply(body="<html>gateway</html>", headers={"Content-Type": "text/html"})
    server.reply(FIRST_PAGE, page)
    result = quick(*RUNS, "--format=jsonl")
    assert (result.code, ids(result)) == (3, [1])
    assert result.err.startswith(
        "error: the answer is not JSON (text/html): <html>gateway</html>\n"
    )


def test_a_second_page_that_fails_for_good(quick: Run, server: Server) -> None:
    server.reply(FIRST_PAGE, Reply(500, body={"error": {"message": "no disk"}}))
    result = quick(*RUNS, "--format=jsonl", "--max-retries=1")
    assert (result.code, ids(result), len(server.seen)) == (4, [1], 3)
    assert result.err.startswith("error: 500 Internal Server Error: no disk\n")


def test_a_second_page_that_fails_once(quick: Run, server: Server) -> None:
    server.reply(FIRST_PAGE, Reply(503), Reply(body=envelope([item(2)], has_more=False)))
    result = quick(*RUNS, "--format=jsonl")
    assert (result.code, ids(result), len(server.seen)) == (0, [1, 2], 3)


def test_a_second_page_that_breaks_off(quick: Run, server: Server) -> None:
    server.reply(FIRST_PAGE, Reply(body=b'{"data": [{"id": "run_2"', declared=500))
    result = quick(*RUNS, "--format=jsonl")
    assert (result.code, ids(result)) == (3, [1])


def test_a_list_that_is_a_stream(quick: Run, server: Server) -> None:
    server.reply(Reply(chunks=[b'data: {"a":1}\n\n']))
    result = quick(*RUNS)
    assert (result.code, result.out) == (3, "")
    assert "a stream of events instead of a list" in result.err


_NAMES = ("id", "object", "created_at", "role", "content", "status", "last_error", "type", "text",
         "step_details", "tool_calls", "function", "message_creation", "value")  # fmt: skip
_KINDS = st.sampled_from(["assistant", "thread.message", "thread.run", "thread.run.step", "x"])
_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text(max_size=3) | st.sampled_from(_NAMES), inner, max_size=5),
    max_leaves=10,
)  # fmt: skip


@given(
    items=st.lists(_ANY | st.fixed_dictionaries({"id": _ANY, "object": _KINDS}), max_size=3),
    more=_ANY,
    name=st.sampled_from(["json", "jsonl", "yaml", "pretty", "text", "raw"]),
)
def test_no_list_is_too_strange(
    items: Any, more: Any, name: str, quick: Run, server: Server
) -> None:
    server.reply(Reply(body=json.dumps({"data": items, "has_more": more})))
    result = quick(*RUNS, "--format", name)
    assert result.code in (0, 3), result.err
    assert "internal error" not in result.err
    if name == "jsonl":
        assert result.lines == items


@pytest.fixture
def endless() -> Iterator[Server]:
    """A server with one more item on every page."""

    class Endless(Server):
        def next_reply(self) -> Reply:
            return Reply(body=envelope([item(len(self.seen))], has_more=True))

    server = Endless()
    yield server
    server.close()


def test_a_list_that_does_not_end(quick: Run, endless: Server) -> None:
    result = quick("--base-url", endless.url, *RUNS, "--format=jsonl", "--max-pages", "3")
    assert (result.code, ids(result), len(endless.seen)) == (3, [1, 2, 3], 3)
    assert "had not ended after 3 pages" in result.err
    assert "--max-pages" in result.err


def test_the_limit_on_pages_can_be_lifted(quick: Run, endless: Server) -> None:
    assert read_options(Configuration([], {}), Stdin(None))[0].max_pages == 5000
    words = ("--max-pages", "0", "--max-items", "20")
    result = quick("--base-url", endless.url, *RUNS, "--format=jsonl", *words)
    assert (result.code, len(endless.seen)) == (0, 20)


def test_as_many_pages_as_the_limit(quick: Run, server: Server) -> None:
    replies = [Reply(body=envelope([item(n)], has_more=n < 3)) for n in (1, 2, 3)]
    server.reply(*replies)
    result = quick(*RUNS, "--format=jsonl", "--max-pages", "3")
    assert (result.code, result.err, ids(result)) == (0, "", [1, 2, 3])
