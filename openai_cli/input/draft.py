"""Values from flags and standard input put together, each remembering where it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from openai_cli.api.check import Finding, Path, path_text
from openai_cli.api.flags import Flag, Kind, model_of
from openai_cli.errors import Problem

_ABSENT = object()


@dataclass(frozen=True)
class Origin:
    """Who set a value: its source, the place inside the source's value, the flag's depth."""

    source: str
    inside: Path
    depth: int


@dataclass(frozen=True)
class Below:
    """The body that flags were laid over: its source, and the fields it has."""

    source: str
    keys: frozenset[str]


class Draft:
    """A request's values while they are collected.

    Flags are added in the order they were typed: lists append, objects merge, other values
    replace what was there, except that a dotted flag beats the whole-object flag.
    """

    def __init__(self, flags: Mapping[str, Flag]) -> None:
        self.values: dict[str, Any] = {}
        self._flags = flags
        self._origins: dict[Path, Origin] = {}
        self._below: Below | None = None

    def add(self, flag: Flag, value: Any, source: str) -> None:
        """Set a flag's value; for a list flag, `value` is the list of new elements."""
        target = self.values
        for step in flag.path[:-1]:
            if not isinstance(target.get(step), dict):
                target[step] = {}
            target = target[step]
        origin = Origin(source, (), len(flag.path))
        old = target.get(flag.path[-1], _ABSENT)
        whole = flag.kind is Kind.ANY
        target[flag.path[-1]] = self._merged(flag.path, old, value, origin, whole)

    def _merged(self, path: Path, old: Any, new: Any, origin: Origin, whole: bool) -> Any:
        if isinstance(old, dict) and isinstance(new, dict) and not whole:
            for key, item in new.items():
                inner = Origin(origin.source, (*origin.inside, key), origin.depth)
                old[key] = self._merged((*path, key), old.get(key, _ABSENT), item, inner, False)
            return old
        if isinstance(new, list) and not whole:
            return self._appended(path, old if isinstance(old, list) else [], new, origin)
        if old is not _ABSENT and self._beats(path, origin):
            return old
        self._forget(path)
        self._origins[path] = origin
        return new

    def _appended(self, path: Path, old: list[Any], new: list[Any], origin: Origin) -> list[Any]:
        one = len(new) == 1 and len(path) >= 1 and not origin.inside
        for offset, _ in enumerate(new):
            # A flag that gave one element is quoted without an index into itself.
            inside = origin.inside if one else (*origin.inside, offset)
            place = (*path, len(old) + offset)
            self._origins[place] = Origin(origin.source, inside, origin.depth)
        return [*old, *new]

    def _beats(self, path: Path, newer: Origin) -> bool:
        """Whether what stands at `path` was set by a more dotted flag than the newer one."""
        older = [o.depth for p, o in self._origins.items() if p[: len(path)] == path]
        return max(older, default=0) > newer.depth

    def _forget(self, path: Path) -> None:
        for known in [p for p in self._origins if p[: len(path)] == path]:
            del self._origins[known]

    def add_below(self, values: Mapping[str, Any], source: str) -> None:
        """Fill in what the flags left unset, field by field, from the body on stdin.

        In fields that hold one object the flags win for each of its fields.
        """
        result = dict(values)
        for key, value in self.values.items():
            under = result.get(key)
            if isinstance(value, dict) and isinstance(under, dict) and self._holds_object(key):
                result[key] = {**under, **value}
            else:
                result[key] = value
        self.values = result
        self._below = Below(source, frozenset(values))

    def _holds_object(self, key: str) -> bool:
        flag = next((f for f in self._flags.values() if f.path == (key,)), None)
        return flag is not None and model_of(flag.annotation) is not None

    def problem(self, finding: Finding) -> Problem:
        """A finding about the values, told of the flag or stdin that is to blame."""
        for length in range(len(finding.path), 0, -1):
            origin = self._origins.get(finding.path[:length])
            if origin is not None:
                inside = (*origin.inside, *finding.path[length:])
                return Problem(origin.source, finding.message, path_text(inside))
        if self._below and finding.path[:1] and finding.path[0] in self._below.keys:
            return Problem(self._below.source, finding.message, path_text(finding.path))
        return self._unset(finding)

    def _unset(self, finding: Finding) -> Problem:
        """About something that nobody set: named by the flag that would set it."""
        named = [f for f in self._flags.values() if finding.path[: len(f.path)] == f.path]
        best = max(named, key=lambda f: len(f.path), default=None)
        if best is None:
            return Problem(path_text(finding.path), finding.message)
        return Problem(best.name, finding.message, path_text(finding.path[len(best.path) :]))
