"""The script for bash."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from openai_cli.cli.catalog import FlagRow
from openai_cli.completion.script import fill, sh_patterns, sh_quote
from openai_cli.completion.tree import Manner, Tree, flag_places, manners


def render(tree: Tree) -> str:
    """The whole script."""
    return fill("openai.bash", _tables(tree))


def _tables(tree: Tree) -> Iterator[str]:
    yield "# Sets `names` to the words that may follow the words $1."
    yield "_openai_children() {"
    yield "    names=''"
    yield "    case $1 in"
    for node in tree.root.walk():
        if node.children:
            names = _names(child.name for child in node.children)
            yield f"        {sh_quote(node.path)}) {names} ;;"
    yield "    esac"
    yield "}"
    yield ""
    yield "# Sets `names` to the flags that may stand behind the words $1."
    yield "_openai_flags() {"
    yield f"    {_spellings(tree.rows)}"
    yield "    case $1 in"
    for place, paths in flag_places(tree).items():
        more = '" $names"' if place.shared else ""
        yield f"        {sh_patterns(paths)}) {_spellings(place.rows)}{more} ;;"
    yield "    esac"
    yield "}"
    yield ""
    yield "# Describes the flag $2 behind the words $1: whether it `takes` a value, its `words`,"
    yield "# the `source` of others, whether it stands `once`, and all its spellings, `twins`."
    yield "_openai_describe() {"
    yield "    takes='' source='' words='' once=0 twins=$2"
    yield "    case $1 in"
    for place, paths in flag_places(tree).items():
        yield f"        {sh_patterns(paths)})"
        if place.rows:
            yield from _arms(place.rows, " " * 12)
        yield f"            {';;' if place.shared else 'return 0 ;;'}"
    yield "    esac"
    yield "    if [[ -z $takes ]]; then"
    yield from _arms(tree.rows, " " * 8)
    yield "    fi"
    yield "}"


def _spellings(rows: Iterable[FlagRow]) -> str:
    return _names(name for row in rows for name in row.spellings)


def _names(names: Iterable[str]) -> str:
    return f"names={sh_quote(' '.join(names))}"


def _arms(rows: Iterable[FlagRow], indent: str) -> Iterator[str]:
    yield f"{indent}case $2 in"
    for manner, names in manners(rows).items():
        yield f"{indent}    {' | '.join(names)}) {_settings(manner)} ;;"
    yield f"{indent}esac"


def _settings(manner: Manner) -> str:
    parts = [f"takes={manner.takes}"]
    if manner.source:
        parts.append(f"source={manner.source}")
    if manner.words:
        parts.append(f"words={sh_quote(' '.join(manner.words))}")
    if manner.once:
        parts.append("once=1")
    if manner.spellings:
        parts.append(f"twins={sh_quote(' '.join(manner.spellings))}")
    return " ".join(parts)
