"""The script for zsh."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from openai_cli.cli.catalog import FlagRow
from openai_cli.completion.script import fill
from openai_cli.completion.sh import describe_function, patterns, quote
from openai_cli.completion.tree import Tree, flag_places


def render(tree: Tree) -> str:
    """The complete script."""
    return fill("_openai", _tables(tree))


def _tables(tree: Tree) -> Iterator[str]:
    yield "# Sets `names` to the words that may follow the path $1, each with its description, and"
    yield "# `source` where a file may follow."
    yield "_openai_children() {"
    yield "    names=() source=''"
    yield "    case $1 in"
    for node in tree.root.walk():
        if node.children:
            yield f"        {quote(node.path)})"
            yield "            names=("
            for child in node.children:
                yield f"                {quote(child.name)} {quote(child.summary)}"
            yield "            )"
            yield "            ;;"
        elif node.file:
            yield f"        {quote(node.path)}) source=file ;;"
    yield "    esac"
    yield "}"
    yield ""
    yield "# Sets `names` to the flags that are valid after the path $1, with descriptions."
    yield "_openai_flags() {"
    yield "    names=("
    yield from _described(tree.rows, " " * 8)
    yield "    )"
    yield "    case $1 in"
    for place, paths in flag_places(tree).items():
        yield f"        {patterns(paths)})"
        yield "            names=("
        yield from _described(place.rows, " " * 16)
        if place.shared:
            yield '                "${names[@]}"'
        yield "            )"
        yield "            ;;"
    yield "    esac"
    yield "}"
    yield ""
    yield from describe_function(tree)


def _described(rows: Iterable[FlagRow], indent: str) -> Iterator[str]:
    for row in rows:
        for name in row.spellings:
            yield f"{indent}{quote(name)} {quote(row.help)}"
