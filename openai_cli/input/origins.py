"""Where each value of a request came from, kept beside the values as a tree of the same shape."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from openai_cli.api.check import Path


@dataclass(frozen=True)
class Origin:
    """Who set a value: its source, the place inside the source's value, the flag's depth."""

    source: str
    inside: Path
    depth: int

    def at(self, step: str | int) -> Origin:
        """The origin of something one step further in."""
        return Origin(self.source, (*self.inside, step), self.depth)


@dataclass
class Origins:
    """One place in the request: who set it as a whole, and what was set inside it since."""

    own: Origin | None = None
    inner: dict[str | int, Origins] = field(default_factory=dict)

    def set(self, path: Path, origin: Origin) -> None:
        """Say who set the value at `path`; what was known about its inside is forgotten."""
        node = self
        for step in path[:-1]:
            node = node.inner.setdefault(step, Origins())
        node.inner[path[-1]] = Origins(origin)

    def nearest(self, path: Path) -> tuple[Origin, Path] | None:
        """Who set the value at `path`, as itself or with something around it; and the way
        from there to `path`."""
        found, node = None, self
        for taken, step in enumerate(path, 1):
            below = node.inner.get(step)
            if below is None:
                break
            node = below
            if node.own is not None:
                found = node.own, path[taken:]
        return found

    def depth_at(self, path: Path) -> int:
        """The depth of the most dotted flag that set something in or around the value."""
        node, nearest = self._node(path), self.nearest(path)
        around = nearest[0].depth if nearest else 0
        return max([around, *(origin.depth for origin in node._all())]) if node else around

    def first_inside(self, path: Path) -> Origin | None:
        """Who was the first to set something in the value."""
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
