"""Hints about wrong quotes and dashes on a command line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from openai_cli.errors import shortened
from openai_cli.input.arguments import Arguments
from openai_cli.shell_words import quoted

_BRACKETS = {"{": "}", "[": "]"}
_TYPOGRAPHIC_FLAG = re.compile("[\u2012-\u2015\u2212]-?(\\w[\\w.-]*)")
_FLAG = re.compile("--[a-z][a-z.-]+")
_SECRET = re.compile("key|secret|header")
_TAKES_NONE = {
    "--wait": "--wait takes no value: --wait-timeout SECONDS limits the wait",
    "--continue": "--continue uses the newest thread; for others: beta:threads:runs create ID",
}
_CURLY = "\u2018\u2019\u201a\u201c\u201d\u201e"


def quoting_hints(arguments: Arguments, unexpected: Iterable[str]) -> Iterator[str]:
    """Hints about words that a shell split, and about typographic quotes and dashes.

    `unexpected` are the words that the command does not accept.
    """
    unexpected = set(unexpected)
    for flag, taken in _taken_flags(arguments, unexpected):
        yield (
            f"{flag} took {taken} as its value: the real value is missing, perhaps an empty "
            "variable without quotes"
        )
    for flag, behind in pairwise(arguments.typed):
        if flag in _TAKES_NONE and behind in unexpected:
            yield _TAKES_NONE[flag]
    for flag, words in _split_values(arguments, unexpected):
        value = "…" if _SECRET.search(flag) else " ".join(words).strip(_CURLY)
        yield f"quote it: {flag} {quoted(shortened(value))}"
    for word in arguments.typed:
        if found := _TYPOGRAPHIC_FLAG.match(word):
            yield f"{word[0]} is not a hyphen: type --{found[1]}"
            break
    values = [one.text or "" for one in arguments.occurrences if not _SECRET.search(one.name)]
    if any(word.rpartition("=")[2].startswith(tuple(_CURLY)) for word in (*values, *unexpected)):
        yield "curly quotes do not quote in a shell: type ' or \""


def _taken_flags(arguments: Arguments, unexpected: set[str]) -> Iterator[tuple[str, str]]:
    """Flags that took the next flag as their value, so that the following word is unexpected."""
    texts = {one.text for one in arguments.occurrences}
    for flag, value, behind in zip(
        arguments.typed, arguments.typed[1:], arguments.typed[2:], strict=False
    ):
        is_flag = flag.startswith("-") and _FLAG.fullmatch(value)
        if is_flag and value in texts and behind in unexpected:
            yield flag, value


def _split_values(arguments: Arguments, unexpected: set[str]) -> Iterator[tuple[str, list[str]]]:
    """Flags whose value a shell split into several words, with these words."""
    texts = {one.text for one in arguments.occurrences if one.name in arguments.texts}
    typed = arguments.typed
    for place, word in enumerate(typed):
        flag, equals, value = word.partition("=")
        behind = typed[place + 1 :]
        if not equals and behind:
            value = behind.pop(0)
        if not word.startswith("-") or value not in texts or _FLAG.fullmatch(value):
            continue
        loose = list(_until_flag(behind))
        if value[:1] in _BRACKETS:
            loose = _until_closed(value, loose)
        elif unexpected.isdisjoint(loose):
            loose = []
        elif not unexpected.issuperset(loose):  # unclear which words were taken as ids
            loose = ["…"]
        if loose:
            yield flag, [value, *loose]


def _until_flag(words: list[str]) -> Iterator[str]:
    for word in words:
        if word.startswith("-") and word != "-":
            return
        yield word


def _until_closed(value: str, words: list[str]) -> list[str]:
    """The words up to the closing bracket; empty if the value has no opening bracket."""
    opening, closing = value[0], _BRACKETS[value[0]]
    for count in range(len(words) + 1):
        text = "".join([value, *words[:count]])
        if text.count(opening) <= text.count(closing):
            return words[:count]
    return []
