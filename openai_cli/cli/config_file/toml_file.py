"""A TOML file, with the line of each key."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from openai_cli.errors import Problem, UsageError

Keys = tuple[str, ...]
"""The path to a value: `("profiles", "work", "timeout")`."""

_MOST_BYTES = 2**20
_DEEPEST = 3
"""Depth to which the lines of keys are found."""
_LONGEST = 200
"""Maximum lines of a statement; after a longer one, no lines are known. Limits the parsing time."""
_AT_LINE = re.compile(r" \(at line (\d+), column \d+\)$")


class TomlFile:
    """The content of a file, and its `mode` (`st_mode`: type and permissions)."""

    def __init__(self, path: Path) -> None:
        """Read the file. Raises UsageError if it cannot be read or is not TOML."""
        self.path = path
        self._text, self.mode = _read(path)
        try:
            self.content = tomllib.loads(self._text)
        except ValueError as error:
            raise UsageError(problems=[self._no_toml(str(error))]) from None
        except RecursionError:
            problem = Problem(str(path), "is nested too deeply")
            raise UsageError(problems=[problem]) from None

    def line(self, keys: Keys) -> int:
        """The line of the value at `keys`, or of its nearest parent; 0 if unknown."""
        known = (keys[:n] for n in range(len(keys), 0, -1) if keys[:n] in self._lines)
        return self._lines.get(next(known, ()), 0)

    def problem(self, keys: Keys, message: str) -> Problem:
        """A problem with the value at `keys`: names the file, the line and the keys."""
        line = self.line(keys)
        return Problem(f"{self.path}:{line}" if line else str(self.path), message, ".".join(keys))

    def _no_toml(self, message: str) -> Problem:
        found = _AT_LINE.search(message)
        line = int(found[1]) if found else self._text.count("\n") + 1
        what = _AT_LINE.sub("", message)
        if what == "Invalid value":
            what += '; write a text as NAME = "TEXT"'
        if what == "Cannot overwrite a value":
            wrong = self._text.split("\n")[line - 1]
            is_profile = re.match(r"\s*\[\s*profile\b", wrong)
            what = (
                "the table of a profile is [profiles.NAME]" if is_profile else "a key is repeated"
            )
        return Problem(f"{self.path}:{line}", f"is not TOML: {what[:1].lower()}{what[1:]}")

    @cached_property
    def _lines(self) -> dict[Keys, int]:
        """The line of each key."""
        lines: dict[Keys, int] = {}
        for keys, line in _places(self._text):
            lines.setdefault(keys, line)
        return lines


def _read(path: Path) -> tuple[str, int]:
    """The text of the file, and its mode. Raises UsageError."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            data = file.read(_MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise _unreadable(path, f"cannot be read: {why}") from None
    if len(data) > _MOST_BYTES:
        raise _unreadable(path, "is larger than 1 MiB")
    try:
        # Some Windows editors begin files with a byte-order mark.
        return data.decode("utf-8-sig"), mode
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageError(problems=[Problem(f"{path}:{line}", "is not UTF-8")]) from None


def _unreadable(path: Path, what: str) -> UsageError:
    problem = Problem("the configuration file", f'"{path}" {what}')
    return UsageError(problems=[problem], hint="OPENAI_CONFIG= runs without a configuration file")


def _places(text: str) -> Iterator[tuple[Keys, int]]:
    """Each key with the first line of its statement.

    A statement is the smallest group of lines that parses as TOML.
    """
    table: Keys = ()
    statement, begin = "", 1
    for number, line in enumerate(text.split("\n"), 1):
        if number - begin == _LONGEST:
            return
        statement += line + "\n"
        try:
            found = [*_ways(tomllib.loads(statement), _DEEPEST)]
        except ValueError:
            continue
        if statement.lstrip().startswith("["):
            table = found[-1]
            yield from ((table[:n], begin) for n in range(1, len(table) + 1))
        else:
            yield from (((*table, *way), begin) for way in found)
        statement, begin = "", number + 1


def _ways(value: Mapping[str, Any], deepest: int) -> Iterator[Keys]:
    """The paths to all values down to this depth, parents first."""
    for key, inner in value.items():
        yield (key,)
        if isinstance(inner, dict) and deepest > 1:
            yield from ((key, *way) for way in _ways(inner, deepest - 1))
