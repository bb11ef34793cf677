"""Merges the values of flags and standard input; each keeps its origin."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import reduce
from typing import Any, NamedTuple

from openai_cli.api.base import RequestModel
from openai_cli.api.check import Finding, Path, path_text, shown
from openai_cli.api.flags import Flag, Kind, annotation_at, kind_of, model_of
from openai_cli.errors import Problem
from openai_cli.input.origins import Origin, Origins

_ABSENT = object()


class Defaults(NamedTuple):
    """The source of the values that no flag set, and their paths."""

    source: str
    paths: frozenset[Path]

    def contain(self, path: Path) -> bool:
        """Whether the value at `path` is a default, or part of one."""
        return any(path[:length] in self.paths for length in range(1, len(path) + 1))


class BodyBuilder:
    """Collects the values of a request of type `model`; `flags` can set them.

    Flags are added in the order they were typed: lists append, objects merge, other values
    replace the old value, but a dotted flag takes precedence over the whole-object flag.
    """

    def __init__(self, model: type[RequestModel], flags: Collection[Flag]) -> None:
        self.values: dict[str, Any] = {}
        self._model = model
        self._flags = flags
        self._origins = Origins()
        self._defaults: Defaults | None = None
        self._open_elements: dict[str, int] = {}

    def add(self, flag: Flag, value: Any, source: str) -> None:
        """Set a flag's value; for a list flag, `value` is the list of new elements."""
        container, path = self._open_element(flag) if flag.of_element else self._parent(flag)
        key = flag.path[-1]
        old = container.get(key, _ABSENT)
        origin = Origin(source, (), len(flag.path))
        if flag.kind is Kind.ANY:  # replaced, never merged
            self._origins.set(path, origin)
            old = _ABSENT
        container[key] = self._merged(path, old, value, origin)

    def _parent(self, flag: Flag) -> tuple[dict[str, Any], Path]:
        """The object that holds the flag's value, and the path of the value."""
        parent = self.values
        for step in flag.path[:-1]:
            if not isinstance(parent.get(step), dict):
                parent[step] = {}
            parent = parent[step]
        return parent, flag.path

    def _open_element(self, flag: Flag) -> tuple[dict[str, Any], Path]:
        """The list element that dotted flags fill; a repeated field starts a new one."""
        name, key = flag.path
        items = self.values.get(name)
        if not isinstance(items, list):
            items = self.values[name] = []
        index = self._open_elements.get(name)
        if index is None or (key in items[index] and flag.kind is not Kind.LIST):
            index = self._open_elements[name] = len(items)
            items.append({})
        return items[index], (name, index, key)

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
        """Whether to append the new value to the old one: always for two lists.

        If the field is a list, other values are appended too, so that validation refuses them.
        """
        if isinstance(old, list) and isinstance(new, list):
            return True
        both = old is not _ABSENT and old is not None and new is not None
        return both and self._takes_list(path)

    def _takes_list(self, path: Path) -> bool:
        return kind_of(reduce(annotation_at, path, self._model)) is Kind.LIST

    def _appended(self, path: Path, old: Any, new: Any, origin: Origin) -> list[Any]:
        before = old if isinstance(old, list) else [old]
        items = new if isinstance(new, list) else [new]
        # For a flag with one element, messages omit the index.
        one = not isinstance(new, list) or (len(new) == 1 and not origin.inside)
        for offset, _ in enumerate(items):
            place = (*path, len(before) + offset)
            self._origins.set(place, origin if one else origin.at(offset))
        return [*before, *items]

    def add_defaults(self, values: Mapping[str, Any], source: str) -> None:
        """Fill in the fields that no flag set from the body on stdin.

        In object fields, flags take precedence for each inner field. Raises ValueError if the body
        has no object in such a field, as it cannot be merged.
        """
        result = dict(values)
        paths: set[Path] = {(key,) for key in values if key not in self.values}
        for key, value in self.values.items():
            default = result.get(key)
            holds_object = model_of(annotation_at(self._model, key)) is not None
            if not isinstance(value, dict) or default is None or not holds_object:
                result[key] = value
            elif isinstance(default, dict):
                result[key] = {**default, **value}
                paths |= {(key, inner) for inner in default if inner not in value}
            else:
                raise ValueError(f"{key}: expected an object, found {shown(default)}")
        self.values = result
        self._defaults = Defaults(source, frozenset(paths))

    @property
    def has_defaults(self) -> bool:
        """Whether the request has any value from the body on stdin."""
        return self._defaults is not None and bool(self._defaults.paths)

    def problem(self, finding: Finding) -> Problem:
        """The finding as a problem whose source is the flag or stdin that set the value."""
        found = self._origins.nearest(finding.path)
        if found is not None:
            origin, inside = found
            return Problem(origin.source, finding.message, path_text((*origin.inside, *inside)))
        if self._defaults and self._defaults.contain(finding.path):
            return Problem(self._defaults.source, finding.message, path_text(finding.path))
        return self._unset(finding)

    def _unset(self, finding: Finding) -> Problem:
        """A problem with a missing value; the source is the flag that can set it."""
        keys = tuple(step for step in finding.path if isinstance(step, str))
        named = [f for f in self._flags if keys[: len(f.path)] == f.path]
        best = max(named, key=lambda f: len(f.path), default=None)
        if best is None:
            return Problem(path_text(finding.path), finding.message)
        message = finding.message + self._element_hint(finding.path)
        return Problem(best.name, message, path_text(keys[len(best.path) :]))

    def _element_hint(self, path: Path) -> str:
        """A phrase that identifies the element without the value, by the flag that started it."""
        index = next((at for at, step in enumerate(path) if isinstance(step, int)), None)
        first = self._origins.first_inside(path[: index + 1]) if index is not None else None
        return f" beside {first.source}" if first else ""
