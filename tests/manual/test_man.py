"""The man pages: complete, without a warning from either reader, and written by the command."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from openai_cli.api.operations import OPERATIONS
from openai_cli.cli.catalog import command_rows, global_rows
from openai_cli.manual.man import man_pages
from openai_cli.manual.reference import reference_pages
from openai_cli.manual.roff import escape
from openai_cli.manual.shared_sections import environment, exit_codes
from tests.support.shell import Shell

PAGES = man_pages()
SECTIONS = [
    "NAME",
    "SYNOPSIS",
    "DESCRIPTION",
    "COMMANDS",
    "OPTIONS",
    "VALUES",
    "ENVIRONMENT",
    "EXIT STATUS",
    "FILES",
    "EXAMPLES",
    "SEE ALSO",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("man")
    for name, text in PAGES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.first_by_default
@pytest.mark.needs("mandoc", "man")
@pytest.mark.parametrize("locale", ["C.UTF-8", "C"])
def test_no_warnings_from_either_reader(folder: Path, locale: str) -> None:
    environ = {**os.environ, "LC_ALL": locale, "MANWIDTH": "80"}
    for name in PAGES:
        for command in (["mandoc", "-Tlint", "-W", "warning"], ["man", "--warnings", "-l"]):
            done = subprocess.run(
                [*command, str(folder / name)],
                env=environ,
                capture_output=True,
                check=False,
                timeout=60,
            )
            said = done.stderr if command[0] == "man" else done.stdout + done.stderr
            assert (done.returncode, said) == (0, b""), f"{name}: {command}"
            if command[0] == "man":
                assert b"SEE ALSO" in done.stdout


@pytest.mark.parametrize("name", PAGES)
def test_every_section_in_order(name: str) -> None:
    assert re.findall(r"^\.SH (.+)$", PAGES[name], re.MULTILINE) == SECTIONS


def test_the_first_page_tells_of_every_command_option_and_code() -> None:
    page = PAGES["openai.1"]
    for operation in OPERATIONS:
        assert f"\\fB{escape(operation.name)}\\fR" in page
    for row in global_rows():
        assert f"\\fB{escape(row.name)}\\fR" in page
        assert escape(row.help) in page
    for name, _ in environment():
        assert f"\\fB{escape(name)}\\fR" in page
    for code, meaning in exit_codes():
        assert f".TP\n\\fB{code}\\fR\n{escape(meaning)}" in page


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda op: str(op.name))
def test_a_resource_page_tells_of_every_flag(operation: object) -> None:
    page = PAGES[f"openai-{operation.resource.replace(':', '-')}.1"]
    for row in command_rows(operation):
        if row.name not in {option.name for option in global_rows()}:
            assert f"\\fB{escape(row.name)}\\fR" in page


def test_examples_are_those_of_the_reference_which_are_run() -> None:
    run = "\n".join(reference_pages().values())
    for page in PAGES.values():
        for line in re.findall(r"^\$ (.+)$", page, re.MULTILINE):
            plain = line.replace("\\-", "-").replace("\\(dq", '"').replace("\\(rs", "\\")
            assert plain.replace("\\(aq", "'") in run


def test_the_command_writes_them(openai: Shell) -> None:
    done = openai("@manpages", "-o", "share/man1")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [f"share/man1/{name}" for name in PAGES]
    for name, text in PAGES.items():
        assert (openai.folder / "share/man1" / name).read_text(encoding="utf-8") == text


def test_a_folder_that_cannot_be_is_said(openai: Shell) -> None:
    (openai.folder / "file").write_text("")
    done = openai("@manpages -o file/man1")
    assert (done.code, done.out) == (1, "")
    assert done.err == "error: cannot write file/man1: Not a directory\n"


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("@manpages", "--output: is required: the folder to write to"),
        ("@manpages -o", "--output: needs a value"),
        ("@manpages -o x more", '"more": unexpected argument'),
        ("@manpages --output-dir x", "--output-dir: no such flag (did you mean --output?)"),
    ],
)
def test_wrong_use_writes_nothing(openai: Shell, line: str, complaint: str) -> None:
    done = openai(line)
    assert (done.code, done.out) == (2, "")
    assert complaint in done.err
    assert not [*openai.folder.iterdir()]
