"""JSON text and the positions of values in it.

Nothing is parsed into objects: a value is a span of text, found by skipping its siblings.
Malformed text is read as far as possible; every function takes linear time.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

BLANKS = "".join(map(chr, range(0x21)))

_BLANK = r"[\x00-\x20]*+"
OPEN_STRING = r'"[^"\\]*+(?:(?>\\.[^"\\]*+))*+'
"""A JSON string without its closing quote."""
_STRING = OPEN_STRING + '"'
_FLAT = rf'(?:(?>[^"{{}}\[\]]++|{_STRING}))*+'

STRING = re.compile(_STRING, re.DOTALL)
MEMBER = re.compile(rf"[\x00-\x20,]*+({_STRING}){_BLANK}:{_BLANK}", re.DOTALL)
ELEMENT = re.compile(r"[\x00-\x20,]*+(?=[^\]}])")
_BLANKS = re.compile(_BLANK)
_CLOSE = re.compile(r"[\x00-\x20,]*+[\]}]?+")
_SCALAR = re.compile(r'[^\x00-\x20,\[\]{}"]++')
_CONTAINER = re.compile(rf'(?:(?>[^"{{\[]++|{_STRING}))*+(?=[{{\[])', re.DOTALL)
# A container without nested containers is skipped in one match, which is much faster.
_BRACKET = re.compile(
    rf'(?:(?>[^"{{}}\[\]]++|{_STRING}|[{{\[]{_FLAT}[\]}}]))*+[{{}}\[\]]', re.DOTALL
)
_NEXT_BRACKET = re.compile(rf"{_FLAT}[{{}}\[\]]", re.DOTALL)
_DEEPER = re.compile(rf"[\x00-\x20,:\]}}]*+(?:(?>{_STRING}{_BLANK}:{_BLANK}))?+", re.DOTALL)


# Characters from which the end of a value is cached; see `Source.skip`.
_LONG = 256
# Brackets to skip before all containers are indexed, as more skips are likely.
_SKIP_BUDGET, _SKIP_BUDGET_PER_CHARACTER = 10_000, 0.25


class Source:
    """A JSON text with a cache of the ends of long values, so that they are read only once.

    `index` caches the ends of all containers in one pass.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._ends: dict[int, int] = {}
        self._indexed = False
        self._skip_budget = _SKIP_BUDGET + int(len(text) * _SKIP_BUDGET_PER_CHARACTER)

    def first(self, start: int = 0) -> int:
        """Return the position of the first non-blank character at or after `start`."""
        match = _BLANKS.match(self.text, start)
        return match.end() if match else start

    def container(self, start: int, end: int) -> int | None:
        """Return the start of the first object or array between two positions."""
        match = _CONTAINER.match(self.text, start, end)
        return match.end() if match else None

    def skip(self, start: int) -> int:
        """Return the end of the value that starts at a position."""
        end = self._ends.get(start)
        if end is None:
            end = self._read(start)
            if end - start > _LONG:
                self._ends[start] = end
        return end

    def _read(self, start: int) -> int:
        character = self.text[start : start + 1]
        if character == '"':
            match = STRING.match(self.text, start)
            return match.end() if match else len(self.text)
        if character in {"{", "["}:
            if self._skip_budget < 0:
                self.index()
            return self._ends.get(start) or self._skip_container(start)
        match = _SCALAR.match(self.text, start)
        return match.end() if match else start

    def _skip_container(self, start: int) -> int:
        text, depth, position = self.text, 1, start + 1
        while bracket := _BRACKET.match(text, position):
            position = bracket.end()
            self._skip_budget -= 1
            if text[position - 1] in "{[":
                depth += 1
            elif depth == 1:
                return position
            else:
                depth -= 1
        return len(text)

    def close(self, position: int) -> int:
        """Return the position after the next closing bracket, if it comes next."""
        match = _CLOSE.match(self.text, position)
        return match.end() if match else position

    def elements(self, inside: int) -> Iterator[tuple[int, int]]:
        """Yield the spans of an array's elements; `inside` is the position after its bracket."""
        position = inside
        while match := ELEMENT.match(self.text, position):
            position = self.skip(match.end())
            yield match.end(), position

    def members(self, inside: int) -> Iterator[tuple[str, int, int]]:
        """Yield raw key, start and end of an object's members; `inside` is as in `elements`."""
        position = inside
        while match := MEMBER.match(self.text, position):
            position = self.skip(match.end())
            yield match[1], match.end(), position

    def descendants(self, start: int) -> Iterator[tuple[int, int]]:
        """Yield the spans of the value at a position and of all nested values, outermost first."""
        text, position, end = self.text, start, self.skip(start)
        while position < end:
            value_end = self.skip(position)
            yield position, value_end
            step = position + 1 if text[position] in "{[" else max(value_end, position + 1)
            match = _DEEPER.match(text, step, end)
            position = match.end() if match else end

    def index(self) -> None:
        """Cache the end of every container, once."""
        if self._indexed:
            return
        self._indexed = True
        opened: list[int] = []
        position = 0
        while bracket := _NEXT_BRACKET.match(self.text, position):
            position = bracket.end()
            if self.text[position - 1] in "{[":
                opened.append(position - 1)
            elif opened:
                self._ends[opened.pop()] = position
        self._ends.update(dict.fromkeys(opened, len(self.text)))


class Value(NamedTuple):
    """A span of a source; empty if nothing was found."""

    source: Source
    start: int
    end: int

    @classmethod
    def of(cls, text: str) -> "Value":
        """Return the whole text as a value."""
        return cls(Source(text), 0, len(text))

    @property
    def raw(self) -> str:
        """The text of the span."""
        return self.source.text[self.start : self.end]

    @property
    def head(self) -> str:
        """The first character, which shows the type; '' for an empty span."""
        return self.source.text[self.start : min(self.start + 1, self.end)]
