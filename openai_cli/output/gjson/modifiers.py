"""The modifiers: functions from JSON text and argument to JSON text, '' for no value."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType

from openai_cli.output.gjson.json_scalars import quote, readable, string, truth
from openai_cli.output.gjson.source import BLANKS, OPEN_STRING, Source
from openai_cli.output.gjson.validity import is_valid

_BLANK_OR_STRING = re.compile(rf'({OPEN_STRING}"?)|[\x00-\x20]++', re.DOTALL)
_NEXT_ELEMENT = re.compile(r"[\x00-\x20,]*+")


def options(argument: str) -> dict[str, str]:
    """Return the members of a modifier's argument: decoded names, raw values."""
    return {string(key): raw for key, raw in _members(argument)}


def _elements(text: str) -> Iterator[str] | None:
    source = Source(text)
    start = source.first()
    if not text.startswith("[", start):
        return None
    return (text[begin:end] for begin, end in source.elements(start + 1))


def _members(text: str) -> Iterator[tuple[str, str]]:
    source = Source(text)
    start = source.first()
    if text.startswith("{", start):
        for key, begin, end in source.members(start + 1):
            yield key, text[begin:end]


def _is_object(text: str) -> bool:
    return text.lstrip(BLANKS).startswith("{")


def _array(values: Iterable[str]) -> str:
    return f"[{','.join(values)}]"


def _object(members: Iterable[tuple[str, str]]) -> str:
    return f"{{{','.join(f'{key}:{raw}' for key, raw in members)}}}"


def _inside(container: str) -> str:
    """Return the text between the brackets."""
    return container.strip(BLANKS)[1:-1]


def _this(text: str, _: str) -> str:
    return text


def _valid(text: str, _: str) -> str:
    return text if is_valid(text) else ""


def _ugly(text: str, _: str) -> str:
    return _BLANK_OR_STRING.sub(r"\1", text)


def _pretty(text: str, argument: str) -> str:
    from .pretty import PrettyStyle, pretty

    return pretty(text, PrettyStyle.of(options(argument)))


def _reverse(text: str, _: str) -> str:
    if (elements := _elements(text)) is not None:
        return _array(reversed(list(elements)))
    return _object(reversed(list(_members(text)))) if _is_object(text) else text


def _keys(text: str, _: str) -> str:
    if _is_object(text):
        return _array(key for key, _ in _members(text))
    return _array("null" for _ in _values_of(text))


def _values(text: str, _: str) -> str:
    if _is_object(text):
        return _array(raw for _, raw in _members(text))
    return _array(_values_of(text))


def _values_of(text: str) -> Iterable[str]:
    """Return the elements of an array, or a scalar as the only element."""
    elements = _elements(text)
    scalar = text.strip(BLANKS)
    return elements if elements is not None else [scalar] if scalar else []


def _flatten(text: str, argument: str) -> str:
    if (elements := _elements(text)) is None:
        return text
    if truth(options(argument).get("deep", "")):
        return _array(_leaves(text))
    pieces = (_inside(raw).strip(BLANKS) if raw[0] == "[" else raw for raw in elements)
    return _array(piece for piece in pieces if piece)


def _leaves(text: str) -> Iterator[str]:
    """Yield the values in nested arrays that are not arrays themselves."""
    source, position = Source(text), 0
    while position < len(text):
        match = _NEXT_ELEMENT.match(text, position)
        start = match.end() if match else position
        position = start + 1
        if text[start : start + 1] not in {"", "[", "]"}:
            position = max(source.skip(start), position)
            yield text[start:position]


def _join(text: str, argument: str) -> str:
    if (elements := _elements(text)) is None:
        return text
    objects = [raw for raw in elements if raw[0] == "{"]
    if truth(options(argument).get("preserve", "")):
        insides = map(_inside, objects)
        return f"{{{','.join(inside for inside in insides if inside.strip(BLANKS))}}}"
    joined: dict[str, tuple[str, str]] = {}
    for key, raw in (member for each in objects for member in _members(each)):
        name = string(key)
        joined[name] = (joined[name][0] if name in joined else key, raw)
    return _object(joined.values())


def _group(text: str, _: str) -> str:
    if not _is_object(text):
        return ""
    rows: list[list[tuple[str, str]]] = []
    for key, raw in _members(text):
        for number, element in enumerate(_elements(raw) or ()):
            if number == len(rows):
                rows.append([])
            rows[number].append((key, element))
    return _array(map(_object, rows))


def _tostr(text: str, _: str) -> str:
    return quote(text)


def _fromstr(text: str, _: str) -> str:
    return readable(text.strip(BLANKS)) if is_valid(text) else ""


MODIFIERS: Mapping[str, Callable[[str, str], str]] = MappingProxyType(
    {
        "flatten": _flatten,
        "fromstr": _fromstr,
        "group": _group,
        "join": _join,
        "keys": _keys,
        "pretty": _pretty,
        "reverse": _reverse,
        "this": _this,
        "tostr": _tostr,
        "ugly": _ugly,
        "valid": _valid,
        "values": _values,
    }
)
