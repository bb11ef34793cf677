"""How long a TAB takes in the real shells, as a ratio to the start of bare Python, in one run.

A shell on a terminal is given a line with a TAB and without one, in turn; the difference of the
best times is what the TAB costs, drawing included. The peer's helper, a program started at each
TAB, needs 7 ms where bare Python needs 11: a ratio of 0.64. `loading` is the script read once,
when the first TAB asks for it.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.completion.terminal import COMPLETIONS, Terminal

RUN = "openai beta:threads create-and-run"
LINES = {
    "a command": "openai --local beta:threads cr",
    "a flag, many before it": f"{RUN} --assistant-id a --message b --format json --truncation-s",
    "a value": f"{RUN} --tool-choice req",
    "a file": f"{RUN} --message @exam",
    "all flags": f"{RUN} --",
}
SCRIPTS = {"bash": "openai.bash", "zsh": "_openai", "fish": "openai.fish"}


def seconds(act: Callable[[], object]) -> float:
    """How long it takes."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def best(rounds: int, *acts: Callable[[], object]) -> list[float]:
    """The best time of each, taking turns: noise only ever adds."""
    times = [[seconds(act) for act in acts] for _ in range(rounds)]
    return [min(column) for column in zip(*times, strict=True)]


def tabs(shell: str, rounds: int) -> dict[str, float]:
    """What a TAB costs at the end of each line."""
    with tempfile.TemporaryDirectory() as name:
        folder, home = Path(name, "work"), Path(name, "home")
        folder.mkdir()
        home.mkdir()
        (folder / "example.txt").touch()
        with Terminal(shell, folder, home) as terminal:
            found = {}
            for label, line in LINES.items():
                plain, tab = best(rounds, partial(terminal.type, line), partial(terminal.tab, line))
                found[label] = max(tab - plain, 0.0)
            return found


def loading(shell: str, rounds: int) -> float:
    """What it costs to read the script once."""
    quiet = {"bash": ["--norc"], "zsh": ["-f"], "fish": ["--no-config"]}[shell]
    script = COMPLETIONS / SCRIPTS[shell]

    def run(text: str) -> None:
        subprocess.run([shell, *quiet, "-c", text], check=False, capture_output=True)

    plain, loaded = best(rounds, lambda: run(":"), lambda: run(f"source '{script}'"))
    return max(loaded - plain, 0.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    rounds = parser.parse_args().rounds
    bare = best(rounds, lambda: subprocess.run([sys.executable, "-c", "pass"], check=True))[0]
    print(f"{'bare Python':32} {bare * 1000:7.1f} ms")
    for shell in SCRIPTS:
        if shutil.which(shell) is None:
            print(f"{shell}: not installed")
            continue
        for label, took in {**tabs(shell, rounds), "loading": loading(shell, rounds)}.items():
            name = f"{shell}: {label}"
            print(f"{name:32} {took * 1000:7.1f} ms   {took / bare:5.2f} × bare Python")


if __name__ == "__main__":
    main()
