"""The script for fish."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from openai_cli.cli.catalog import FlagRow
from openai_cli.completion.script import fill
from openai_cli.completion.tree import Manner, Tree, flag_places, manners


def render(tree: Tree) -> str:
    """The complete script."""
    return fill("openai.fish", _tables(tree))


def _tables(tree: Tree) -> Iterator[str]:
    yield "# Sets `names` to the words that may follow the path `node`, with descriptions, and"
    yield "# `source` where a file may follow."
    yield "function __openai_children --no-scope-shadowing"
    yield "    set names"
    yield "    set source ''"
    yield "    switch $node"
    for node in tree.root.walk():
        if node.children:
            yield f"        case {_quote(node.path)}"
            for child in node.children:
                yield f"            set -a names {_quote(child.name)} {_quote(child.summary)}"
        elif node.file:
            yield f"        case {_quote(node.path)}"
            yield "            set source file"
    yield "    end"
    yield "end"
    yield ""
    yield "# Sets `names` to the flags that are valid after the path `node`."
    yield "function __openai_flags --no-scope-shadowing"
    yield "    set names"
    yield "    switch $node"
    for place, paths in flag_places(tree).items():
        yield f"        case {_quoted(paths)}"
        yield from _described(place.rows, " " * 12)
        if not place.shared:
            yield "            return"
    yield "    end"
    yield from _described(tree.rows, " " * 4)
    yield "end"
    yield ""
    yield "# Describes the flag `name`: what it `takes`, its `choices`, the `source` of other"
    yield "# values, whether it may be given only `once`, and its spellings (`twins`)."
    yield "function __openai_describe --no-scope-shadowing"
    yield "    set takes ''"
    yield "    set source ''"
    yield "    set choices"
    yield "    set once 0"
    yield "    set twins $name"
    yield "    switch $node"
    for place, paths in flag_places(tree).items():
        yield f"        case {_quoted(paths)}"
        if place.rows:
            yield from _arms(place.rows, " " * 12)
        if not place.shared:
            yield "            return"
    yield "    end"
    yield '    test -n "$takes"; and return'
    yield from _arms(tree.rows, " " * 4)
    yield "end"


def _described(rows: Iterable[FlagRow], indent: str) -> Iterator[str]:
    for row in rows:
        for name in row.spellings:
            yield f"{indent}set -a names {_quote(name)} {_quote(row.help)}"


def _arms(rows: Iterable[FlagRow], indent: str) -> Iterator[str]:
    yield f"{indent}switch $name"
    for manner, names in manners(rows).items():
        yield f"{indent}    case {' '.join(names)}"
        for line in _settings(manner):
            yield f"{indent}        {line}"
    yield f"{indent}end"


def _settings(manner: Manner) -> Iterator[str]:
    yield f"set takes {manner.takes}"
    if manner.source:
        yield f"set source {manner.source}"
    if manner.words:
        yield f"set choices {_quoted(manner.words)}"
    if manner.once:
        yield "set once 1"
    if manner.spellings:
        yield f"set twins {' '.join(manner.spellings)}"


def _quoted(texts: Iterable[str]) -> str:
    return " ".join(map(_quote, texts))


def _quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
