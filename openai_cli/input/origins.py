"""The origin of each value of a request, as a tree of the same shape as the values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from openai_cli.api.check import Path


class Origin(NamedTuple):
    """What set a value: a source (a flag), the path inside the source's value, and how many
    steps the flag names (`--thread.messages`: 2)."""

    source: str
    inside: Path
    depth: int

    def at(self, step: str | int) -> Origin:
        """The origin of the value at `step` inside this value."""
        return Origin(self.source, (*self.inside, step), self.depth)


class Origins:
    """A node of the tree: the origin of the whole value, and origins of parts set later."""

    def __init__(self, own: Origin | None = None) -> None:
        self.own = own
        self.inner: dict[str | int, Origins] = {}

    def set(self, path: Path, origin: Origin) -> None:
        """Record the origin of the value at `path`; replaces the origins of its parts."""
        node = self
        for step in path[:-1]:
            node = node.inner.setdefault(step, Origins())
        node.inner[path[-1]] = Origins(origin)

    def nearest(self, path: Path) -> tuple[Origin, Path] | None:
        """The origin of the value at `path` or its nearest container, and the path from there to
        the value."""
        found, node = None, self
        for taken, step in enumerate(path, 1):
            child = node.inner.get(step)
            if child is None:
                break
            node = child
            if node.own is not None:
                found = node.own, path[taken:]
        return found

    def depth_at(self, path: Path) -> int:
        """The greatest depth of the flags that set the value, its parts, or a container of it."""
        node, nearest = self._node(path), self.nearest(path)
        around = nearest[0].depth if nearest else 0
        return max([around, *(origin.depth for origin in node._all())]) if node else around

    def first_inside(self, path: Path) -> Origin | None:
        """The origin of the first part of the value."""
        node = self._node(path)
        return next(node._all(), None) if node else None

    def _node(self, path: Path) -> Origins | None:
        node: Origins | None = self
        for step in path:
            node = node.inner.get(step) if node else None
        return node

    def _all(self) -> Iterator[Origin]:
        if self.own is not None:
            yield self.own
        for node in self.inner.values():
            yield from node._all()
