"""The reference pages: complete, linked, fresh, and derived from what is declared."""

from __future__ import annotations

import html
import re
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import Field

import openai_cli
from openai_cli import errors
from openai_cli.api.base import FlagNote, Integer, RequestModel, RequiredText
from openai_cli.api.operation import Operation
from openai_cli.api.operations import OPERATIONS
from openai_cli.cli.catalog import command_rows, global_rows
from openai_cli.cli.help_rows import FILE, kept_rows
from openai_cli.manual.__main__ import documents
from openai_cli.manual.man import resource_page
from openai_cli.manual.reference import command_page, page_name, reference_pages
from openai_cli.manual.shared_sections import STORE, environment, exit_codes
from openai_cli.output.command_line import wrapped
from tests.support.shell import Shell

ROOT = Path(__file__).parents[2]
pages = cache(reference_pages)


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return documents()


def test_generated_files_are_fresh(made: dict[str, str]) -> None:
    docs = ROOT / "docs"
    files = [*(docs / "man").iterdir(), *(docs / "reference").iterdir()]
    kept = [*files, docs / "picture.svg", docs / "bulk.svg"]
    found = {str(path.relative_to(docs)): path.read_text(encoding="utf-8") for path in kept}
    # Another release of rich may draw the same picture otherwise: what it says is compared.
    made, found = (
        {name: _words(text) if name.endswith(".svg") else text for name, text in files.items()}
        for files in (made, found)
    )
    stale = sorted(name for name in {*made, *found} if made.get(name) != found.get(name))
    assert not stale, f"run `make docs`: {', '.join(stale)}"


def test_the_rows_of_help_are_fresh() -> None:
    assert FILE.read_text(encoding="utf-8") == kept_rows(), "run `make docs`"


def _words(svg: str) -> str:
    texts = re.findall(r"<text [^>]*>([^<]*)", svg)
    return html.unescape("".join(texts)).replace("\xa0", " ")


def test_the_picture_shows_a_run_and_needs_no_network(made: dict[str, str]) -> None:
    picture = made["picture.svg"]
    assert "$ openai --local beta:threads create-and-run" in _words(picture)
    assert "completed" in _words(picture)
    assert "@font-face" not in picture
    assert not re.search(r"(href|src|url\()[\"'=(\s]*https?:", picture)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda op: str(op.name))
def test_a_page_tells_of_every_flag_and_example(operation: Operation) -> None:
    page = pages()[page_name(operation)]
    shared = {row.name for row in global_rows()}
    for row in command_rows(operation):
        assert (f"`{row.name}`" in page) == (row.name not in shared)
    for example in operation.examples:
        assert "\n".join(wrapped(example)).removeprefix("$ ") in page


def test_links_lead_somewhere() -> None:
    for name, page in pages().items():
        for target in re.findall(r"\]\(([^)]+)\)", page):
            file, _, anchor = target.partition("#")
            path = ROOT / "docs" / "reference" / (file or name)
            assert path.is_file(), f"{name}: {target}"
            heads = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            assert not anchor or anchor in [head.lower().replace(" ", "-") for head in heads]


def test_tables_have_as_many_cells_as_heads() -> None:
    for name, page in pages().items():
        for block in re.findall(r"(?:^\|.*\n)+", page, re.MULTILINE):
            cells = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
            assert len(cells) == 1, f"{name}: {block}"


def test_exit_codes_are_those_of_the_errors() -> None:
    classes = [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.CliError)
    ]
    assert dict(exit_codes()) == {
        0: "The request was answered and the answer printed.",
        **{kind.exit_code: kind.meaning for kind in classes},
    }
    assert [code for code, _ in exit_codes()] == [0, 1, 2, 3, 4, 5, 6, 130]


def test_every_variable_in_the_code_is_told_of() -> None:
    package = Path(openai_cli.__file__).parent
    code = "".join(path.read_text(encoding="utf-8") for path in package.rglob("*.py"))
    used = set(re.findall(r'"(OPENAI_[A-Z_]*[A-Z])"', code))
    told = {name for names, _ in environment() for name in names.split(", ")}
    assert used - told == set()


def test_the_store_is_where_the_manual_says(openai: Shell) -> None:
    openai("--local beta:threads create-and-run --assistant-id asst_demo --message Hi")
    assert Path(STORE.replace("~", openai.environ["HOME"])).is_file()


class Ping(RequestModel):
    """A request that no server knows."""

    thread_id: Annotated[
        RequiredText, Field(description="The thread."), FlagNote(panel="Required", metavar="ID")
    ]
    volume: Annotated[
        Annotated[Integer, Field(ge=1, le=11)] | None, Field(description="How loud.")
    ] = None
    tags: Annotated[list[dict[str, Any]] | None, Field(description="Anything | at all.")] = None


def test_a_new_operation_needs_nothing_but_its_declaration() -> None:
    operation = Operation(
        resource="beta:threads",
        command="ping",
        summary="Create a thread ring",
        method="POST",
        path="/threads/{thread_id}/ping",
        model=f"{__name__}:Ping",
    )
    page = command_page(operation)
    assert "openai beta:threads ping [THREAD_ID] [flags]" in page
    assert "| `--volume` | `INTEGER` | 1 to 11; null | How loud. |" in page
    assert "| `--tag` |" in page or "| `--tags` |" in page
    assert "Anything \\| at all." in page
    assert "A [thread](answers.md#thread) object:" in page
    man = resource_page("beta:threads", "Threads: conversations", (operation,))
    assert "\\fB\\-\\-volume\\fR \\fIINTEGER\\fR\nHow loud. (1 to 11; null)" in man


@pytest.mark.parametrize(
    ("command", "lines"),
    [
        ("openai --version", ["openai --version"]),
        (
            "openai --assistant-id asst_demo --message 'a  b c' --format text",
            [
                "openai --assistant-id asst_demo \\",
                "    --message 'a  b c' \\",
                "    --format text",
            ],
        ),
    ],
)
def test_long_commands_are_wrapped_between_flags(command: str, lines: list[str]) -> None:
    assert wrapped(command, 36) == lines
