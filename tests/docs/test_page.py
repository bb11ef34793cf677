"""The checker of examples finds what is wrong; a page that lies does not pass."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.page import difference, steps_of
from tests.docs.test_examples import problem_of, run


def _page(folder: Path, text: str) -> Path:
    page = folder / "page.md"
    page.write_text(text, encoding="utf-8")
    return page


def test_sessions_and_scripts_are_found_in_order(tmp_path: Path) -> None:
    page = _page(
        tmp_path,
        "Text\n```console\n$ echo a \\\n  b\na b\n$ false\n# exit 1\n```\n"
        "```json\n$ no\n```\n```sh\nx=1\necho $x\n```\n```shell-session\n$ openai login\n```\n",
    )
    steps = steps_of(page)
    assert [(step.line, step.text, step.shown, step.code) for step in steps] == [
        (3, "echo a \\\n  b", ["a b"], 0),
        (6, "false", [], 1),
        (12, "x=1\necho $x", None, 0),
    ]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("```zsh\nls\n```\n", "page.md:1: ```zsh: write one of"),
        ("```console norun\n$ ls\n```\n", "page.md:1: ```console norun: write one of"),
        ("```console\noutput\n```\n", "page.md:2: output without a command"),
        ("```sh\nls\n", "page.md:1: this block is never closed"),
    ],
)
def test_a_block_of_uncertain_meaning_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=re.escape(complaint)):
        steps_of(_page(tmp_path, text))


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        (["a", "b"], "a\nb\n"),
        (["one … three"], "one two three\n"),
        (["a", "…", "z"], "a\nb\nc\nz\n"),
        (["a", "…"], "a\n"),
        (["run_abc123 at 1700000000"], "run_RRAdZWHZizKgaOZkLcCduqJx at 1795349393\n"),
        (["on 2025-01-01 10:00:00"], "on 2026-11-22 12:09:53\n"),
        ([], ""),
    ],
)
def test_output_as_shown(shown: list[str], printed: str) -> None:
    assert difference(shown, printed) == ""


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        (["a"], "b\n"),
        (["a"], "a\nb\n"),
        ([], "a\n"),
        (["a … c"], "a\nc\n"),
        (["thread_id"], "run_id\n"),
        (["status queued"], "status completed\n"),
    ],
)
def test_output_not_as_shown(shown: list[str], printed: str) -> None:
    assert difference(shown, printed)


def test_a_page_that_lies_does_not_pass(tmp_path: Path) -> None:
    page = _page(
        tmp_path,
        "```console\n$ echo yes\nyes\n$ echo no\nyes\n$ (exit 3)\n$ x=kept\n$ echo $x\nkept\n```\n"
        "```sh\nfalse\n```\n```console\n$ echo late\nlate\n```\n",
    )
    steps = steps_of(page)
    problems = [problem_of(*pair) for pair in zip(steps, run(steps, tmp_path), strict=True)]
    assert [problem.partition("\n")[0] for problem in problems] == [
        "",
        "--- shown",
        "exit 3, not 0:",
        "",
        "",
        "exit 1, not 0:",
        "never finished, or never begun:",
    ]
