"""Builds the request from the flags and standard input."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from openai_cli.api.check import (
    Finding,
    Path,
    body_of,
    path_text,
    plain_key,
    shown,
    slips,
    suggestion,
    validate,
)
from openai_cli.api.flags import Flag, flags_of
from openai_cli.api.operation import Operation, Request, build_request
from openai_cli.errors import Problem, UsageError
from openai_cli.input.arguments import RAW_FIELD, Arguments, Occurrence
from openai_cli.input.body_builder import BodyBuilder
from openai_cli.input.document import SPACE, read_document
from openai_cli.input.references import FileError, expand_references
from openai_cli.input.stdin import IDLE_WAIT, Stdin
from openai_cli.input.text_encodings import decode, without_line_break
from openai_cli.input.values import literal_value, read_value

BODY = "--body"
_OPEN_QUOTES, _CLOSED_QUOTES = tuple("\u2018\u201a\u201c\u201e"), tuple("\u2018\u2019\u201c\u201d")
_BLANK = re.compile(r"[\s\x00-\x1f\x7f]")
_AT_ONCE = 1e-3
"""Seconds to wait for a body when the request is refused anyway."""
_UNUSED = (
    "nothing of this object is sent, because flags set all its fields (in a loop that reads "
    "standard input, add < /dev/null to the command)"
)


def read_request(
    operation: Operation,
    arguments: Arguments,
    stdin: Stdin,
    *,
    wait: float = IDLE_WAIT,
    check: bool = True,
) -> tuple[Request, list[Problem]]:
    """The request, and warnings about misspelt keys and empty texts.

    `wait`: seconds to wait for an unrequested body, see `Stdin.take`. Without `check`, only the
    values in the path are checked. Raises UsageError with all problems.
    """
    reader = _Reader(operation, arguments, stdin)
    reader.add_flags(arguments)
    reader.add_body(wait)
    return reader.checked() if check else reader.unchecked()


def read_defaults(
    operation: Operation, arguments: Arguments, stdin: Stdin, *, literal: Callable[[str], bool]
) -> tuple[BodyBuilder, list[Problem]]:
    """The values that flags and a body set for many requests, and warnings about them.

    `literal`: whether a text is used unchanged instead of parsed. Fields of the request may be
    missing. Raises UsageError.
    """
    reader = _Reader(operation, arguments, stdin, literal)
    reader.add_flags(arguments)
    if reader.announced:
        reader.add_body(0)
    return reader.defaults()


class _Reader:
    """A request while it is read, with all problems found so far.

    `unreadable`: paths of flags whose texts could not be parsed. `announced`: bodies on the command
    line (`-` for standard input). `ids_on_stdin`: path ids given as `-`. `objects`: flags whose
    text was parsed as an object, by source.
    """

    def __init__(
        self,
        operation: Operation,
        arguments: Arguments,
        stdin: Stdin,
        literal: Callable[[str], bool] = lambda _text: False,
    ) -> None:
        self.operation = operation
        self.literal = literal
        self.stdin = stdin
        self.arguments = arguments
        self.unexpected: list[str] = []
        self.flags = {flag.name: flag for flag in flags_of(operation)}
        self.body = BodyBuilder(operation.request, self.flags.values())
        self.problems = list(arguments.problems)
        self.warnings: list[Problem] = []
        self.unreadable = {self.flags[name].path for name in arguments.unread if name in self.flags}
        self.announced: list[str] = []
        self.ids_on_stdin: list[Flag] = []
        self.objects: dict[str, Flag] = {}
        self.stdin_unreadable = False
        self.is_no_body = False

    def add_flags(self, arguments: Arguments) -> None:
        """Add the values of the command line, in the order they were typed."""
        for occurrence in (*self._positional(arguments), *arguments.occurrences):
            if occurrence.name in self.flags:
                self._add_flag(self.flags[occurrence.name], occurrence)
            elif occurrence.name == RAW_FIELD:
                self._add_raw_field(occurrence)
            elif occurrence.name == BODY:
                self.announced.append(occurrence.text or "")

    def _positional(self, arguments: Arguments) -> list[Occurrence]:
        """Assign words to the path ids without a flag, in path order.

        A `-` after them means that standard input is the body.
        """
        raw = {_raw_name(one.text) for one in arguments.occurrences if one.name == RAW_FIELD}
        set_by_flag = arguments.names() | raw
        open_flags = [
            flag
            for name in self.operation.path_fields
            for flag in self.flags.values()
            if flag.path == (name,) and flag.name not in set_by_flag
        ]
        extra = arguments.words[len(open_flags) :]
        if extra[:1] == ["-"] and self.operation.takes_body:
            self.announced.append(extra.pop(0))
        self.unexpected = extra
        self.problems += [Problem(f'"{word}"', "unexpected argument") for word in extra]
        pairs = zip(open_flags, arguments.words, strict=False)
        return [Occurrence(flag.name, word, 1) for flag, word in pairs]

    def _add_flag(self, flag: Flag, occurrence: Occurrence) -> None:
        if occurrence.text == "-" and flag.path[0] in self.operation.path_fields:
            self.ids_on_stdin.append(flag)
            return
        text = occurrence.text
        try:
            if text is not None and flag.note.any_text and self.literal(text):
                value = literal_value(flag, text)
            else:
                value = read_value(flag, text, self._stdin_as_value)
        except ValueError as error:
            self._report(occurrence.source, error)
            self.unreadable.add(flag.path)
            return
        if flag.is_id and isinstance(value, str) and value != occurrence.text:
            value = without_line_break(value)  # at the end of a file
        if flag.note.any_text and _is_object(occurrence.text):
            self.objects[occurrence.source] = flag
        self.body.add(flag, value, occurrence.source)

    def _add_raw_field(self, occurrence: Occurrence) -> None:
        _, equals, text = (occurrence.text or "").partition("=")
        name = _raw_name(occurrence.text)
        flag = self.flags.get(name)
        if not equals or flag is None:
            what = f"no flag {name}" if equals else "expected FLAG=TEXT"
            self.problems.append(Problem(occurrence.source, f"{what}, such as message=Hi"))
            return
        try:
            self.body.add(flag, literal_value(flag, text), f"{RAW_FIELD} {name[2:]}")
        except ValueError as error:
            self._report(occurrence.source, error)
            self.unreadable.add(flag.path)

    def add_body(self, wait: float) -> None:
        """Add the body or the ids from --body and standard input."""
        try:
            if self.ids_on_stdin:
                self._add_ids()
            if self.announced:
                self._add_announced()
            elif not self.stdin.owner and self._needs_stdin():
                self._add_offered(wait)
        except ValueError as error:
            self._report(BODY if self.announced else "stdin", error)
            self.stdin_unreadable = True

    def _needs_stdin(self) -> bool:
        """Whether standard input may have the body, or a missing path id."""
        given = {*self.body.values, *(path[0] for path in self.unreadable)}
        return self.operation.takes_body or not given.issuperset(self.operation.path_fields)

    def _add_ids(self) -> None:
        """Read the ids given as `-`: from an object on standard input, or a single id."""
        data = self.stdin.demand("an id")
        try:
            fields = _parse_body(decode(data))
        except ValueError:
            text = decode(data)
            if len(self.ids_on_stdin) > 1 or text.lstrip(SPACE).startswith(("{", "[")):
                raise
            self.body.add(self.ids_on_stdin[0], without_line_break(text), "stdin")
        else:
            self._add_fields(fields, "stdin")

    def _add_announced(self) -> None:
        text, *more = self.announced
        if more:
            raise ValueError("only one body can be given, including - for standard input")
        if text.startswith("@") or text == "-":
            reference = "@-" if text == "-" else text
            value = expand_references(reference, self.operation.request, self._stdin_as_value)
        else:
            value = read_document(text)
        if value is None:
            raise ValueError("expected an object with the request's fields, found nothing")
        self._add_fields(_object(value), "stdin" if text in ("-", "@-") else BODY)

    def _add_offered(self, wait: float) -> None:
        data = self.stdin.take(min(wait, _AT_ONCE) if self.problems else wait)
        if not data or data.isspace():
            return
        try:
            text = decode(data)
            del data  # free it before parsing, which needs as much memory again
            fields = self._parse_offered(text)
        except ValueError:
            self.is_no_body = True
            raise
        self._add_fields(fields, "stdin")
        if fields and not self.body.has_defaults:
            self.warnings.append(Problem("stdin", _UNUSED))

    def _parse_offered(self, text: str) -> dict[str, Any]:
        """Parse the body. Raises ValueError if it is probably not for this request."""
        if self.stdin.partly_read:
            raise ValueError(
                "not used as the body: another command has read the beginning of this file"
            )
        fields = _parse_body(text)
        known = [info.alias or name for name, info in self.operation.request.model_fields.items()]
        if fields and not any(plain_key(key) in known for key in fields):
            first = next(iter(fields))
            found = f"found {shown(first)}{suggestion(plain_key(first), known)}"
            raise ValueError(f"this object has no field of the request, {found}")
        return fields

    def _add_fields(self, fields: Mapping[str, Any], source: str) -> None:
        expanded = expand_references(fields, self.operation.request, self._stdin_as_value)
        self.body.add_defaults(expanded, source)

    def _stdin_as_value(self) -> bytes:
        return self.stdin.demand("@-")

    def _report(self, source: str, error: ValueError) -> None:
        place = path_text(error.path) if isinstance(error, FileError) else ""
        self.problems.append(Problem(source, str(error), place))

    def checked(self) -> tuple[Request, list[Problem]]:
        """The validated request, and warnings. Raises UsageError."""
        result = validate(self.operation.request, self.body.values)
        if isinstance(result, list):
            found = [finding for finding in result if not self._follows(finding)]
            self.problems += [self.body.problem(finding) for finding in found]
        self._fail(self.problems)
        assert not isinstance(result, list)  # noqa: S101 - findings were raised above
        values = body_of(result)
        self._fail(self._path_problems(values) or self._blank_ids(values))
        slipped = map(self.body.problem, (*slips(result), *_blanks(values, ())))
        typed = (*_curly_quotes(self.arguments), *_flags_as_values(self.arguments))
        warnings = [*self.warnings, *slipped, *typed]
        return build_request(self.operation, values), warnings

    def defaults(self) -> tuple[BodyBuilder, list[Problem]]:
        """The values so far, and warnings; ignores missing fields. Raises UsageError."""
        result = validate(self.operation.request, self.body.values)
        warnings: list[Problem] = []
        if isinstance(result, list):
            wrong = [one for one in result if not (one.missing and len(one.path) == 1)]
            found = [self.body.problem(one) for one in wrong if not self._follows(one)]
            self.problems += found
        else:
            warnings = [*map(self.body.problem, slips(result))]
        self._fail(self.problems)
        return self.body, warnings

    def unchecked(self) -> tuple[Request, list[Problem]]:
        """The request without validation, and warnings. Raises UsageError."""
        values = self.body.values
        self._fail(self.problems or self._path_problems(values))
        return build_request(self.operation, values), self.warnings

    def _follows(self, finding: Finding) -> bool:
        """Whether an unreadable flag, which is already reported, causes the finding."""
        path = tuple(step for step in finding.path if isinstance(step, str))
        near = any(path[: len(p)] == p or p[: len(path)] == path for p in self.unreadable)
        return near or (finding.missing and self.stdin_unreadable)

    def _path_problems(self, values: Mapping[str, Any]) -> list[Problem]:
        """Path values that would change the path, such as `..`."""
        no_ids = {"", ".", "..", *self.flags}  # a flag in place of a missing id
        in_path = self.operation.path_fields
        findings = [
            Finding((name,), f"expected an id, found {shown(value)}")
            for name, value in ((name, values.get(name)) for name in in_path)
            if not isinstance(value, str) or value in no_ids or _BLANK.search(value)
        ]
        return [self.body.problem(finding) for finding in findings]

    def _blank_ids(self, values: Mapping[str, Any]) -> list[Problem]:
        return [
            self.body.problem(found) for found in blank_ids(values, id_fields(self.flags.values()))
        ]

    def _fail(self, problems: Sequence[Problem]) -> None:
        if problems:
            raise UsageError(problems=problems, hint="; ".join(self._hints(problems)))

    def _hints(self, problems: Sequence[Problem]) -> Iterator[str]:
        from openai_cli.input import hints

        yield from hints.quoting_hints(self.arguments, self.unexpected)
        yield from hints.stdin_hints(self.stdin, self.operation, is_no_body=self.is_no_body)
        yield from hints.file_hints(self.arguments, problems)
        in_path = {f.name for f in self.flags.values() if f.path[0] in self.operation.path_fields}
        if any(p.source in in_path and p.message == "is required" for p in problems):
            yield f"usage: {self.operation.usage}"
        yield from hints.object_hints(self.objects, problems)


def id_fields(flags: Iterable[Flag]) -> tuple[str, ...]:
    """The fields of the flags that take an id."""
    return tuple(dict.fromkeys(flag.path[0] for flag in flags if flag.is_id))


def blank_ids(values: Mapping[str, Any], names: Iterable[str]) -> list[Finding]:
    """Ids that hold a blank or a line break."""
    return [
        Finding((name,), f"expected an id, found {shown(value)}")
        for name, value in ((name, values.get(name)) for name in names)
        if isinstance(value, str) and _BLANK.search(value)
    ]


def _parse_body(text: str) -> dict[str, Any]:
    """Parse a body, which must be an object. Raises ValueError."""
    return _object(read_document(text))


def _object(value: Any) -> dict[str, Any]:
    if value is not None and not isinstance(value, dict):
        raise ValueError("expected an object with the request's fields")
    return value or {}


def _raw_name(text: str | None) -> str:
    """The flag that --raw-field sets, by its name or the name of its field."""
    return "--" + (text or "").partition("=")[0].lstrip("-").replace("_", "-")


def _is_object(text: str | None) -> bool:
    return text is not None and text.lstrip(SPACE).startswith("{")


def _curly_quotes(arguments: Arguments) -> Iterator[Problem]:
    """Values in typographic quotes, which a shell does not remove."""
    words = [(f'"{word}"', word) for word in arguments.words]
    flags = [(one.source, one.text or "") for one in arguments.occurrences]
    for source, text in (*flags, *words):
        if text.startswith(_OPEN_QUOTES) and text[1:].endswith(_CLOSED_QUOTES):
            yield Problem(source, "the curly quotes around it are part of the value")


def _flags_as_values(arguments: Arguments) -> Iterator[Problem]:
    """Values that look like a flag: perhaps an unquoted variable was empty."""
    for word, value in pairwise(arguments.typed):
        if word in arguments.texts and re.fullmatch("--[a-z][a-z.-]+", value):
            what = f'"{value}" is its value, not a flag (an empty variable needs quotes: {word} "")'
            yield Problem(word, what)


def _blanks(value: Any, path: Path) -> Iterator[Finding]:
    """Empty texts, such as from unset variables and failed pipes."""
    if isinstance(value, str) and not value.strip():
        what = "only white space" if value else "an empty text"
        yield Finding(path, f"{what}, sent as it is")
    steps = value.items() if isinstance(value, dict) else ()
    for step, item in enumerate(value) if isinstance(value, list) else steps:
        yield from _blanks(item, (*path, step))
