"""Words told apart: what is a flag, what is its value, what stands alone."""

from __future__ import annotations

from typing import Any

import pytest
import typer
from typer.core import TyperCommand, TyperOption

from openai_cli.api.operations import operation_named
from openai_cli.cli.app import build_app
from openai_cli.cli.catalog import FlagRow, command_rows, root_rows
from openai_cli.cli.flag_parser import FlagOption, nearest_flag, read_arguments, without
from openai_cli.input.arguments import Arguments


def row(name: str, takes: Any = "value", **more: Any) -> FlagRow:
    return FlagRow(
        name=name, metavar="", takes=takes, help="", panel="", **{"short": "", "kind": "x"} | more
    )


ROWS = (
    row("--name"),
    row("--thread.messages"),
    row("--stream", "optional", kind="boolean", words=("true", "false")),
    row("--raw-output", "nothing", short="-r"),
    row("--output", short="-o"),
)


def split(*args: str) -> Arguments:
    return read_arguments(args, ROWS)


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
        (["--name", "--stream"], [("--name", "--stream")]),
        (["--name", "-r"], [("--name", "-r")]),
        (["--name", "--name", "--name", "x"], [("--name", "--name"), ("--name", "x")]),
        (["--name=--stream"], [("--name", "--stream")]),
        (["-o", "x", "-o=y", "-output", "z"],
         [("--output", "x"), ("--output", "y"), ("--output", "z")]),
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


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["--name"], ["--name: needs a value"]),
        (["--thread.messages", "x", "-o"], ["--output: needs a value"]),
        (["-r=1"], ['--raw-output: takes no value, found "1"']),
        (["--nam", "x"], ["--nam: no such flag (did you mean --name?)"]),
        (["--raw"], ["--raw: no such flag (did you mean --raw-output or --format raw?)"]),
        (["--thread", "x"], ["--thread: no such flag (did you mean --thread.messages?)"]),
        (["--NAME=x"], ["--NAME: no such flag (did you mean --name?)"]),
        (["--thread_messages"],
         ["--thread_messages: no such flag (did you mean --thread.messages?)"]),
        (["--no-stream"], ["--no-stream: no such flag (did you mean --stream=false?)"]),
        (["--zzz"], ["--zzz: no such flag"]),
        (["---name=x"], ["---name: no such flag (did you mean --name?)"]),
        (["--=x"], ["--: no such flag"]),
        (["-b"], ["-b: no such flag"]),
        (["-rx"], ["-rx: no such flag"]),
        (["-outptu", "x"], ["-outptu: no such flag (did you mean --output?)"]),
    ],
)  # fmt: skip
def test_problems(args: list[str], expected: list[str]) -> None:
    assert problems(*args) == expected


def test_every_problem_is_found() -> None:
    assert len(problems("--bogus", "--raw-output=1", "--other", "--name")) == 4


def test_a_slip_takes_the_value_with_it() -> None:
    done = split("--nam", "x", "--nme=y", "z", "--nam", "--stream", "--raw", "w")
    assert (done.words, done.unread) == (["z", "w"], {"--name", "--raw-output"})
    assert done.names() == {"--stream"}


def test_what_lacks_its_value_or_is_misspelt_is_unread() -> None:
    assert split("--nam", "x", "--output").unread == {"--name", "--output"}
    switched = split("--raw-output=1")
    assert (switched.names(), switched.unread) == ({"--raw-output"}, set())


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("--out", "--output"),
        ("-out", "--output"),
        ("--outpt", "--output"),
        ("--OUTPUT", "--output"),
        ("--ou", ""),
        ("--zebra", ""),
    ],
)
def test_the_nearest_flag(typed: str, meant: str) -> None:
    assert nearest_flag(typed, ["--output", "--output-format", "--name"]) == meant


@pytest.mark.parametrize(
    ("args", "kept"),
    [
        (["a", "--name", "x", "b"], ["a", "b"]),
        (["--name=x", "--stream", "-name", "x"], ["--stream"]),
        (["--stream", "true", "a", "-r", "b"], ["--stream", "true", "a", "b"]),
        (["--output", "--name", "x"], ["--output", "--name", "x"]),
        (["--output", "--", "--", "--name"], ["--output", "--", "--", "--name"]),
        (["--bogus", "--name", "--name", "--nam", "x"], ["--bogus", "--nam", "x"]),
        (["--name"], ["--name"]),
    ],
)
def test_flags_are_left_out_with_their_values(args: list[str], kept: list[str]) -> None:
    assert without(args, ROWS, ["--name", "--raw-output"]) == kept


def command(*names: str) -> tuple[TyperCommand, typer.Context]:
    """The command of the app, as Typer finds it."""
    found = typer.main.get_command(build_app())
    ctx = typer.Context(found)
    for name in names:
        found = found.get_command(ctx, name)  # type: ignore[attr-defined]  # a group of the tree
        ctx = typer.Context(found, parent=ctx)
    return found, ctx  # type: ignore[return-value]  # the last of them is a command


def test_typer_knows_every_flag_of_a_command() -> None:
    name = "beta:threads create-and-run"
    found, ctx = command(*name.split())
    options = [option for option in found.get_params(ctx) if isinstance(option, TyperOption)]
    rows = command_rows(operation_named(name))
    assert [(o.opts, o.help, o.metavar, o.is_flag) for o in options] == [
        (list(row.spellings), row.help, row.metavar, row.takes == "nothing") for row in rows
    ]


def test_options_that_are_answered_at_once_are_eager() -> None:
    for names in ((), ("beta:threads",), ("beta:threads", "create"), ("local", "path")):
        found, ctx = command(*names)
        eager = {option.opts[0] for option in found.get_params(ctx) if option.is_eager}
        assert eager - {"--version"} == {"--help"}


def test_typer_knows_the_options_of_every_level() -> None:
    for names, rows in (((), root_rows()), (("beta:threads",), root_rows()[:-2])):
        found, ctx = command(*names)
        assert [option.name for option in rows] == [o.opts[0] for o in found.get_params(ctx)]
        assert all(isinstance(option, FlagOption) for option in found.get_params(ctx))
