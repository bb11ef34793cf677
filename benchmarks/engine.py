"""What the embedded engine costs, as ratios measured in one run.

Three questions. How much longer does `create-and-run` take on `echo` in the same process than
against an HTTP server on loopback that answers at once? How long does a run take once the process
has started, alone and from 16 threads that share an engine? And does a store with many runs answer
a retrieve and a list page as fast as one with few? Commands and calls
take turns; of commands the median counts, of calls on stores the best time: noise only ever adds.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx

from benchmarks.measure import OPENAI, RUN, clean_environ, loopback, medians
from openai_cli.engine import open_transport
from openai_cli.engine.store import MessageRecord, RunRecord, StepRecord, Store, ThreadRecord

THREADS = 16
AT_MOST = 0.030
"""Seconds that the engine may cost a command more than a server on loopback."""
FEW, MANY = 100, 100_000
TIMES_AT_MOST = 2.0
"""What the larger store may cost; as the same as can be told apart from noise."""
_EACH, _CROWD = 20, 100
"""Runs on a thread; and on the one longest thread at the least, which holds a tenth of all."""


def command_cost(rounds: int, folder: Path) -> bool:
    """Print what the command costs at both places; whether the difference is small enough."""
    with loopback() as url:
        commands = {
            "loopback HTTP": [OPENAI, "--base-url", url, *RUN],
            "in process, echo": [OPENAI, "--base-url", f"local:{folder}/s.db", *RUN],
        }
        times = medians(commands, rounds, clean_environ(str(folder)))
    over_http, in_process = times.values()
    print("create-and-run")
    for label, seconds in times.items():
        ratio = seconds / over_http
        print(f"  {label:34} {seconds * 1000:7.1f} ms   {ratio:5.2f} × loopback HTTP")
    more = in_process - over_http
    print(f"  {'difference':34} {more * 1000:7.1f} ms   (at most {AT_MOST * 1000:.0f})")
    return more <= AT_MOST


def runs_in_process(rounds: int, folder: Path) -> None:
    """Print how long a run takes, alone and on many threads, as ratios to a list page."""
    with httpx.Client(
        base_url="http://local", transport=open_transport(f"local:{folder}/p.db", {})
    ) as client:
        message = {"role": "user", "content": "Hello"}
        body = {"assistant_id": "asst_demo", "thread": {"messages": [message]}}

        def listed() -> None:
            client.get("/assistants").raise_for_status()

        def run() -> None:
            client.post("/threads/runs", json=body).raise_for_status()

        times = {call: median(call, rounds) for call in (listed, run)}
        ratio = times[run] / times[listed]
        print(f"a run in process: p50 {times[run] * 1000:.2f} ms, {ratio:.1f} × a list page")
        threads = [threading.Thread(target=median, args=(run, rounds)) for _ in range(THREADS)]
        start = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        a_second = THREADS * rounds / (time.perf_counter() - start)
        print(f"{THREADS} threads, one engine: {a_second:.0f} runs a second")


def median(call: Callable[[], None], count: int) -> float:
    """The median time of a call, in seconds."""
    times = []
    for _ in range(count):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def filled(file: Path, runs: int) -> tuple[str, str]:
    """A store with so many completed runs; the ids of its longest thread and a run there."""
    store = Store(file)
    crowd = max(_CROWD, runs // 10)
    with store.write() as tx:
        for number in range(runs):
            crowded = number < crowd
            thread_id = "thread_crowd" if crowded else f"thread_{number // _EACH}"
            now = 1_700_000_000 + number
            if tx.threads.get(thread_id) is None:
                tx.threads.insert(ThreadRecord(thread_id, now, {}, {}))
            run = RunRecord(
                f"run_{number}",
                now,
                thread_id,
                "asst_demo",
                "completed",
                "echo",
                {},
                {},
                started_at=now,
                completed_at=now,
            )
            tx.runs.insert(run)
            for role in ("user", "assistant"):
                text = [{"type": "text", "text": {"value": "Hi", "annotations": []}}]
                of_run = run.id if role == "assistant" else None
                name = f"msg_{role}_{number}"
                tx.messages.insert(
                    MessageRecord(
                        name, now, thread_id, role, "completed", text, [], {}, run_id=of_run
                    )
                )
            details = {"type": "message_creation", "message_creation": {"message_id": name}}
            tx.steps.insert(
                StepRecord(
                    f"step_{number}",
                    now,
                    thread_id,
                    run.id,
                    "asst_demo",
                    "message_creation",
                    "completed",
                    details,
                    {},
                    [],
                )
            )
    store.close()
    return "thread_crowd", f"run_{crowd // 2}"


def calls_on(file: Path, thread: str, run: str) -> Mapping[str, Callable[[], Any]]:
    """What is timed on one store."""
    client = httpx.Client(
        base_url="http://local", transport=open_transport(f"local:{file}", {}), trust_env=False
    )

    def get(path: str, **query: Any) -> Callable[[], None]:
        def call() -> None:
            client.get(f"/threads/{thread}{path}", params=query).raise_for_status()

        return call

    def create() -> None:
        body = {"assistant_id": "asst_demo", "thread": {"messages": []}}
        client.post("/threads/runs", json=body).raise_for_status()

    return {
        "retrieve a run": get(f"/runs/{run}"),
        "list 20 runs": get("/runs"),
        "list 20 runs after one": get("/runs", after=run),
        "list 20 runs before one, oldest first": get("/runs", before=run, order="asc"),
        "list 20 messages": get("/messages"),
        "list a run's messages": get("/messages", run_id=run),
        "list a run's steps": get(f"/runs/{run}/steps"),
        "create and run": create,
    }


def growth(rounds: int, folder: Path) -> bool:
    """Print what calls cost on a small and a large store; whether they cost the same."""
    stores = [(folder / f"{runs}.db", runs) for runs in (FEW, MANY)]
    calls = [calls_on(file, *filled(file, runs)) for file, runs in stores]
    best: dict[str, list[float]] = {name: [float("inf")] * 2 for name in calls[0]}
    for _ in range(rounds):
        for which, of_store in enumerate(calls):
            for name, call in of_store.items():
                start = time.perf_counter()
                call()
                best[name][which] = min(best[name][which], time.perf_counter() - start)
    print(f"{FEW:,} runs and {MANY:,} runs in the store")
    for name, (few, many) in best.items():
        print(f"  {name:38} {few * 1000:6.2f} ms  {many * 1000:6.2f} ms   {many / few:5.2f} ×")
    return all(many <= few * TIMES_AT_MOST for few, many in best.values())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cheap = command_cost(options.rounds, folder)
        runs_in_process(options.rounds * 10, folder)
        flat = growth(options.rounds * 10, folder)
    if not (cheap and flat):
        sys.exit("the engine costs more than it may")


if __name__ == "__main__":
    main()
