"""From a command line that was read and standard input to a request that is ready to be sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from openai_cli.api.check import Finding, body_of, path_text, shown, slips, validate
from openai_cli.api.flags import Flag, flags_of
from openai_cli.api.operation import Operation, Request, build_request
from openai_cli.errors import Problem, UsageError
from openai_cli.input.arguments import Arguments, Occurrence
from openai_cli.input.body_builder import BodyBuilder
from openai_cli.input.document import read_document
from openai_cli.input.files import FileError, Files
from openai_cli.input.stdin import Stdin
from openai_cli.input.values import read_value


@dataclass
class Reading:
    """What was read so far, with everything that was wrong with it."""

    draft: BodyBuilder
    problems: list[Problem]
    failed: set[tuple[str, ...]] = field(default_factory=set)
    stdin_failed: bool = False

    def explains(self, finding: Finding) -> bool:
        """Whether the finding follows from something unreadable: that is said once, there."""
        path = tuple(step for step in finding.path if isinstance(step, str))
        near = any(path[: len(p)] == p or p[: len(path)] == path for p in self.failed)
        return near or (finding.missing and self.stdin_failed)


def read_request(
    operation: Operation, arguments: Arguments, stdin: Stdin, *, check: bool = True
) -> tuple[Request, list[Problem]]:
    """The request, and warnings about keys that look like slips.

    With `check` off the values go out as they are, the path's own excepted. Raises UsageError
    with every problem found; nothing has been sent then.
    """
    flags = {flag.name: flag for flag in flags_of(operation)}
    reading = Reading(BodyBuilder(flags), list(arguments.problems))
    reading.failed |= {flags[name].path for name in arguments.unread if name in flags}
    files = Files(lambda: stdin.demand("@-"))
    for occurrence in (*_positional(operation, arguments, flags, reading), *arguments.occurrences):
        if occurrence.name in flags:
            _add(flags[occurrence.name], occurrence, files, reading)
    _add_stdin(operation, stdin, files, reading)
    values = reading.draft.values
    if not check:
        _fail(reading.problems or _path_problems(operation, values, reading), stdin)
        return build_request(operation, values), []
    return _checked(operation, reading, stdin)


def _positional(
    operation: Operation, arguments: Arguments, flags: Mapping[str, Flag], reading: Reading
) -> list[Occurrence]:
    """Words become path ids, in path order, each only where its flag is not set."""
    set_by_flag = arguments.names()
    open_flags = [
        flag
        for name in operation.path_fields
        for flag in flags.values()
        if flag.path == (name,) and flag.name not in set_by_flag
    ]
    extra = arguments.words[len(open_flags) :]
    reading.problems += [Problem(f'"{word}"', "unexpected argument") for word in extra]
    pairs = zip(open_flags, arguments.words, strict=False)
    return [Occurrence(flag.name, word, 1) for flag, word in pairs]


def _add(flag: Flag, occurrence: Occurrence, files: Files, reading: Reading) -> None:
    try:
        value = read_value(flag, occurrence.text, files)
    except FileError as error:
        reading.problems.append(Problem(occurrence.source, str(error), path_text(error.path)))
        reading.failed.add(flag.path)
    except ValueError as error:
        reading.problems.append(Problem(occurrence.source, str(error)))
        reading.failed.add(flag.path)
    else:
        reading.draft.add(flag, value, occurrence.source)


def _add_stdin(operation: Operation, stdin: Stdin, files: Files, reading: Reading) -> None:
    if stdin.owner:
        return
    try:
        body = _stdin_body(stdin.take())
        reading.draft.add_below(files.expand(body, operation.request), "stdin")
    except FileError as error:
        reading.problems.append(Problem("stdin", str(error), path_text(error.path)))
        reading.stdin_failed = True
    except ValueError as error:
        reading.problems.append(Problem("stdin", str(error)))
        reading.stdin_failed = True


def _stdin_body(data: bytes) -> dict[str, Any]:
    try:
        value = read_document(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise ValueError("not valid UTF-8 text") from None
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ValueError("expected an object with the request's fields")
    return value


def _checked(operation: Operation, reading: Reading, stdin: Stdin) -> tuple[Request, list[Problem]]:
    result = validate(operation.request, reading.draft.values)
    if isinstance(result, list):
        found = [f for f in result if not reading.explains(f)]
        reading.problems += [reading.draft.problem(finding) for finding in found]
    _fail(reading.problems, stdin)
    assert not isinstance(result, list)  # noqa: S101 - findings were raised above
    values = body_of(result)
    _fail(_path_problems(operation, values, reading))
    warnings = [reading.draft.problem(finding) for finding in slips(result)]
    return build_request(operation, values), warnings


def _path_problems(
    operation: Operation, values: Mapping[str, Any], reading: Reading
) -> list[Problem]:
    """Values that cannot stand in the request's path, where `..` would lead elsewhere."""
    found = ((name, values.get(name)) for name in operation.path_fields)
    findings = [
        Finding((name,), f"expected an id, found {shown(value)}")
        for name, value in found
        if not isinstance(value, str) or value in ("", ".", "..")
    ]
    return [reading.draft.problem(finding) for finding in findings]


def _fail(problems: Sequence[Problem], stdin: Stdin | None = None) -> None:
    if not problems:
        return
    hint = ""
    if stdin is not None and stdin.kept_silent:
        hint = "standard input is a pipe that brought nothing in time (see --stdin-timeout)"
    raise UsageError(problems=problems, hint=hint)
