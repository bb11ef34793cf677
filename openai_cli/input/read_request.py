"""Build the request from the flags and standard input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from openai_cli.api.check import Finding, body_of, path_text, shown, slips, validate
from openai_cli.api.flags import Flag, flags_of
from openai_cli.api.operation import Operation, Request, build_request
from openai_cli.errors import Problem, UsageError
from openai_cli.input.arguments import Arguments, Occurrence
from openai_cli.input.body_builder import BodyBuilder
from openai_cli.input.document import read_document
from openai_cli.input.references import FileError, expand_references
from openai_cli.input.stdin import Stdin
from openai_cli.input.values import read_value


def read_request(
    operation: Operation, arguments: Arguments, stdin: Stdin, *, check: bool = True
) -> tuple[Request, list[Problem]]:
    """The request, and warnings about keys that look like slips.

    With `check` off the values go out as they are, the path's own excepted. Raises UsageError
    with every problem found; nothing has been sent then.
    """
    reader = _Reader(operation, arguments, stdin)
    reader.add_flags(arguments)
    reader.add_stdin()
    return reader.checked() if check else reader.unchecked()


class _Reader:
    """A request while it is read, with every problem found so far.

    `unreadable` are the paths of flags whose texts could not be read.
    """

    def __init__(self, operation: Operation, arguments: Arguments, stdin: Stdin) -> None:
        self.operation = operation
        self.stdin = stdin
        self.flags = {flag.name: flag for flag in flags_of(operation)}
        self.body = BodyBuilder(operation.request, self.flags.values())
        self.problems = list(arguments.problems)
        self.unreadable = {self.flags[name].path for name in arguments.unread if name in self.flags}
        self.stdin_unreadable = False

    def add_flags(self, arguments: Arguments) -> None:
        """Add the values of the command line, in the order they were typed."""
        for occurrence in (*self._positional(arguments), *arguments.occurrences):
            if occurrence.name in self.flags:
                self._add_flag(self.flags[occurrence.name], occurrence)

    def _positional(self, arguments: Arguments) -> list[Occurrence]:
        """Words become path ids, in path order, each only where its flag is not set."""
        set_by_flag = arguments.names()
        open_flags = [
            flag
            for name in self.operation.path_fields
            for flag in self.flags.values()
            if flag.path == (name,) and flag.name not in set_by_flag
        ]
        extra = arguments.words[len(open_flags) :]
        self.problems += [Problem(f'"{word}"', "unexpected argument") for word in extra]
        pairs = zip(open_flags, arguments.words, strict=False)
        return [Occurrence(flag.name, word, 1) for flag, word in pairs]

    def _add_flag(self, flag: Flag, occurrence: Occurrence) -> None:
        try:
            value = read_value(flag, occurrence.text, self._stdin_as_value)
        except ValueError as error:
            self._report(occurrence.source, error)
            self.unreadable.add(flag.path)
        else:
            self.body.add(flag, value, occurrence.source)

    def add_stdin(self) -> None:
        """Add the body on standard input, unless a flag took it as its value."""
        if self.stdin.owner:
            return
        try:
            body = _parse_body(self.stdin.take())
            expanded = expand_references(body, self.operation.request, self._stdin_as_value)
            self.body.add_defaults(expanded, "stdin")
        except ValueError as error:
            self._report("stdin", error)
            self.stdin_unreadable = True

    def _stdin_as_value(self) -> bytes:
        return self.stdin.demand("@-")

    def _report(self, source: str, error: ValueError) -> None:
        place = path_text(error.path) if isinstance(error, FileError) else ""
        self.problems.append(Problem(source, str(error), place))

    def checked(self) -> tuple[Request, list[Problem]]:
        """The request by its model, and warnings. Raises UsageError."""
        result = validate(self.operation.request, self.body.values)
        if isinstance(result, list):
            found = [finding for finding in result if not self._follows(finding)]
            self.problems += [self.body.problem(finding) for finding in found]
        self._fail(self.problems)
        assert not isinstance(result, list)  # noqa: S101 - findings were raised above
        values = body_of(result)
        self._fail(self._path_problems(values))
        warnings = [self.body.problem(finding) for finding in slips(result)]
        return build_request(self.operation, values), warnings

    def unchecked(self) -> tuple[Request, list[Problem]]:
        """The request with the values as they are. Raises UsageError."""
        values = self.body.values
        self._fail(self.problems or self._path_problems(values))
        return build_request(self.operation, values), []

    def _follows(self, finding: Finding) -> bool:
        """Whether the finding follows from something unreadable, which is reported already."""
        path = tuple(step for step in finding.path if isinstance(step, str))
        near = any(path[: len(p)] == p or p[: len(path)] == path for p in self.unreadable)
        return near or (finding.missing and self.stdin_unreadable)

    def _path_problems(self, values: Mapping[str, Any]) -> list[Problem]:
        """Values that cannot stand in the request's path, where `..` would lead elsewhere."""
        found = ((name, values.get(name)) for name in self.operation.path_fields)
        findings = [
            Finding((name,), f"expected an id, found {shown(value)}")
            for name, value in found
            if not isinstance(value, str) or value in ("", ".", "..")
        ]
        return [self.body.problem(finding) for finding in findings]

    def _fail(self, problems: Sequence[Problem]) -> None:
        if not problems:
            return
        hint = ""
        if self.stdin.kept_silent:
            hint = "standard input is a pipe that brought nothing in time (see --stdin-timeout)"
        raise UsageError(problems=problems, hint=hint)


def _parse_body(data: bytes) -> dict[str, Any]:
    """Step 1 for a body on standard input, whose kind is an object. Raises ValueError."""
    try:
        value = read_document(data.decode())
    except UnicodeDecodeError:
        raise ValueError("not valid UTF-8 text") from None
    if value is not None and not isinstance(value, dict):
        raise ValueError("expected an object with the request's fields")
    return value or {}
