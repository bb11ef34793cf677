"""Text comes out of a man page as it went in, whatever it holds."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from openai_cli.manual import roff
from tests.support.programs import each

HOSTILE = [
    ".TH leading dot",
    "'br leading quote",
    "..",
    r"back\slash \fBnot bold\fR \(rs \\",
    '"quoted" and `ticked` it\'s',
    "--flag a-b -1 ^caret ~/home",
    "Zürich 日本 →",
    "a  b   c",
    "    indented",
    "{type: function, function: {name: N}}",
    r"\@ and \e and \&",
    "100 % #hash $var",
]


def _rendered(page: Path, tool: str) -> list[str]:
    commands = {
        "mandoc": ["mandoc", "-Tutf8", "-Kutf-8", str(page)],
        "groff": ["groff", "-mandoc", "-Tutf8", "-P-cbou", str(page)],
    }
    done = subprocess.run(commands[tool], capture_output=True, check=True, timeout=60)
    assert not done.stderr, done.stderr.decode()
    text = done.stdout.decode()
    while "\b" in text:  # bold, as a typewriter makes it
        at = text.index("\b")
        text = text[: at - 1] + text[at + 1 :]
    return text.splitlines()


@pytest.mark.parametrize("tool", each("mandoc", "groff"))
def test_lines_come_out_as_they_went_in(tool: str, tmp_path: Path) -> None:
    page = tmp_path / "page.1"
    head = roff.title("page", "a source", "2025-01-01")
    parts = [head, roff.section("EXAMPLES", roff.example(HOSTILE)), ""]
    page.write_text("\n".join(parts), encoding="utf-8")
    found = [line for line in _rendered(page, tool) if line.startswith(" ")]
    margin = min(len(line) - len(line.lstrip()) for line in found)
    assert [line[margin:] for line in found] == HOSTILE


@pytest.mark.parametrize("tool", each("mandoc", "groff"))
def test_prose_keeps_its_characters(tool: str, tmp_path: Path) -> None:
    page = tmp_path / "page.1"
    items = roff.items((roff.bold(text), text) for text in HOSTILE if "  " not in text)
    head = roff.title("page", "a source", "2025-01-01")
    page.write_text("\n".join([head, roff.section("OPTIONS", items), ""]), encoding="utf-8")
    shown = " ".join(" ".join(_rendered(page, tool)).split())
    for text in HOSTILE:
        if "  " not in text:
            assert f"{text} {text}" in shown


def test_an_ellipsis_has_a_sign_everywhere() -> None:
    assert roff.escape("a…") == "a..."
