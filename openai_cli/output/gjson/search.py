"""Follows keys through nested containers, without recursion; reads the text only once."""

from collections.abc import Callable, Generator, Iterator
from typing import NamedTuple, TypeAlias

from openai_cli.output.gjson.json_scalars import decode
from openai_cli.output.gjson.source import ELEMENT, MEMBER, Source
from openai_cli.output.gjson.syntax import Key


class Container(NamedTuple):
    """An object or array; `inside` is the position after its opening bracket."""

    inside: int
    is_object: bool

    @classmethod
    def at(cls, source: Source, start: int) -> "Container | None":
        """Return the container that begins at a position, if one does."""
        character = source.text[start : start + 1]
        return cls(start + 1, character == "{") if character in {"{", "["} else None


# Yields the start of each value under the key. The caller may send back the end of that value, if
# a failed descent has read it; None otherwise. Returns the end of the container.
_Matches: TypeAlias = Generator[int, int | None, int]


class Walk:
    """Finds all values that a series of keys leads to, in document order."""

    def __init__(self, source: Source, keys: tuple[Key, ...], visit: Callable[[], None]) -> None:
        self._source = source
        self._keys = keys
        self._visit = visit  # called for every member and element read
        self.arrived = not keys  # whether any container was searched for the last key

    def positions(self, container: Container) -> Iterator[int]:
        """Yield the start of each value; later ones are tried if the rest of the path fails."""
        stack = [self._open(container, 0)]
        ended: int | None = None
        while stack:
            try:
                position = stack[-1].send(ended)
            except StopIteration as exhausted:
                stack.pop()
                ended = exhausted.value
                continue
            ended = None
            if len(stack) == len(self._keys):
                yield position
            elif (deeper := Container.at(self._source, position)) is not None:
                stack.append(self._open(deeper, len(stack)))

    def _open(self, container: Container, level: int) -> _Matches:
        self.arrived = self.arrived or level == len(self._keys) - 1
        key = self._keys[level]
        if container.is_object:
            return self._members(container.inside, key)
        return self._element(container.inside, key.element)

    def _members(self, position: int, key: Key) -> _Matches:
        source = self._source
        while member := MEMBER.match(source.text, position):
            self._visit()
            value = member.end()
            ended = (yield value) if _names(key, member[1]) else None
            position = source.skip(value) if ended is None else ended
        return source.close(position)

    def _element(self, position: int, index: int | None) -> _Matches:
        source, number = self._source, 0
        while element := ELEMENT.match(source.text, position):
            self._visit()
            value = element.end()
            ended = (yield value) if number == index else None
            position = source.skip(value) if ended is None else ended
            number += 1
        return source.close(position)


def _names(key: Key, raw: str) -> bool:
    name = decode(raw[1:-1])
    return name == key.text if key.pattern is None else key.pattern.fullmatch(name) is not None
