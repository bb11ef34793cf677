"""`--each`: limits of the user and of the server, for all workers together."""

import json
import subprocess
import threading
from collections.abc import Mapping

import pytest

from openai_cli.bulk.custom_ids import CustomIds
from openai_cli.bulk.in_order import InOrder
from openai_cli.bulk.rate_limit import RateLimit, seconds_in
from tests.each.conftest import CREATE, numbered, request, results_in, write_lines
from tests.support.run_server import RunServer
from tests.support.server import Reply
from tests.support.shell import OPENAI, Shell

pytestmark = pytest.mark.in_process(process_when_slow=True)

EACH = (*CREATE, "--each", "in.jsonl", "--output", "out.jsonl", "--concurrency", "1")
_REFUSED = Reply(400, {"error": {"message": "no"}})


@pytest.mark.parametrize(("flags", "sent"), [(("--fail-fast",), 3), (("--max-failures", "2"), 5)])
def test_failures_stop_it(
    openai: Shell, runs: RunServer, flags: tuple[str, ...], sent: int
) -> None:
    runs.fault = lambda _number, text: _REFUSED if text in "35" else None
    write_lines(openai.folder / "in.jsonl", numbered(9))
    done = openai(*EACH, *flags)
    assert done.code == 5
    assert len(runs.keys) == sent
    assert f"{9 - sent} lines not done" in done.err
    assert openai(*EACH, "--retry-failed").code == 5
    assert sorted(results_in(openai.folder / "out.jsonl")) == list(range(1, 10))


def test_a_budget_counts_earlier_calls_too(openai: Shell, runs: RunServer) -> None:
    write_lines(openai.folder / "in.jsonl", numbered(9))
    first = openai(*EACH, "--wait", "--max-total-tokens", "25")
    assert first.code == 5
    assert "stopped at 30 tokens; 6 lines not done" in first.err
    second = openai(*EACH, "--wait", "--max-total-tokens", "30")
    assert second.code == 5
    assert len(runs.keys) == 3
    assert openai(*EACH, "--wait", "--max-total-tokens", "1000").code == 0


def test_a_refusal_for_too_many_requests_is_no_failure(openai: Shell, runs: RunServer) -> None:
    wait = Reply(429, {"error": {"message": "slow"}}, headers={"retry-after-ms": "40"})
    runs.fault = lambda number, _text: wait if number in range(5, 20) else None
    write_lines(openai.folder / "in.jsonl", numbered(40))
    done = openai(*CREATE, "--each", "in.jsonl", "--concurrency", "8")
    assert done.code == 0, done.err
    assert set(runs.started.values()) == {1}
    # Eight were under way; then one probes after each pause.
    assert len(runs.keys) <= 40 + 8 + 15


def test_no_quota_is_not_waited_for(openai: Shell, runs: RunServer) -> None:
    error = {"message": "no money", "code": "insufficient_quota"}
    runs.fault = lambda _number, _text: Reply(429, {"error": error}, {"retry-after-ms": "1"})
    write_lines(openai.folder / "in.jsonl", numbered(1))
    done = openai(*CREATE, "--each", "in.jsonl", "--max-retries", "0")
    assert done.lines[0]["error"]["code"] == "insufficient_quota"
    assert len(runs.keys) == 1


def test_concurrency_is_the_most_in_flight(openai: Shell, runs: RunServer) -> None:
    runs.pause = 0.02
    write_lines(openai.folder / "in.jsonl", numbered(20))
    openai(*CREATE, "--each", "in.jsonl", "--concurrency", "3")
    assert runs.most_at_once == 3


def test_shards_are_the_whole(openai: Shell, runs: RunServer) -> None:
    write_lines(openai.folder / "in.jsonl", [request("same") for _ in range(60)])
    for part in (1, 2, 3):
        done = openai(*CREATE, "--each", "in.jsonl", "--shard", f"{part}/3", "-o", f"{part}.jsonl")
        assert done.code == 0, done.err
    parts = [results_in(openai.folder / f"{part}.jsonl") for part in (1, 2, 3)]
    assert sorted(number for part in parts for number in part) == list(range(1, 61))
    assert all(len(part) > 8 for part in parts)


class Clock:
    """A time that moves when a waiting thread is told to."""

    def __init__(self) -> None:
        self.time = 100.0

    def __call__(self) -> float:
        return self.time


def ask(pace: RateLimit, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
    with pace.turn() as turn:
        turn.answered(status, headers or {})


def is_free(pace: RateLimit) -> bool:
    """Whether one more request may be sent at once."""
    free = threading.Event()

    def enter() -> None:
        with pace.turn():
            free.set()

    threading.Thread(target=enter, daemon=True).start()
    return free.wait(0.05)


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (429, {"retry-after": "7"}, 7),
        (429, {}, 1),
        (503, {"retry-after": "3"}, 3),
        (503, {}, 0),
        (200, {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1m2s"}, 62),
        (200, {"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "20ms"}, 0.02),
        (200, {"x-ratelimit-remaining-requests": "1", "x-ratelimit-reset-requests": "9s"}, 0),
    ],
)
def test_pauses_a_server_asks_for(status: int, headers: dict[str, str], seconds: float) -> None:
    pace = RateLimit(8, now=Clock())
    ask(pace, status, headers)
    assert pace.pause == pytest.approx(seconds)


def test_one_probes_after_a_refusal_then_more() -> None:
    clock = Clock()
    pace = RateLimit(8, now=clock)
    ask(pace, 429, {"retry-after": "5"})
    clock.time += 5
    with pace.turn() as probe:
        assert not is_free(pace)
        probe.answered(200, {})
    with pace.turn():
        assert is_free(pace)


def test_refusals_that_were_under_way_together_count_once() -> None:
    clock = Clock()
    pace = RateLimit(8, now=clock)
    with pace.turn() as first, pace.turn() as second:
        clock.time += 1
        first.answered(429, {})
        second.answered(429, {})
    assert pace.pause == 1
    clock.time += 1
    ask(pace, 429)
    assert pace.pause == 2


def test_requests_are_spaced() -> None:
    clock = Clock()
    pace = RateLimit(8, requests=60, now=clock)
    ask(pace)
    assert not is_free(pace)
    clock.time += 1.01
    pace = RateLimit(8, requests=60, now=clock)
    ask(pace)
    clock.time += 1.01
    assert is_free(pace)


def test_tokens_of_the_last_minute_are_limited() -> None:
    clock = Clock()
    pace = RateLimit(8, tokens=100, now=clock)
    assert pace.may_start(lambda: False)
    pace.ended(60)
    stopped = iter([False, True])
    assert not pace.may_start(lambda: next(stopped))
    clock.time += 61
    assert pace.may_start(lambda: False)


def test_durations() -> None:
    texts = {"1m30.5s": 90.5, "20ms": 0.02, "7": 7, "6h": 21600, "soon": 0, "": 0}
    assert {text: seconds_in(text) for text in texts} == texts


def test_order_holds_back_and_drops() -> None:
    written: list[str] = []
    order = InOrder(written.append, 10)
    for number in (1, 2, 3):
        order.begin(number, lambda: False)
    order.finish(3, "c")
    order.finish(1, "a")
    assert written == ["a"]
    order.finish(2, "")
    assert written == ["a", "c"]
    order = InOrder(written.append, 1)
    order.begin(1, lambda: False)
    order.begin(2, lambda: True)  # full, but nothing is waited for any more
    assert json.dumps(written) == '["a", "c"]'
    order.end()
    assert written == ["a", "c"]


def test_the_end_writes_what_waits() -> None:
    written: list[str] = []
    order = InOrder(written.append, 10)
    for number in (1, 2, 3, 4):
        order.begin(number, lambda: False)
    order.finish(4, "d")
    order.finish(2, "b")
    order.end()
    assert written == ["b", "d"]


def test_many_custom_ids() -> None:
    idents = CustomIds()
    assert not any(idents.add(f"id-{number}", number) for number in range(1, 5000))
    assert all(idents.add(f"id-{number}", 1) == number for number in range(1, 5000))


def test_more_runs_than_open_files(openai: Shell, runs: RunServer) -> None:
    write_lines(openai.folder / "in.jsonl", numbered(200))
    limited = ["sh", "-c", 'ulimit -n 64; exec "$0" "$@"', OPENAI, *CREATE, "--each", "in.jsonl"]
    done = subprocess.run(
        [*limited, "--concurrency", "1000"],
        cwd=openai.folder,
        env=openai.environ,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2
    assert b"--concurrency: 200 runs need 240 open files, and the limit is 64" in done.stderr
    assert runs.keys == []
