"""Lists: all pages as they come, their formats, and servers that lose count."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.cli.conftest import Run, message
from tests.support.listing import Listing, envelope, item
from tests.support.server import Reply, Server
from tests.support.shell import OPENAI, Result, Shell

RUNS = ("beta:threads:runs", "list", "thread_1")
LISTS = (
    "beta:assistants list",
    "beta:threads:runs list t",
    "beta:threads:runs:steps list t r",
    "beta:threads:messages list t",
)


@pytest.fixture
def serve_list() -> Iterator[Callable[..., Listing]]:
    """Servers with lists of runs, numbered from 0."""
    started: list[Listing] = []

    def start(count: int) -> Listing:
        started.append(Listing([item(number) for number in range(count)]))
        return started[-1]

    yield start
    for server in started:
        server.close()


def ids(result: Result) -> list[int]:
    """The numbers of the items that were printed, one a line."""
    return [int(one["id"].removeprefix("run_")) for one in result.lines]


@pytest.fixture
def numbers(quick: Run) -> Callable[..., list[int]]:
    """The numbers of the items that a command printed."""

    def run(listing: Listing, *args: str) -> list[int]:
        result = quick(*RUNS, "--format=jsonl", "--base-url", listing.url, *args)
        assert (result.code, result.err) == (0, ""), result.err
        return ids(result)

    return run


Numbers = Callable[..., list[int]]
ServeList = Callable[[int], Listing]


@pytest.mark.parametrize("command", LISTS)
def test_every_list_brings_all_its_pages(command: str, quick: Run, serve_list: ServeList) -> None:
    listing = serve_list(45)
    result = quick(f"{command} --format jsonl --base-url {listing.url}")
    assert (result.code, result.err) == (0, "")
    assert ids(result) == list(range(45))
    assert listing.queries == [{}, {"after": "run_19"}, {"after": "run_39"}]


@pytest.mark.parametrize("limit", [1, 2, 6, 7, 8, 100])
def test_limit_is_the_size_of_a_page(limit: int, numbers: Numbers, serve_list: ServeList) -> None:
    listing = serve_list(7)
    assert numbers(listing, f"--limit={limit}") == list(range(7))
    assert len(listing.seen) == -(-7 // limit)
    assert {query["limit"] for query in listing.queries} == {str(limit)}


@pytest.mark.parametrize(
    ("most", "printed", "requests"),
    [(-1, 7, 3), (0, 0, 1), (1, 1, 1), (3, 3, 1), (4, 4, 2), (6, 6, 2), (7, 7, 3), (99, 7, 3)],
)
def test_max_items_ends_the_list(
    most: int, printed: int, requests: int, numbers: Numbers, serve_list: ServeList
) -> None:
    listing = serve_list(7)
    assert numbers(listing, "--limit=3", f"--max-items={most}") == list(range(printed))
    assert len(listing.seen) == requests


@pytest.mark.parametrize("given", ["-2", "x", "1.5", ""])
def test_max_items_that_is_none(given: str, quick: Run, server: Server) -> None:
    result = quick(*RUNS, f"--max-items={given}")
    assert (result.code, result.out, server.seen) == (2, "", [])
    assert result.err.startswith("error: --max-items: expected a whole number, or -1 for all, ")


def test_order_and_after_hold_for_all_pages(numbers: Numbers, serve_list: ServeList) -> None:
    listing = serve_list(7)
    assert numbers(listing, "--limit=2", "--order=asc", "--after=run_5") == [4, 3, 2, 1, 0]
    assert listing.queries == [
        {"limit": "2", "order": "asc", "after": f"run_{after}"} for after in (5, 3, 1)
    ]


def test_before_alone_goes_backwards(numbers: Numbers, serve_list: ServeList) -> None:
    listing = serve_list(7)
    assert numbers(listing, "--limit=2", "--before=run_5") == [3, 4, 1, 2, 0]
    assert [query["before"] for query in listing.queries] == ["run_5", "run_3", "run_1"]
    assert all("after" not in query for query in listing.queries)


def test_between_two_ids(numbers: Numbers, serve_list: ServeList) -> None:
    listing = serve_list(7)
    assert numbers(listing, "--limit=2", "--after=run_0", "--before=run_6") == [1, 2, 3, 4, 5]
    assert {query["before"] for query in listing.queries} == {"run_6"}


def test_filters_hold_for_all_pages(quick: Run, serve_list: ServeList) -> None:
    listing = serve_list(3)
    words = "beta:threads:messages list t --run-id=r/1 --limit=1"
    assert quick(f"{words} --base-url {listing.url}").code == 0
    assert [query["run_id"] for query in listing.queries] == ["r/1"] * 3
    field = "step_details.tool_calls[*].file_search.results[*].content"
    listing = serve_list(2)
    words = f"beta:threads:runs:steps list t r --limit=1 --include {field}"
    assert quick(*words.split(), "--base-url", listing.url).code == 0
    assert [query["include[]"] for query in listing.queries] == [field] * 2


def test_pages_are_printed_as_they_come(openai: Shell, server: Server) -> None:
    asked = threading.Event()

    def held_back() -> Iterator[bytes]:
        # The second page is not sent before the first one has been read by the test.
        assert asked.wait(30)
        yield json.dumps(envelope([item(2)], has_more=False)).encode()

    server.reply(
        Reply(body=envelope([item(1)], has_more=True)),
        Reply(chunks=held_back(), headers={"Content-Type": "application/json"}),
    )
    words = [*RUNS, "--format=jsonl", "--base-url", server.url]
    with openai.start(*words, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["id"] == "run_1"
        asked.set()
        assert json.loads(process.stdout.readline())["id"] == "run_2"
        assert process.stdout.read() == b""
    assert process.returncode == 0


def test_a_reader_that_goes_away_ends_the_fetching(openai: Shell, server: Server) -> None:
    # Every page says that more follows: only a reader that is gone can end this.
    pages = (item(number, text="x" * 100_000) for number in range(1000))
    server.reply(*(Reply(body=envelope([one], has_more=True)) for one in pages))
    words = " ".join([OPENAI, *RUNS, "--format=jsonl", "--base-url", server.url])
    line = f"set -o pipefail; {words} | head -c 10"
    done = subprocess.run(
        ["bash", "-c", line], env=openai.environ, cwd=openai.folder,
        stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr, len(done.stdout)) == (0, b"", 10)
    assert len(server.seen) < 20


# Formats

TWO = (
    b'{ "object":"list","data":[ {"id" : "run_1", "n": 1.0, "big": 123456789012345678901234567890}'
    b',\n{"z": "\\u00e9", "id":"run_2", "a": [1, 2],"a": null}], "has_more":false, "first_id": 7}'
)
FIRST = '{"id":"run_1","n":1.0,"big":123456789012345678901234567890}'
SECOND = '{"z":"\\u00e9","id":"run_2","a":[1,2],"a":null}'


@pytest.fixture
def two(quick: Run, server: Server) -> Callable[..., str]:
    """What a list of two items prints."""

    def run(*args: str) -> str:
        server.reply(Reply(body=TWO))
        result = quick(*RUNS, *args)
        assert (result.code, result.err) == (0, ""), result.err
        return result.out

    return run


def test_json_and_auto_print_one_object_after_another(two: Callable[..., str]) -> None:
    first = FIRST.replace("{", "{\n  ").replace(",", ",\n  ").replace(":", ": ")[:-1] + "\n}\n"
    for args in ((), ("--format=json",), ("--format=auto",)):
        out = two(*args)
        assert out.startswith(first + '{\n  "z": "\\u00e9",\n  "id": "run_2",\n  "a": [\n    1,')
        assert out.endswith('  "a": null\n}\n')


def test_jsonl_prints_a_line_each(two: Callable[..., str]) -> None:
    assert two("--format=jsonl") == f"{FIRST}\n{SECOND}\n"


def test_yaml_prints_documents(two: Callable[..., str]) -> None:
    out = two("--format=yaml")
    head = 'id: run_1\n"n": 1.0\nbig: 123456789012345678901234567890\n---\nz: é\n'
    assert out.startswith(head)
    assert two("--format=yaml", "--transform=id") == "run_1\n---\nrun_2\n"


def test_raw_prints_the_envelope_byte_for_byte(quick: Run, server: Server) -> None:
    more = TWO.replace(b"false", b"true")
    server.reply(Reply(body=more))
    for args in ((), ("--max-items=1",), ("--max-items=0",)):
        server.seen.clear()
        result = quick(*RUNS, "--format=raw", *args)
        assert (result.code, result.stdout, len(server.seen)) == (0, more, 1)


def test_transforms_apply_to_each_item(two: Callable[..., str]) -> None:
    assert two("--transform=id", "-r") == "run_1\nrun_2\n"
    assert two("--transform={id,big}", "--format=jsonl") == (
        '{"id":"run_1","big":123456789012345678901234567890}\n{"id":"run_2"}\n'
    )
    assert two("--transform=id", "--format=raw") == '"run_1"\n"run_2"\n'
    assert two("--transform=id", "--format=text") == "run_1\nrun_2\n"


def test_text_prints_the_replies_in_a_list_of_messages(quick: Run, server: Server) -> None:
    asked = {**message("What?"), "role": "user", "id": "m0"}
    server.reply(
        Reply(body=envelope([asked, message("One.\nTwo.", id="m1")], has_more=True)),
        Reply(body=envelope([message("Three.", id="m2")], has_more=False)),
    )
    result = quick("beta:threads:messages list t --format text")
    assert (result.code, result.out, result.err) == (0, "One.\nTwo.\nThree.\n", "")


def test_text_says_when_there_is_no_reply(quick: Run, server: Server) -> None:
    server.reply(Reply(body=envelope([{**message("What?"), "role": "user"}], has_more=False)))
    result = quick("beta:threads:messages list t --format text")
    assert (result.code, result.out) == (0, "")
    assert result.err == "note: no message of an assistant is in this list\n"


@pytest.mark.parametrize("format", ["auto", "json", "jsonl", "yaml", "pretty"])
def test_an_empty_list_prints_nothing(format: str, quick: Run, server: Server) -> None:
    server.reply(Reply(body=envelope([], has_more=False)))
    result = quick(*RUNS, "--format", format)
    assert (result.code, result.out, result.err) == (0, "", "")


@pytest.mark.parametrize("command", LISTS)
def test_dry_run_shows_the_first_request(command: str, quick: Run, server: Server) -> None:
    result = quick(f"{command} --limit 5 --dry-run --transform url -r")
    assert (result.code, server.seen) == (0, [])
    assert result.out.endswith("?limit=5\n")


# Servers that lose count


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


@pytest.mark.parametrize("last", [{"object": "x"}, {"id": None}, {"id": ["a"]}, "text", None])
def test_items_without_ids(last: Any, quick: Run, server: Server) -> None:
    server.reply(Reply(body=envelope([item(1), last], has_more=False)))
    result = quick(*RUNS, "--format=jsonl")
    assert (result.code, result.lines, result.err) == (0, [item(1), last], "")
    server.reply(Reply(body=envelope([item(1), last], has_more=True)))
    result = quick(*RUNS, "--format=jsonl")
    assert (result.code, result.lines) == (3, [item(1), last])
    assert "but its items have no ids to go on from: the list may be incomplete" in result.err


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
    server.reply(FIRST_PAGE, Reply(body="<html>gateway</html>", headers={"Content-Type": "text/html"}))  # fmt: skip  # noqa: E501
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
    assert "a stream of events, not with a list" in result.err


# Many items


def _peak(openai: Shell, *args: str) -> tuple[bytes, int]:
    """What the command printed, and the most memory it held, in MiB."""
    process = openai.start(*args, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    assert process.stdout is not None
    out = process.stdout.read()
    process.stdout.close()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return out, usage.ru_maxrss >> 10


def test_ten_thousand_items_need_no_more_memory_than_a_page(openai: Shell) -> None:
    listing = Listing([item(number, text="x" * 2000) for number in range(10_000)])
    words = [*RUNS, "--format=jsonl", "--limit=100", "--base-url", listing.url]
    _, one = _peak(openai, *words, "--max-items=100")
    out, all_of_them = _peak(openai, *words)
    listing.close()
    assert out.count(b"\n") == 10_000
    assert len(listing.seen) == 101
    assert all_of_them - one < 10  # the items are 20 MiB
