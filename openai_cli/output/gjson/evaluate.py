"""Evaluates a parsed path: each stage maps a value to a value."""

from collections.abc import Iterable, Iterator

from openai_cli.output.gjson.conditions import satisfies
from openai_cli.output.gjson.modifiers import MODIFIERS
from openai_cli.output.gjson.path_errors import BudgetError
from openai_cli.output.gjson.search import Container, Walk
from openai_cli.output.gjson.source import Source, Value
from openai_cli.output.gjson.syntax import (
    Condition,
    Count,
    Dig,
    Each,
    Key,
    Literal,
    Lookup,
    Modifier,
    Multipath,
    Path,
    Query,
    Stage,
    Tail,
)

# Budgets, by the size of the document: a short path can need exponential work
# (`@dig:@dig:...`) or build exponential text (`[@this,@this]|[@this,@this]|...`).
# A visit is one member or element read, or work of the same cost; length is characters built.
BASE_VISITS, VISITS_PER_CHARACTER = 300_000, 3
_COST_OF_PATH = 4
_CHARACTERS_PER_VISIT = 8
BASE_LENGTH, LENGTH_PER_CHARACTER = 32_000_000, 16


def evaluate(document: str, path: Path) -> str:
    """Return the raw text of what a path selects, '' for nothing.

    Raises `BudgetError` if that takes more work or text than the document's size allows.
    """
    return _Evaluation(len(document)).run(path, Value.of(document)).raw


def _absent() -> Value:
    return Value.of("")


class _Evaluation:
    def __init__(self, size: int) -> None:
        self.visits = BASE_VISITS + VISITS_PER_CHARACTER * size
        self.length = BASE_LENGTH + LENGTH_PER_CHARACTER * size

    def run(self, path: Path, value: Value) -> Value:
        """Follow a path from a value; the result is an empty value if it finds nothing."""
        for stage in path:
            result = self._stage(stage, value)
            if result is None:
                return _absent()
            value = result
        return _settle(value)

    def _stage(self, stage: Stage, value: Value) -> Value | None:
        """Apply a stage. None ends the whole path; an empty value still reaches later modifiers."""
        match stage:
            case Lookup():
                return self._lookup(stage, value)
            case Modifier(name, argument):
                self._read(value)
                return self._built(MODIFIERS[name](value.raw, argument))
            case Literal(raw):
                return Value.of(raw)
            case Multipath():
                return self._multipath(stage, value)
            case Dig(path):
                return self._dig(path, _settle(value))

    # Lookups

    def _lookup(self, lookup: Lookup, value: Value) -> Value | None:
        if value.head not in {"{", "["}:
            self._read(value)  # to find the first container
        source = self._lines(value) if lookup.lines else value.source
        container = Container(0, is_object=False) if lookup.lines else _first_container(value)
        if container is None:
            return None
        walk = Walk(source, lookup.keys, self._visit)
        result = next(self._found(lookup, walk, source, container), None)
        return _absent() if result is None and walk.arrived else result

    def _lines(self, value: Value) -> Source:
        source = value.source
        if value.end - value.start == len(source.text):
            return source
        self._read(value)
        return Source(value.raw)

    def _found(
        self, lookup: Lookup, walk: Walk, source: Source, container: Container
    ) -> Iterator[Value]:
        tail = lookup.tail
        if tail is not None and not lookup.keys:
            yield from self._tail(tail, source, container)
            return
        for start in walk.positions(container):
            if tail is None:
                yield Value(source, start, source.skip(start))
            elif (reached := Container.at(source, start)) is not None:
                yield from self._tail(tail, source, reached)

    def _tail(self, tail: Tail, source: Source, container: Container) -> Iterator[Value]:
        """Yield the result of a tail, if it has one."""
        if container.is_object:
            if not isinstance(tail, Query):
                yield from self._hash_key(tail, source, container)
            return
        elements = self._values(source, source.elements(container.inside))
        match tail:
            case Count():
                yield Value.of(str(sum(1 for _ in elements)))
            case Each(path):
                yield self._collect(self.run(path, value) for value in elements)
            case Query(condition, every, path):
                values = self._matching(condition, elements)
                results = values if path is None else (self.run(path, value) for value in values)
                if every:
                    yield self._collect(results)
                else:
                    yield from results

    def _hash_key(
        self, tail: Count | Each, source: Source, container: Container
    ) -> Iterator[Value]:
        """In an object, `#` is an ordinary key."""
        for start in Walk(source, (Key("#"),), self._visit).positions(container):
            value = Value(source, start, source.skip(start))
            yield self.run(tail.path, value) if isinstance(tail, Each) else value

    def _matching(self, condition: Condition, elements: Iterable[Value]) -> Iterator[Value]:
        for value in elements:
            if value.head in {"{", "["}:
                raw = self.run(condition.path, value).raw
            elif condition.bare:
                raw = value.raw
            else:
                continue
            if satisfies(condition, raw):
                yield value

    # Built values

    def _multipath(self, multipath: Multipath, value: Value) -> Value:
        parts = []
        for name, path in multipath.members:
            self._visit(_COST_OF_PATH)
            result = self.run(path, value)
            if result.head:
                self._charge(len(name) + result.end - result.start)
                parts.append(f"{name}:{result.raw}" if multipath.named else result.raw)
        joined = ",".join(parts)
        return self._built(f"{{{joined}}}" if multipath.named else f"[{joined}]")

    def _dig(self, path: Path, root: Value) -> Value:
        source = root.source
        source.index()
        only_containers = isinstance(path[0], Lookup) and not path[0].lines
        return self._collect(
            self.run(path, value)
            for value in self._values(source, source.descendants(root.start))
            if not only_containers or value.head in {"{", "["}
        )

    def _values(self, source: Source, spans: Iterable[tuple[int, int]]) -> Iterator[Value]:
        for start, end in spans:
            self._visit()
            yield Value(source, start, end)

    def _collect(self, values: Iterable[Value]) -> Value:
        parts = []
        for value in values:
            if value.head:
                self._charge(value.end - value.start)
                parts.append(value.raw)
        return self._built(f"[{','.join(parts)}]")

    def _built(self, text: str) -> Value:
        self._charge(len(text))
        return Value.of(text)

    def _charge(self, length: int) -> None:
        self.length -= length
        if self.length < 0:
            raise BudgetError

    def _read(self, value: Value) -> None:
        """Charge for reading the text of a value once more."""
        self._visit((value.end - value.start) // _CHARACTERS_PER_VISIT)

    def _visit(self, count: int = 1) -> None:
        self.visits -= count
        if self.visits < 0:
            raise BudgetError


def _first_container(value: Value) -> Container | None:
    start = value.source.container(value.start, value.end)
    return None if start is None else Container.at(value.source, start)


def _settle(value: Value) -> Value:
    """Narrow a text to its first value; after a container, the rest of the text is kept."""
    source = value.source
    start = source.first(value.start)
    head = source.text[start : min(start + 1, value.end)]
    if head in {"{", "["}:
        return Value(source, start, value.end)
    if head and head in '"tfn+-0123456789':
        return Value(source, start, min(source.skip(start), value.end))
    return _absent()
