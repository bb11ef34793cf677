"""The script for bash."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from openai_cli.cli.catalog import FlagRow
from openai_cli.completion.script import fill
from openai_cli.completion.sh import describe_function, patterns, quote
from openai_cli.completion.tree import Tree, flag_places


def render(tree: Tree) -> str:
    """The complete script."""
    return fill("openai.bash", _tables(tree))


def _tables(tree: Tree) -> Iterator[str]:
    yield "# Sets `names` to the words that may follow the path $1, and `source` where a file may."
    yield "_openai_children() {"
    yield "    names='' source=''"
    yield "    case $1 in"
    for node in tree.root.walk():
        if node.children:
            names = _names(child.name for child in node.children)
            yield f"        {quote(node.path)}) {names} ;;"
        elif node.file:
            yield f"        {quote(node.path)}) source=file ;;"
    yield "    esac"
    yield "}"
    yield ""
    yield "# Sets `names` to the flags that are valid after the path $1."
    yield "_openai_flags() {"
    yield f"    {_spellings(tree.rows)}"
    yield "    case $1 in"
    for place, paths in flag_places(tree).items():
        more = '" $names"' if place.shared else ""
        yield f"        {patterns(paths)}) {_spellings(place.rows)}{more} ;;"
    yield "    esac"
    yield "}"
    yield ""
    yield from describe_function(tree)


def _spellings(rows: Iterable[FlagRow]) -> str:
    return _names(name for row in rows for name in row.spellings)


def _names(names: Iterable[str]) -> str:
    return f"names={quote(' '.join(names))}"
