"""What printing a stream costs in CPU time, as ratios to parsing the same events as JSON.

One message of many deltas goes through `Printer` as jsonl, with a transform, and as text. The best
of several rounds counts. `growth` is the time of the whole stream over that of its first half: 2 is
linear, 4 quadratic.
"""

from __future__ import annotations

import argparse
import io
import json
import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from openai_cli.output.printer import OutputStyle, Printer
from openai_cli.output.sink import Sink

STYLES = {
    "jsonl": OutputStyle("jsonl"),
    "transform": OutputStyle("jsonl", transform="data.delta.content.0.text.value"),
    "text": OutputStyle("text"),
}


def events(count: int) -> list[str]:
    """Deltas of one message, as servers send them: without spaces."""
    return [
        '{"event":"thread.message.delta","data":{"id":"msg_1","object":"thread.message.delta",'
        '"delta":{"content":[{"index":0,"type":"text","text":{"value":"word ' + str(number) + '"}}'
        "]}}}"
        for number in range(count)
    ]


def cpu(act: Callable[[], object], rounds: int) -> float:
    """The best CPU time of several rounds, in seconds."""
    best = float("inf")
    for _ in range(rounds):
        start = time.process_time()
        act()
        best = min(best, time.process_time() - start)
    return best


def print_all(style: OutputStyle, texts: list[str]) -> None:
    """Print a stream to nowhere."""
    sink = Sink(io.BytesIO())
    printer = Printer(sink, style, {})
    for text in texts:
        printer.event(text)
    printer.finish()


def parse_all(texts: list[str]) -> None:
    """The floor: each event parsed, nothing printed."""
    for text in texts:
        json.loads(text)


class Cost(NamedTuple):
    """CPU time of a whole stream and of its first half, in seconds."""

    whole: float
    half: float


def costs(count: int, rounds: int) -> tuple[float, dict[str, Cost]]:
    """The CPU time of parsing the events, and what each style costs."""
    texts = events(count)
    half = texts[: count // 2]
    floor = cpu(partial(parse_all, texts), rounds)
    return floor, {
        name: Cost(
            cpu(partial(print_all, style, texts), rounds),
            cpu(partial(print_all, style, half), rounds),
        )
        for name, style in STYLES.items()
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    floor, found = costs(options.events, options.rounds)
    print(f"{options.events} events; parsing them: {floor:.2f} s of CPU")
    for name, cost in found.items():
        ratios = f"{cost.whole / floor:6.2f} × parsing   growth {cost.whole / cost.half:.1f}"
        print(f"  {name:10} {cost.whole:6.2f} s   {ratios}")


if __name__ == "__main__":
    main()
