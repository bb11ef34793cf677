"""Regular expressions that mean the same on every Python that is supported."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from pkgutil import walk_packages
from re import _constants as op
from re import _parser as parser
from typing import Any

import openai_cli

_POSSESSIVE = re.compile(r"[+*?]\+")
_ONE_CHARACTER = {op.LITERAL, op.NOT_LITERAL, op.IN, op.ANY}


def test_possessive_repeats_of_groups_have_an_atomic_group_inside() -> None:
    """Python before 3.11.5, as in Debian 12, goes on behind what a failed last turn has read."""
    unsafe = [
        name
        for name, found in _patterns()
        if _is_unsafe(parser.parse(found.pattern, found.flags & re.VERBOSE))
    ]
    assert unsafe == []


def test_the_check_finds_them() -> None:
    found = {name for name, _ in _patterns()}
    assert {"openai_cli.output.json_layout._LINE", "openai_cli.output.json_layout._RUN"} <= found
    assert _is_unsafe(parser.parse(r"x(?:ab?c)*+"))
    assert _is_unsafe(parser.parse(r"(?>(?:ab|a)?+)"))
    assert not _is_unsafe(parser.parse(r"x(?:(?>ab?c))*+[^a]++"))


def _patterns() -> Iterator[tuple[str, re.Pattern[Any]]]:
    for module in walk_packages(openai_cli.__path__, "openai_cli."):
        if not module.name.endswith("__main__"):
            for name, value in vars(import_module(module.name)).items():
                pattern = value if isinstance(value, re.Pattern) else _compiled(value)
                if pattern:
                    yield f"{module.name}.{name}", pattern


def _compiled(value: Any) -> re.Pattern[Any] | None:
    """A text with possessive repeats, which is compiled when it is used."""
    try:
        text = value.decode() if isinstance(value, bytes) else value
        found = isinstance(text, str) and _POSSESSIVE.search(text)
        return re.compile(text) if found else None
    except (re.error, UnicodeDecodeError):
        return None


def _is_unsafe(tokens: Any) -> bool:
    return any(
        (kind is op.POSSESSIVE_REPEAT and _can_fail_late(value[2]))
        or any(map(_is_unsafe, _groups(value)))
        for kind, value in tokens
    )


def _can_fail_late(body: Any) -> bool:
    return [kind for kind, _ in body] != [op.ATOMIC_GROUP] and (
        len(body) != 1 or body[0][0] not in _ONE_CHARACTER
    )


def _groups(value: Any) -> Iterator[Any]:
    if isinstance(value, parser.SubPattern):
        yield value
    elif isinstance(value, tuple | list):
        for one in value:
            yield from _groups(one)
