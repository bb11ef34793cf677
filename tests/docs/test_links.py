"""Links between the pages lead to pages and headings that exist; examples in YAML are YAML."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
_FENCED = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]*))?\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def names(pages: list[Path]) -> list[str]:
    return [str(page.relative_to(ROOT)) for page in pages]


def anchors(page: Path) -> set[str]:
    """The headings as the anchors that code hosts and the site make of them."""
    text = _FENCED.sub("", page.read_text(encoding="utf-8"))
    return {
        re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-")
        for heading in _HEADING.findall(text)
    }


@pytest.mark.parametrize("name", names(PAGES))
def test_links_lead_somewhere(name: str) -> None:
    page = ROOT / name
    for path, anchor in _LINK.findall(_FENCED.sub("", page.read_text(encoding="utf-8"))):
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), path
        assert not anchor or anchor in anchors(target), f"{path}#{anchor}"


@pytest.mark.parametrize("name", names(PAGES))
def test_examples_in_yaml_can_be_read(name: str) -> None:
    for language, text in _FENCED.findall((ROOT / name).read_text(encoding="utf-8")):
        if language == "yaml":
            assert list(yaml.safe_load_all(text)), text


def test_every_page_is_in_the_index() -> None:
    """The index of the folder, the README and the site name every page."""
    pages = {page.name for page in (ROOT / "docs").glob("*.md")} - {"index.md"}
    for where in (ROOT / "docs" / "index.md", ROOT / "README.md", ROOT / "mkdocs.yml"):
        text = where.read_text(encoding="utf-8")
        assert [page for page in sorted(pages) if page not in text] == [], where.name
