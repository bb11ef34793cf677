"""The script for PowerShell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from openai_cli.cli.catalog import FlagRow
from openai_cli.completion.script import fill
from openai_cli.completion.tree import Tree, flag_places, manners


def render(tree: Tree) -> str:
    """The complete script."""
    lines = (f"    {line}".rstrip() for line in _tables(tree))
    return fill("openai.ps1", lines)


def _tables(tree: Tree) -> Iterator[str]:
    yield "# The words that may follow each path, with descriptions."
    yield "$children = @{"
    for node in tree.root.walk():
        if node.children:
            yield f"    {_quote(node.path)} = @("
            for child in node.children:
                yield f"        , {_array(_quote(child.name), _quote(child.summary))}"
            yield "    )"
    yield "}"
    yield "# Paths behind which a file may follow."
    yield "$named = @("
    yield from (f"    {_quote(node.path)}" for node in tree.root.walk() if node.file)
    yield ")"
    yield "# Flags as name, takes, source of values, choices, once, spellings, help."
    yield "$everywhere = @("
    yield from _flags(tree.rows, " " * 4)
    yield ")"
    yield "$own = @{"
    for place, paths in flag_places(tree).items():
        if place.rows:
            for path in paths:
                yield f"    {_quote(path)} = @("
                yield from _flags(place.rows, " " * 8)
                yield "    )"
    yield "}"
    yield "# Paths at which the flags in $everywhere are not valid."
    yield "$alone = @("
    for place, paths in flag_places(tree).items():
        if not place.shared:
            yield from (f"    {_quote(path)}" for path in paths)
    yield ")"


def _flags(rows: Iterable[FlagRow], indent: str) -> Iterator[str]:
    for row in rows:
        (manner,) = manners([row])
        for name in row.spellings:
            fields = (
                _quote(name),
                _quote(manner.takes),
                _quote(manner.source),
                _array(*map(_quote, manner.words)),
                "$true" if manner.once else "$false",
                _array(*map(_quote, row.spellings)),
                _quote(row.help),
            )
            yield f"{indent}, {_array(*fields)}"


def _array(*items: str) -> str:
    return f"@({', '.join(items)})"


def _quote(text: str) -> str:
    escaped = text.replace("'", "''")
    return f"'{escaped}'"
