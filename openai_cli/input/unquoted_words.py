"""What went wrong with quotes and dashes on a command line, judged by its words."""

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
    "--wait": "--wait takes no value: --wait-timeout SECONDS bounds it",
    "--continue": "--continue is for the newest thread; others: beta:threads:runs create ID",
}
_CURLY = "\u2018\u2019\u201a\u201c\u201d\u201e"


def quoting_hints(arguments: Arguments, unexpected: Iterable[str]) -> Iterator[str]:
    """Advice on words that a shell split, and on characters that only look like quotes and dashes.

    `unexpected` are the words that have no place on this command line.
    """
    unexpected = set(unexpected)
    for flag, taken in _taken_flags(arguments, unexpected):
        yield (
            f"{flag} took {taken} as its value: the value is missing, as when a variable without "
            "quotes is empty"
        )
    for flag, behind in pairwise(arguments.typed):
        if flag in _TAKES_NONE and behind in unexpected:
            yield _TAKES_NONE[flag]
    for flag, words in _split_values(arguments, unexpected):
        value = "…" if _SECRET.search(flag) else " ".join(words).strip(_CURLY)
        yield f"quote it: {flag} {quoted(shortened(value))}"
    for word in arguments.typed:
        if found := _TYPOGRAPHIC_FLAG.match(word):
            yield f"{word[0]} is no dash of a flag: type --{found[1]}"
            break
    values = [one.text or "" for one in arguments.occurrences if not _SECRET.search(one.name)]
    if any(word.rpartition("=")[2].startswith(tuple(_CURLY)) for word in (*values, *unexpected)):
        yield "curly quotes are characters like any other: type ' or \""


def _taken_flags(arguments: Arguments, unexpected: set[str]) -> Iterator[tuple[str, str]]:
    """Flags whose value is the next flag, so that the word behind it has no place."""
    texts = {one.text for one in arguments.occurrences}
    for flag, value, behind in zip(
        arguments.typed, arguments.typed[1:], arguments.typed[2:], strict=False
    ):
        is_flag = flag.startswith("-") and _FLAG.fullmatch(value)
        if is_flag and value in texts and behind in unexpected:
            yield flag, value


def _split_values(arguments: Arguments, unexpected: set[str]) -> Iterator[tuple[str, list[str]]]:
    """Flags whose value goes on in the words behind it, with all these words."""
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
        elif not unexpected.issuperset(loose):  # some were taken for ids: which is not known
            loose = ["…"]
        if loose:
            yield flag, [value, *loose]


def _until_flag(words: list[str]) -> Iterator[str]:
    for word in words:
        if word.startswith("-") and word != "-":
            return
        yield word


def _until_closed(value: str, words: list[str]) -> list[str]:
    """The words up to the one with the closing bracket; none if the value needs none."""
    opening, closing = value[0], _BRACKETS[value[0]]
    for count in range(len(words) + 1):
        text = "".join([value, *words[:count]])
        if text.count(opening) <= text.count(closing):
            return words[:count]
    return []
