"""What a run costs on a long thread, in CPU time, as a ratio to a run on a thread of one message.

The engine answers in this process with `echo`. The best of several rounds counts.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

from openai_cli.engine import open_transport
from openai_cli.engine.store import MessageRecord, Store, ThreadRecord

SHORT, LONG = "thread_" + "s" * 24, "thread_" + "l" * 24
RUNS: dict[str, dict[str, Any]] = {
    "max_prompt_tokens 1000": {"max_prompt_tokens": 1000},
    "last_messages 10": {"truncation_strategy": {"type": "last_messages", "last_messages": 10}},
    "no limit": {},
}


def fill(file: Path, messages: int) -> None:
    """Store both threads."""
    store = Store(file)
    with store.write() as tx:
        for thread_id, count in ((SHORT, 1), (LONG, messages)):
            tx.threads.insert(ThreadRecord(thread_id, 1, {}, {}))
            for number in range(count):
                text = {"value": "some words here", "annotations": []}
                tx.messages.insert(
                    MessageRecord(
                        id=f"{thread_id}_{number}",
                        created_at=number,
                        thread_id=thread_id,
                        role="user",
                        status="completed",
                        content=[{"type": "text", "text": text}],
                        attachments=[],
                        metadata={},
                    )
                )
    store.close()


def run_cost(client: httpx.Client, thread_id: str, body: dict[str, Any], rounds: int) -> float:
    """The best CPU time of a run, in seconds."""
    best = float("inf")
    for _ in range(rounds):
        start = time.process_time()
        answer = client.post(
            f"/threads/{thread_id}/runs", json={"assistant_id": "asst_demo", **body}
        )
        answer.raise_for_status()
        best = min(best, time.process_time() - start)
    return best


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "s.db"
        fill(file, options.messages)
        with httpx.Client(
            transport=open_transport(f"local:{file}", {}), base_url="http://x"
        ) as client:
            print(f"a run on a thread of {options.messages} messages")
            for label, body in RUNS.items():
                short = run_cost(client, SHORT, body, options.rounds)
                long = run_cost(client, LONG, body, options.rounds)
                ratio = f"{long / short:6.1f} × a run on one message"
                print(f"  {label:24} {long * 1000:7.1f} ms   {ratio}")


if __name__ == "__main__":
    main()
