"""Lists: all pages as they come, and no more than is asked for."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterator

import pytest

from tests.cli.conftest import Run
from tests.support.listing import RUNS, Listing, envelope, ids, item
from tests.support.server import Reply, Server
from tests.support.shell import OPENAI, Shell

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


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 20])
def test_before_on_a_server_that_counts_from_the_start(
    limit: int, numbers: Numbers, serve_list: ServeList
) -> None:
    listing = serve_list(7)
    listing.from_start = True
    assert numbers(listing, f"--limit={limit}", "--before=run_5") == [0, 1, 2, 3, 4]


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


@pytest.mark.slow
def test_ten_thousand_items_need_no_more_memory_than_a_page(openai: Shell) -> None:
    listing = Listing([item(number, text="x" * 2000) for number in range(10_000)])
    words = [*RUNS, "--format=jsonl", "--limit=100", "--base-url", listing.url]
    _, one = _peak(openai, *words, "--max-items=100")
    out, all_of_them = _peak(openai, *words)
    listing.close()
    assert out.count(b"\n") == 10_000
    assert len(listing.seen) == 101
    assert all_of_them - one < 10  # the items are 20 MiB
