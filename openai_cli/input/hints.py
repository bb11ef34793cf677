"""Hints for requests that were refused: quotes, dashes, standard input, files, objects."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from openai_cli.errors import Problem, shortened
from openai_cli.input.arguments import RAW_FIELD, Arguments
from openai_cli.shell_words import quoted

if TYPE_CHECKING:
    from openai_cli.api.flags import Flag
    from openai_cli.api.operation import Operation
    from openai_cli.input.stdin import Stdin

_BRACKETS = {"{": "}", "[": "]"}
_TYPOGRAPHIC_FLAG = re.compile("[\u2012-\u2015\u2212]-?(\\w[\\w.-]*)")
_FLAG = re.compile("--[a-z][a-z.-]+")
_SECRET = re.compile("key|secret|header")
_TAKES_NONE = {
    "--wait": "--wait takes no value: --wait-timeout SECONDS limits the wait",
    "--continue": "--continue uses the newest thread; for others: beta:threads:runs create ID",
}
_FILE_NAME = re.compile(r"[\w./~-]+\.(json|ya?ml)")
_LOOP_HINT = (
    "if this is not the body, as in a loop (while read …) that reads standard input, add "
    "< /dev/null to the command; - or --body - sends any object"
)
_IDS_HINT = (
    "if this is not for the command, as in a loop (while read …) that reads standard input, add "
    "< /dev/null to the command; - in place of an id reads the id"
)
_LATE_HINT = (
    "standard input is a pipe on which no data arrived in time (- or --body - waits for it; see "
    "--stdin-timeout)"
)
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


def stdin_hints(stdin: Stdin, operation: Operation, *, is_no_body: bool) -> Iterator[str]:
    """Hints about a pipe without data, and about data that is not for this request."""
    if stdin.kept_silent:
        yield _LATE_HINT
    if is_no_body:
        yield _LOOP_HINT if operation.takes_body else _IDS_HINT


def file_hints(arguments: Arguments, problems: Sequence[Problem]) -> Iterator[str]:
    """Hints about names of files without `@`."""
    wrong_flags = {problem.source for problem in problems if not problem.path}
    for one in arguments.occurrences:
        if one.name in wrong_flags and one.text and _FILE_NAME.fullmatch(one.text):
            yield f"@{one.text} reads the file"


def object_hints(objects: Mapping[str, Flag], problems: Sequence[Problem]) -> Iterator[str]:
    """A hint about a text that was parsed as an object; `objects` are the flags by source."""
    # The whole object is wrong: perhaps a text was meant.
    wrong = (p.source for p in problems if p.path in ("", "[0]") or p.message == "is required")
    flag = next((objects[source] for source in wrong if source in objects), None)
    if flag:
        yield f"{{ begins an object; {RAW_FIELD} {flag.name[2:]}=TEXT takes any text as it is"


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
