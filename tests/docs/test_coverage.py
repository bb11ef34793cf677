"""The page of the main command shows each of its flags in an example that is run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from openai_cli.api.operations import main_operation
from openai_cli.cli.catalog import command_rows, global_rows
from openai_cli.cli.each_flags import EACH_OPTIONS
from openai_cli.cli.options import BODY_OPTIONS
from openai_cli.cli.run_options import CONTINUE, NO_FALLBACK, RUN_OPTIONS
from tests.docs.page import steps_of

PAGE = Path(__file__).parents[2] / "docs" / "create-and-run.md"
_OTHERS = (*RUN_OPTIONS, *BODY_OPTIONS, NO_FALLBACK, CONTINUE, *EACH_OPTIONS)
ELSEWHERE = {option.name for option in _OTHERS}
"""Shown on docs/runs.md, docs/values.md, docs/servers.md, docs/local.md and docs/bulk.md."""
OWN = [
    row.name
    for row in command_rows(main_operation())
    if row not in global_rows() and row.name not in ELSEWHERE
]


def test_these_are_the_flags_of_the_documented_page_and_more() -> None:
    assert {"--assistant-id", "--tool", "--stream", "--max-items", "--message"} <= set(OWN)
    assert len(OWN) == 15 + 3 + 7  # documented; stream, max-items, message; dotted


@pytest.mark.parametrize("flag", OWN)
def test_flag_is_shown_by_example(flag: str) -> None:
    commands = [step.text for step in steps_of(PAGE)]
    assert any(re.search(rf"{re.escape(flag)}(?![\w.-])", text) for text in commands)


BULK = PAGE.with_name("bulk.md")


@pytest.mark.parametrize("flag", [option.name for option in EACH_OPTIONS])
def test_flag_of_each_is_shown_by_example(flag: str) -> None:
    assert re.search(rf"{flag}(?![\w.-])", BULK.read_text())
