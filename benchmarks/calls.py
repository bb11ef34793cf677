"""What a call costs: against floors of the same Python, and against other tools that are there.

All commands take turns in one run, and medians count. The figures go into a table of
docs/performance.md; its first figure of a row, from before, stays. Other tools are found on PATH,
or where a variable says: BENCH_CURL, BENCH_HTTPIE, BENCH_LEGACY (the `openai` that comes with the
Python package), BENCH_GO (any other command of that name). One that is missing is named.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks import streams
from benchmarks.measure import OPENAI, RUN, clean_environ, loopback, medians

PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance.md"
BEGIN, END = "<!-- make bench writes this table -->", "<!-- end of the table -->"
FLOORS = {
    "bare Python": "pass",
    "importing typer and pydantic": "import typer, pydantic",
    "importing typer, httpx and pydantic": "import typer, httpx, pydantic",
}


class Row(NamedTuple):
    """One ratio of two medians, and the most it should be (None: no goal)."""

    what: str
    against: str
    ratio: float
    goal: float | None


def peers(url: str) -> tuple[dict[str, list[str]], list[str]]:
    """Commands of other tools that post something, and the tools that are missing."""
    post = '{"assistant_id":"asst_demo"}'
    words = {
        "curl": ("BENCH_CURL", "curl", ["-s", "-d", post, f"{url}/threads/runs"]),
        "httpie": (
            "BENCH_HTTPIE",
            "http",
            ["--ignore-stdin", "POST", f"{url}/threads/runs", "assistant_id=asst_demo"],
        ),
        "the legacy Python command": (
            "BENCH_LEGACY",
            "",
            ["-k", "x", "-b", url, "api", "chat.completions.create", "-m", "m", "-g", "user", "Hi"],
        ),
        "the documented Go tool": (
            "BENCH_GO",
            "",
            ["--api-key", "x", "--base-url", url, *RUN[:4]],
        ),
    }
    found, missing = {}, []
    for name, (variable, command, arguments) in words.items():
        path = os.environ.get(variable) or (command and shutil.which(command))
        if path:
            found[name] = [path, *arguments]
        else:
            missing.append(name)
    return found, missing


def call_rows(times: Mapping[str, float]) -> list[Row]:
    """The ratios of the calls."""
    bare, drawn, whole = FLOORS
    goals = [
        ("a POST", whole, 1.15),
        ("a POST", "curl", None),
        ("a POST", "httpie", 0.75),
        ("a POST", "the legacy Python command", 0.25),
        ("a POST", "the documented Go tool", None),
        ("`--version`", bare, 2.0),
        ("`--help` of a command", drawn, 1.3),
    ]
    return [
        Row(what, against, times[what] / times[against], goal)
        for what, against, goal in goals
        if against in times
    ]


def stream_rows(count: int, rounds: int) -> list[Row]:
    """The ratios of printing events."""
    floor, costs = streams.costs(count, rounds)
    return [
        Row(f"{count:,} events, {name}", "parsing them", cost.whole / floor, None)
        for name, cost in costs.items()
    ]


def table(rows: Sequence[Row], page: str) -> str:
    """The rows as a table; the column `before` is taken from the page."""
    lines = ["| | against | before | now | goal |", "|---|---|---|---|---|"]
    for row in rows:
        begin = f"| {row.what} | {row.against} |"
        found = re.search(rf"^{re.escape(begin)} ([^|]*?) *\|", page, re.MULTILINE)
        before = found[1] if found else f"{row.ratio:.2f} ×"
        goal = f"{row.goal:.2f} ×" if row.goal else ""
        lines.append(f"{begin} {before} | {row.ratio:.2f} × | {goal} |")
    return "\n".join(lines)


def with_table(page: str, text: str) -> str:
    """The page with the text between the markers."""
    head, rest = page.split(BEGIN)
    return f"{head}{BEGIN}\n\n{text}\n\n{END}{rest.split(END)[1]}"


def main() -> None:
    """Measure, print, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--write", action="store_true", help="write docs/performance.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home, loopback() as url:
        others, missing = peers(url)
        commands = {name: [sys.executable, "-c", code] for name, code in FLOORS.items()}
        commands |= {
            "a POST": [OPENAI, "--base-url", url, *RUN],
            "`--version`": [OPENAI, "--version"],
            "`--help` of a command": [OPENAI, *RUN[:2], "--help"],
            **others,
        }
        times = medians(commands, options.rounds, clean_environ(home))
    for name, seconds in times.items():
        print(f"{name:40} {seconds * 1000:7.1f} ms")
    page = PAGE.read_text()
    text = table([*call_rows(times), *stream_rows(options.events, 3)], page)
    if missing:
        text += f"\n\nNot installed where this was measured: {', '.join(missing)}."
    print(f"\n{text}")
    if options.write:
        PAGE.write_text(with_table(page, text))


if __name__ == "__main__":
    main()
