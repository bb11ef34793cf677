"""Help at every level: whole, readable, quick, and nothing is sent."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

import openai_cli
from openai_cli.api.operation import Operation
from openai_cli.api.operations import OPERATIONS, RESOURCES, main_operation
from openai_cli.cli.builtin_commands import BUILTIN_COMMANDS, GROUPS, builtin_commands_of
from openai_cli.cli.catalog import command_rows, global_rows
from openai_cli.cli.help import render
from tests.cli.conftest import Run
from tests.support.server import Server
from tests.support.shell import Shell

COMMANDS = [operation.name for operation in OPERATIONS]


@pytest.mark.parametrize("flag", ["--version", "-v"])
def test_version(quick: Run, flag: str) -> None:
    expected = openai_cli.version_line()
    assert expected.startswith(f"openai {openai_cli.__version__} (")
    for words in (flag, f"beta:threads {flag}", f"beta:threads create-and-run {flag}"):
        shown = quick(words)
        assert (shown.code, shown.out, shown.err) == (0, expected, "")


def test_help_of_the_tool_by_all_its_names(quick: Run, server: Server) -> None:
    page = quick("--help")
    assert (page.code, page.err, server.seen) == (0, "", [])
    assert page.out.startswith("Usage: openai ")
    for words in ("", "-h", "help", "help --format json", "--format json --help", "--debug -h"):
        assert quick(words) == page
    for name in (*RESOURCES, *(row.name for row in global_rows())):
        assert re.search(rf"^  {re.escape(name)}\b", page.out, re.M), name


@pytest.mark.parametrize("resource", RESOURCES)
def test_help_of_a_resource(quick: Run, server: Server, resource: str) -> None:
    page = quick(f"{resource} --help")
    assert (page.code, page.err, server.seen) == (0, "", [])
    for words in (resource, f"{resource} -h", f"help {resource}", f"{resource} help"):
        assert quick(words) == page
    for operation in OPERATIONS:
        if operation.resource == resource:
            assert f"  {operation.command} " in page.out


@pytest.mark.parametrize("group", GROUPS)
def test_help_of_a_group_of_the_tool(quick: Run, group: str) -> None:
    page = quick(f"{group} --help")
    assert (page.code, page.err) == (0, "")
    for words in (group, f"{group} -h", f"help {group}", f"{group} help"):
        assert quick(words) == page
    for command in builtin_commands_of(group):
        assert f"  {command} " in page.out


@pytest.mark.parametrize("tool", BUILTIN_COMMANDS, ids=lambda tool: str(tool.name))
def test_help_of_a_command_of_the_tool(quick: Run, tool: object) -> None:
    from openai_cli.cli.builtin_command import BuiltinCommand

    assert isinstance(tool, BuiltinCommand)
    page = quick(f"{tool.name} --help")
    assert (page.code, page.err) == (0, "")
    assert page.out.startswith(f"Usage: {tool.usage}\n")
    for row in tool.rows:
        assert f"{', '.join(row.spellings)} {row.metavar}".strip() in page.out


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ("local serv", '"serv": no such command (did you mean serve?)'),
        ("serve", '"serve": no such resource (did you mean local serve?)'),
        ("local serve more", '"more": unexpected argument'),
        ("local serve --prot 1", "--prot: no such flag (did you mean --port?)"),
    ],
)
def test_a_slip_in_a_command_of_the_tool(quick: Run, words: str, complaint: str) -> None:
    refused = quick(words)
    assert (refused.code, refused.out) == (2, "")
    assert complaint in refused.err


@pytest.mark.parametrize("operation", OPERATIONS, ids=COMMANDS)
def test_help_of_a_command_names_every_flag_whole(
    quick: Run, server: Server, operation: Operation
) -> None:
    page = quick(f"{operation.name} --help")
    assert (page.code, page.err, server.seen) == (0, "", [])
    for words in (f"help {operation.name}", f"{operation.name} -h --top-p 7 extra"):
        assert quick(words) == page
    shown = " ".join(page.out.split())
    for row in command_rows(operation):
        assert f"{', '.join(row.spellings)} {row.metavar}".strip() in shown
        assert row.help.split()[0] in shown
    assert "Examples:" in page.out
    width = max(len(line) for line in page.out.partition("Examples:")[0].splitlines())
    assert width <= 80


def test_help_does_not_need_its_file(
    monkeypatch: pytest.MonkeyPatch, quick: Run, tmp_path: Path
) -> None:
    page = quick("beta:threads create-and-run --help")
    monkeypatch.setattr("openai_cli.cli.help_rows.FILE", tmp_path / "missing.json")
    assert quick("beta:threads create-and-run --help") == page


def test_help_of_what_does_not_exist_is_an_error(quick: Run) -> None:
    refused = quick("help beta:thread")
    assert (refused.code, refused.out) == (2, "")
    assert "did you mean beta:threads?" in refused.err


@pytest.mark.parametrize("columns", ["1", "20", "37", "80", "500"])
def test_no_terminal_is_too_narrow(
    monkeypatch: pytest.MonkeyPatch, quick: Run, columns: str
) -> None:
    from openai_cli.cli.help import HelpPage

    monkeypatch.setenv("COLUMNS", columns)
    page = HelpPage(
        "openai x", "What it does. " * 9, (("Run", "--a-rather-long-name TEXT", "w " * 60),)
    )
    text = render(page, colour=True)
    assert "--a-rather-long-name TEXT" in text
    assert text.count(" w") >= 59
    assert "\x1b[1mUsage:\x1b[0m" in text
    assert "\x1b" not in render(page, colour=False)


@pytest.mark.parametrize("operation", OPERATIONS, ids=COMMANDS)
def test_each_command_has_examples_that_need_no_server(operation: Operation) -> None:
    """They are run where the reference pages are (`tests/docs`)."""
    assert 2 <= len(operation.examples) <= 3
    for example in operation.examples:
        assert example.startswith(("openai --local ", "(openai --local "))
        assert operation.name in example


@pytest.mark.parametrize("operation", OPERATIONS, ids=COMMANDS)
def test_the_plain_call_comes_first(quick: Run, operation: Operation) -> None:
    plain = operation.shown_examples[0]
    assert plain.replace(" --local", "").startswith(f"openai {operation.name}")
    assert "|" not in plain
    checked = quick(*shlex.split(plain)[1:], "--dry-run")
    assert (checked.code, checked.err) == (0, "")
    page = " ".join(quick(f"{operation.name} --help").out.replace("\\\n", "").split())
    assert f"Examples: {plain}" in page


def panels(page: str) -> dict[str, str]:
    """The panels of a help page by their titles, in order."""
    pieces = re.split(r"^(\w[\w ]*):\n", page, flags=re.M)[1:]
    return dict(zip(pieces[::2], pieces[1::2], strict=True))


def test_flags_of_the_command_alone_come_before_shared_ones(quick: Run) -> None:
    served = panels(quick("local serve --help").out)
    assert list(served) == ["This command", "Output", "Connection", "Other", "Examples"]
    for name in ("--store", "--port", "--grace"):
        assert f"  {name} " in served["This command"]
    listed = panels(quick("beta:threads:messages list --help").out)
    assert list(listed)[:4] == ["Required", "Page", "This command", "Output"]
    assert re.findall("^  (--[a-z-]+)", listed["This command"], re.M) == [
        "--max-items",
        "--max-pages",
    ]


def test_piped_help_is_as_wide_as_columns_says(openai: Shell) -> None:
    widths = {}
    for columns in ("60", "80", "100", "500", "x"):
        page = openai("local serve --help", env={"COLUMNS": columns}).out.partition("Examples:")[0]
        widths[columns] = max(map(len, page.splitlines()))
    assert widths["60"] <= 60 < widths["80"] <= 80 < widths["100"] <= 100
    assert (widths["500"], widths["x"]) == (widths["100"], widths["80"])


@pytest.mark.parametrize("columns", [1, 40, 80, 500])
def test_examples_are_shown_as_lines_that_can_be_copied(
    monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    from openai_cli.cli.help import HelpPage

    monkeypatch.setenv("COLUMNS", str(columns))
    examples = main_operation().examples
    page = HelpPage("openai x", "What it does.", (), examples=examples, hint="See also.")
    shown = render(page, colour=False).partition("Examples:\n")[2]
    assert shown.endswith("\n\nSee also.\n")
    lines = shown.removesuffix("\n\nSee also.\n").replace("\\\n", " ").splitlines()
    assert [shlex.split(line) for line in lines] == [shlex.split(line) for line in examples]


def test_a_narrow_terminal_has_names_above_and_texts_below(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from openai_cli.cli.help import HelpPage

    monkeypatch.setenv("COLUMNS", "40")
    rows = (("Output", "--format FORMAT", "One of auto, json, jsonl, pretty, raw, text, yaml."),)
    text = render(HelpPage("openai x", "What it does.", rows), colour=False)
    assert text.partition("Output:\n")[2] == (
        "  --format FORMAT\n      One of auto, json, jsonl, pretty,\n      raw, text, yaml.\n"
    )


def test_every_page_is_as_narrow_as_the_terminal(
    monkeypatch: pytest.MonkeyPatch, quick: Run
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for words in ("", *RESOURCES, *(f"{operation.name} --help" for operation in OPERATIONS)):
        page = quick(words).out
        prose = page.partition("Examples:")[0]
        assert max(map(len, prose.splitlines())) <= 80, words


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("beta:thread", "beta:threads"),
        ("beta", "beta:threads"),
        ("threads", "beta:threads"),
        ("thread", "beta:threads"),
        ("runs", "beta:threads:runs"),
        ("run", "beta:threads:runs"),
        ("create-and-run", "beta:threads create-and-run"),
        ("@complete", "@completion"),
        ("beta:threads create-and-rum", "create-and-run"),
    ],
)
def test_a_misspelt_name_is_recognized(quick: Run, typed: str, meant: str) -> None:
    refused = quick(typed)
    assert (refused.code, refused.out) == (2, "")
    assert f"(did you mean {meant}?)" in refused.err


def test_a_name_like_no_other_suggests_nothing(quick: Run) -> None:
    refused = quick("weather")
    assert refused.code == 2
    assert "did you mean" not in refused.err
    assert "hint: available: beta:" in refused.err
