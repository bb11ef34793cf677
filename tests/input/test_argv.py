"""Words told apart: what is a flag, what is its value, what stands alone."""

from __future__ import annotations

import pytest

from openai_cli.input.argv import ArgSpec, Split, split_args

_ROWS = (
    ArgSpec("--name"),
    ArgSpec("--thread.messages"),
    ArgSpec("--stream", "optional", lambda text: text in ("true", "false")),
    ArgSpec("--raw-output", "nothing"),
)
SPECS = {row.name: row for row in _ROWS} | {"-r": _ROWS[3]}


def split(*args: str, until_word: bool = False) -> Split:
    return split_args(args, SPECS, until_word=until_word)


def found(*args: str) -> list[tuple[str, str | None]]:
    done = split(*args)
    assert done.problems == []
    return [(occurrence.name, occurrence.text) for occurrence in done.occurrences]


def problems(*args: str) -> list[str]:
    return [str(problem) for problem in split(*args).problems]


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["--name", "x"], [("--name", "x")]),
        (["--name=x"], [("--name", "x")]),
        (["--name=a=b"], [("--name", "a=b")]),
        (["--name="], [("--name", "")]),
        (["--name", ""], [("--name", "")]),
        (["-name", "x"], [("--name", "x")]),
        (["-name=x"], [("--name", "x")]),
        (["--name", "-5"], [("--name", "-5")]),
        (["--name", "-"], [("--name", "-")]),
        (["--name", "--"], [("--name", "--")]),
        (["--name", "--no-such-flag"], [("--name", "--no-such-flag")]),
        (["--name=--stream"], [("--name", "--stream")]),
        (["--stream"], [("--stream", None)]),
        (["--stream", "true"], [("--stream", "true")]),
        (["--stream=anything"], [("--stream", "anything")]),
        (["--stream", "--name", "x"], [("--stream", None), ("--name", "x")]),
        (["-r"], [("--raw-output", None)]),
        (["--name", "1", "-r", "--name=2"],
         [("--name", "1"), ("--raw-output", None), ("--name", "2")]),
    ],
)  # fmt: skip
def test_flags(args: list[str], expected: list[tuple[str, str | None]]) -> None:
    assert found(*args) == expected


def test_order_and_numbers_are_kept() -> None:
    done = split("--name", "a", "--stream", "--name", "b")
    assert [o.source for o in done.occurrences] == ["--name", "--stream", "--name (no. 2)"]


def test_words_and_double_dash() -> None:
    done = split("one", "--stream", "two", "--", "--name", "-r")
    assert done.words == ["one", "two", "--name", "-r"]
    assert done.names() == {"--stream"}


def test_an_optional_flag_leaves_a_word_that_is_none_of_its_values() -> None:
    done = split("--stream", "yes")
    assert (done.occurrences[0].text, done.words) == (None, ["yes"])


def test_until_word_leaves_the_rest_alone() -> None:
    done = split("-r", "beta:threads", "--unknown", "--name", until_word=True)
    assert done.words == ["beta:threads", "--unknown", "--name"]
    assert done.problems == []


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["--name"], ["--name: needs a value"]),
        (
            ["--name", "--stream"],
            ["--name: needs a value, found the flag --stream (if that is the value: --name=…)"],
        ),
        (["-r=1"], ['--raw-output: takes no value, found "1"']),
        (["--nam", "x"], ["--nam: no such flag (did you mean --name?)"]),
        (["--raw"], ["--raw: no such flag (did you mean --raw-output?)"]),
        (["--thread", "x"], ["--thread: no such flag (did you mean --thread.messages?)"]),
        (["--NAME=x"], ["--NAME: no such flag (did you mean --name?)"]),
        (["--thread_messages"],
         ["--thread_messages: no such flag (did you mean --thread.messages?)"]),
        (["--no-stream"], ["--no-stream: no such flag (did you mean --stream=false?)"]),
        (["--zzz"], ["--zzz: no such flag"]),
        (["---name=x"], ["---name: no such flag (did you mean --name?)"]),
        (["--=x"], ["--: no such flag"]),
        (["-x"], ["-x: no such flag"]),
    ],
)  # fmt: skip
def test_problems(args: list[str], expected: list[str]) -> None:
    assert problems(*args) == expected


def test_every_problem_is_found() -> None:
    assert len(problems("--bogus", "--raw-output=1", "--other", "--name")) == 4
