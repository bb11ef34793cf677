"""Parts shared by the scripts for bash and zsh."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from openai_cli.cli.catalog import FlagRow
from openai_cli.completion.tree import Manner, Tree, flag_places, manners


def quote(text: str) -> str:
    """Text in single quotes."""
    return "'" + text.replace("'", "'\\''") + "'"


def patterns(texts: Iterable[str]) -> str:
    """The pattern of a `case` branch that matches exactly these texts."""
    return " | ".join(map(quote, texts))


def describe_function(tree: Tree) -> Iterator[str]:
    """The lines of the shell function that describes how a flag is completed."""
    yield "# Describes the flag $2 at the path $1: what it `takes`, its `choices`, the `source` of"
    yield "# other values, whether it may be given only `once`, and its spellings (`twins`)."
    yield "_openai_describe() {"
    yield "    takes='' source='' choices='' once=0 twins=$2"
    yield "    case $1 in"
    for place, paths in flag_places(tree).items():
        yield f"        {patterns(paths)})"
        if place.rows:
            yield from _arms(place.rows, " " * 12)
        if not place.shared:
            yield "            return 0"
        yield "            ;;"
    yield "    esac"
    yield "    if [[ -z $takes ]]; then"
    yield from _arms(tree.rows, " " * 8)
    yield "    fi"
    yield "}"


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
        parts.append(f"choices={quote(' '.join(manner.words))}")
    if manner.once:
        parts.append("once=1")
    if manner.spellings:
        parts.append(f"twins={quote(' '.join(manner.spellings))}")
    return " ".join(parts)
