"""The most memory of a command with a large answer or request, as a ratio to the body's size.

Answers are an object with many items, a list and one long text; they are printed to /dev/null.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measure import OPENAI, clean_environ, loopback, most_memory

MIB = 1 << 20
LIST, ONE = ("beta:threads:runs", "list", "thread_1"), ("beta:threads", "retrieve", "thread_1")


def many_items(size: int) -> bytes:
    """A list of objects of about this size."""
    item = json.dumps({"id": "run_1", "object": "thread.run", "note": "é" * 100, "tags": ["a", 1]})
    items = ",".join([item] * (size // (len(item) + 1)))
    return f'{{"object":"list","data":[{items}],"has_more":false}}'.encode()


def one_text(size: int) -> bytes:
    """An object with one long text."""
    return json.dumps({"id": "thread_1", "note": "a" * size}).encode()


def measure(label: str, size: int, url: str, words: Sequence[str], home: str) -> None:
    """Run a command, and print the most memory it had."""
    command = [OPENAI, "--base-url", url, "--max-answer-size", "0", *words]
    mib = most_memory(command, env=clean_environ(home))
    print(f"{label:34} {mib:5d} MiB  {mib * MIB / size:4.2f} × the body")


def main() -> None:
    """Print a line for each body and format."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mib", type=int, default=200)
    size = parser.parse_args().mib * MIB
    with tempfile.TemporaryDirectory() as home:
        answers = {"an object of many items": (ONE, many_items), "a list": (LIST, many_items),
                   "one long text": (ONE, one_text)}  # fmt: skip
        for label, (words, made) in answers.items():
            with loopback(made(size)) as url:
                for name in ("raw", "json", "jsonl"):
                    measure(f"{label}, {name}", size, url, [*words, "--format", name], home)
        body = Path(home, "body.json")
        body.write_text(json.dumps({"messages": [{"role": "user", "content": "a" * size}]}))
        with loopback() as url:
            created = ("beta:threads", "create", "--body", f"@{body}")
            measure("a request, --body @file", size, url, created, home)


if __name__ == "__main__":
    main()
