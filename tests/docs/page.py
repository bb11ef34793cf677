"""A page of the documentation as the commands in it, and what they are said to print."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

WILD = "…"
_SHELL_WORDS = ("console", "sh", "bash", "shell", "shell-session", "zsh")
_RUNS = {"console": True, "shell-session": False, "bash": False, "sh": True}
_EXIT = re.compile(r"# exit (\d+)")

_IDS = re.compile(
    r"\b(run|thread|msg|step|call|asst|req)_(?:[A-Za-z0-9]{20,}|[A-Za-z0-9]*\d[A-Za-z0-9]*)\b"
)
_MASKS = (
    (_IDS, r"\1_ID"),
    (re.compile(r"\b(?:1[5-9]|2\d)\d{8}\b"), "TIME"),
    (re.compile(r"\b\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\dZ?"), "TIME"),
    (re.compile(r"\b(127\.0\.0\.1|localhost):\d+"), r"\1:PORT"),
)


@dataclass
class Step:
    """Something to run: where it stands, and (for a session) what is shown below it."""

    line: int
    text: str
    shown: list[str] | None = None
    code: int = 0


@dataclass
class Block:
    """A fenced block: its first line's number, its info string and its lines."""

    line: int
    info: str
    lines: list[str] = field(default_factory=list)


def steps_of(page: Path, *, all_sessions: bool = False) -> list[Step]:
    """Everything on the page that is to be run, in order; with `all_sessions` the rest too.

    Raises ValueError for a block whose meaning is not certain.
    """
    steps: list[Step] = []
    for block in _blocks(page):
        word = block.info.partition(" ")[0]
        if word not in _SHELL_WORDS:
            continue
        if block.info not in _RUNS:
            allowed = ", ".join(_RUNS)
            raise ValueError(f"{page}:{block.line}: ```{block.info}: write one of {allowed}")
        if block.info == "bash" or not (_RUNS[block.info] or all_sessions):
            continue
        if block.info == "sh":
            steps.append(Step(block.line, "\n".join(block.lines)))
        else:
            steps += _session(page, block)
    return steps


def _blocks(page: Path) -> Iterator[Block]:
    block: Block | None = None
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        fence = re.match(r"\s*```(.*)", line)
        if block is None:
            block = Block(number, fence[1].strip()) if fence else None
        elif fence:
            yield block
            block = None
        else:
            block.lines.append(line)
    if block is not None:
        raise ValueError(f"{page}:{block.line}: this block is never closed")


def _session(page: Path, block: Block) -> list[Step]:
    """The commands of a ```console block, each with the lines shown below it."""
    steps: list[Step] = []
    continues = False
    for number, line in enumerate(block.lines, block.line + 1):
        if continues:
            steps[-1].text += "\n" + line
        elif line.startswith("$ "):
            steps.append(Step(number, line[2:], shown=[]))
        elif not steps or steps[-1].shown is None:
            raise ValueError(f"{page}:{number}: output without a command above it")
        elif found := _EXIT.fullmatch(line):
            steps[-1].code = int(found[1])
        else:
            steps[-1].shown.append(line)
        continues = line.endswith("\\") and (continues or line.startswith("$ "))
    return steps


def difference(shown: list[str], printed: str) -> str:
    """Empty if the output is as shown; otherwise both, line by line."""
    expected = [_masked(line) for line in shown]
    actual = [_masked(line) for line in printed.splitlines()]
    pattern = "".join(_pattern(line) for line in expected)
    if re.fullmatch(pattern, "".join(line + "\n" for line in actual)):
        return ""
    return "\n".join(difflib.unified_diff(expected, actual, "shown", "printed", lineterm=""))


def _pattern(line: str) -> str:
    if line.strip() == WILD:
        return r"(?:.*\n)*?"
    return ".*".join(re.escape(part) for part in line.split(WILD)) + "\n"


def _masked(line: str) -> str:
    for pattern, replacement in _MASKS:
        line = pattern.sub(replacement, line)
    return line.rstrip()
