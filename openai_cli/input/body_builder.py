"""Values from flags and standard input put together, each remembering where it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from openai_cli.api.check import Finding, Path, path_text, shown
from openai_cli.api.flags import Flag, Kind, annotation_at, kind_of, model_of
from openai_cli.errors import Problem
from openai_cli.input.origins import Origin, Origins

_ABSENT = object()


@dataclass(frozen=True)
class Below:
    """The body that flags were laid over: its source, and what of it the flags left standing."""

    source: str
    places: frozenset[Path]

    def has(self, path: Path) -> bool:
        """Whether the value at `path` is of this body, or would be."""
        return any(path[:length] in self.places for length in range(1, len(path) + 1))


class BodyBuilder:
    """A request's values while they are collected.

    Flags are added in the order they were typed: lists append, objects merge, other values
    replace what was there, except that a dotted flag beats the whole-object flag.
    """

    def __init__(self, flags: Mapping[str, Flag]) -> None:
        self.values: dict[str, Any] = {}
        self._flags = flags
        self._origins = Origins()
        self._below: Below | None = None
        self._filling: dict[str, int] = {}

    def add(self, flag: Flag, value: Any, source: str) -> None:
        """Set a flag's value; for a list flag, `value` is the list of new elements."""
        if flag.of_element:
            self._add_to_element(flag, value, source)
            return
        target = self.values
        for step in flag.path[:-1]:
            if not isinstance(target.get(step), dict):
                target[step] = {}
            target = target[step]
        old = target.get(flag.path[-1], _ABSENT)
        origin = Origin(source, (), len(flag.path))
        if flag.kind is Kind.ANY:
            self._origins.set(flag.path, origin)
            target[flag.path[-1]] = value
        else:
            target[flag.path[-1]] = self._merged(flag.path, old, value, origin)

    def _add_to_element(self, flag: Flag, value: Any, source: str) -> None:
        """Set a field of the element that dotted flags are filling; a field that comes again
        begins a new one."""
        name, key = flag.path
        items = self.values.get(name)
        if not isinstance(items, list):
            items = self.values[name] = []
        index = self._filling.get(name)
        if index is None or (key in items[index] and flag.kind is not Kind.LIST):
            index = self._filling[name] = len(items)
            items.append({})
        place = (name, index, key)
        old = items[index].get(key, _ABSENT)
        items[index][key] = self._merged(place, old, value, Origin(source, (), len(flag.path)))

    def _merged(self, path: Path, old: Any, new: Any, origin: Origin) -> Any:
        if isinstance(old, dict) and isinstance(new, dict):
            for key, item in new.items():
                inner = old.get(key, _ABSENT)
                old[key] = self._merged((*path, key), inner, item, origin.at(key))
            return old
        if self._append(path, old, new):
            return self._appended(path, old, new, origin)
        if old is not _ABSENT and self._origins.depth_at(path) > origin.depth:
            return old
        if isinstance(new, list) and not origin.inside:
            return self._appended(path, [], new, origin)
        self._origins.set(path, origin)
        return new

    def _append(self, path: Path, old: Any, new: Any) -> bool:
        """Whether the new value is added to the old one: lists are, wherever they stand.

        Where the request has a list, other values are added too, to be refused and not lost.
        """
        if isinstance(old, list) and isinstance(new, list):
            return True
        both = old is not _ABSENT and old is not None and new is not None
        return both and self._takes_list(path)

    def _takes_list(self, path: Path) -> bool:
        flag = next((f for f in self._flags.values() if f.path == path[:1]), None)
        if flag is None:
            return False
        annotation = flag.annotation
        for step in path[1:]:
            annotation = annotation_at(annotation, step)
        return kind_of(annotation) is Kind.LIST

    def _appended(self, path: Path, old: Any, new: Any, origin: Origin) -> list[Any]:
        before = old if isinstance(old, list) else [old]
        items = new if isinstance(new, list) else [new]
        # A flag that gave one element is quoted without an index into itself.
        one = not isinstance(new, list) or (len(new) == 1 and not origin.inside)
        for offset, _ in enumerate(items):
            place = (*path, len(before) + offset)
            self._origins.set(place, origin if one else origin.at(offset))
        return [*before, *items]

    def add_below(self, values: Mapping[str, Any], source: str) -> None:
        """Fill in what the flags left unset, field by field, from the body on stdin.

        In fields that hold one object the flags win for each of its fields. Raises ValueError
        if the body has something else in such a field: there is no way to keep both.
        """
        result = dict(values)
        places: set[Path] = {(key,) for key in values if key not in self.values}
        for key, value in self.values.items():
            under = result.get(key)
            if not isinstance(value, dict) or under is None or not self._holds_object(key):
                result[key] = value
            elif isinstance(under, dict):
                result[key] = {**under, **value}
                places |= {(key, inner) for inner in under if inner not in value}
            else:
                raise ValueError(f"{key}: expected an object, found {shown(under)}")
        self.values = result
        self._below = Below(source, frozenset(places))

    def _holds_object(self, key: str) -> bool:
        flag = next((f for f in self._flags.values() if f.path == (key,)), None)
        return flag is not None and model_of(flag.annotation) is not None

    def problem(self, finding: Finding) -> Problem:
        """A finding about the values, told of the flag or stdin that is to blame."""
        found = self._origins.nearest(finding.path)
        if found is not None:
            origin, inside = found
            return Problem(origin.source, finding.message, path_text((*origin.inside, *inside)))
        if self._below and self._below.has(finding.path):
            return Problem(self._below.source, finding.message, path_text(finding.path))
        return self._unset(finding)

    def _unset(self, finding: Finding) -> Problem:
        """About something that nobody set: named by the flag that would set it."""
        keys = tuple(step for step in finding.path if isinstance(step, str))
        named = [f for f in self._flags.values() if keys[: len(f.path)] == f.path]
        best = max(named, key=lambda f: len(f.path), default=None)
        if best is None:
            return Problem(path_text(finding.path), finding.message)
        message = finding.message + self._beside(finding.path)
        return Problem(best.name, message, path_text(keys[len(best.path) :]))

    def _beside(self, path: Path) -> str:
        """For what an element lacks: the flag that began it, as there may be several elements."""
        index = next((at for at, step in enumerate(path) if isinstance(step, int)), None)
        first = self._origins.first_inside(path[: index + 1]) if index is not None else None
        return f" beside {first.source}" if first else ""
