"""Small checks of JSON values, put together into the checks of whole requests.

A check is called with a value and its path (`thread.messages[0].role`) and raises the API's refusal
of the first thing that is wrong.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from openai_cli.engine import refusals
from openai_cli.engine.refusals import RefusalError

Check = Callable[[Any, str], None]


def describe(value: object) -> str:
    """The JSON type of a value, with its article."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int):
        return "an integer"
    if isinstance(value, float):
        return "a decimal number"
    if isinstance(value, str):
        return "a string"
    return "an array" if isinstance(value, list) else "an object"


def _expect(kind: type, expected: str, value: object, path: str) -> None:
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise refusals.wrong_type(path, expected, describe(value))


def boolean(value: Any, path: str) -> None:
    """True or false."""
    _expect(bool, "a boolean", value, path)


def anything(value: Any, path: str) -> None:
    """Any JSON value."""


def text(most: int | None = None, pattern: str | None = None) -> Check:
    """A string of at most `most` characters that matches `pattern`."""

    def check(value: Any, path: str) -> None:
        _expect(str, "a string", value, path)
        if most is not None and len(value) > most:
            raise refusals.out_of_bounds(
                path,
                "string too long",
                f"a string with maximum length {most}, but got a string with length "
                f"{len(value)} instead",
                "string_above_max_length",
            )
        if pattern is not None and not re.fullmatch(pattern, value):
            raise refusals.out_of_bounds(
                path,
                "string does not match pattern",
                f"a string that matches the pattern '^{pattern}$'",
                "invalid_value",
            )

    return check


def word(*words: str) -> Check:
    """One of these strings."""

    def check(value: Any, path: str) -> None:
        _expect(str, "a string", value, path)
        if value not in words:
            raise refusals.wrong_value(path, value, words)

    return check


def integer(least: int, most: int | None = None) -> Check:
    """A whole number within these bounds, both included."""

    def check(value: Any, path: str) -> None:
        _expect(int, "an integer", value, path)
        _check_bounds("integer", value, path, least, most)

    return check


def number(least: float, most: float) -> Check:
    """Any number within these bounds, both included."""

    def check(value: Any, path: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise refusals.wrong_type(path, "a number", describe(value))
        _check_bounds("decimal", value, path, least, most)

    return check


def _check_bounds(kind: str, value: float, path: str, least: float, most: float | None) -> None:
    if value < least:
        side, bound, word_ = "below minimum", f">= {least:g}", "below_min"
    elif most is not None and value > most:
        side, bound, word_ = "above maximum", f"<= {most:g}", "above_max"
    else:
        return
    raise refusals.out_of_bounds(
        path,
        f"{kind} {side} value",
        f"a value {bound}, but got {value} instead",
        f"{kind}_{word_}_value",
    )


def array(item: Check, most: int | None = None, least: int = 0) -> Check:
    """A list with this kind of items."""

    def check(value: Any, path: str) -> None:
        _expect(list, "an array", value, path)
        count = len(value)
        if count < least or (most is not None and count > most):
            few = count < least
            raise refusals.out_of_bounds(
                path,
                f"array too {'short' if few else 'long'}",
                f"an array with {'minimum' if few else 'maximum'} length "
                f"{least if few else most}, but got an array with length {count} instead",
                f"array_{'below_min' if few else 'above_max'}_length",
            )
        for index, element in enumerate(value):
            item(element, f"{path}[{index}]")

    return check


def record(
    fields: Mapping[str, Check], required: Sequence[str] = (), *, closed: bool = False
) -> Check:
    """An object; a closed one has no other fields than these."""

    def check(value: Any, path: str) -> None:
        _expect(dict, "an object", value, path or "body")
        prefix = f"{path}." if path else ""
        if closed:
            for name in value:
                if name not in fields:
                    raise refusals.unknown(prefix + name)
        for name in required:
            if name not in value:
                raise refusals.missing(prefix + name)
        for name, field in fields.items():
            if name in value:
                field(value[name], prefix + name)

    return check


def problems(
    value: Mapping[str, Any], fields: Mapping[str, Check], required: Sequence[str], path: str = ""
) -> Iterator[str]:
    """Everything that is wrong with an object's fields, one refusal each.

    Fields that are not known may be empty: then they say nothing.
    """
    prefix = f"{path}." if path else ""
    for name in required:
        if value.get(name) is None:
            yield refusals.missing(prefix + name).message
    for name, found in value.items():
        if name not in fields:
            if found not in (None, "", [], {}):
                yield refusals.unknown(prefix + name).message
        elif found is not None or name not in required:
            try:
                fields[name](found, prefix + name)
            except RefusalError as error:
                yield error.message


def tagged(variants: Mapping[str, Check]) -> Check:
    """An object whose `type` says which of these it is."""

    def check(value: Any, path: str) -> None:
        _expect(dict, "an object", value, path)
        if "type" not in value:
            raise refusals.missing(f"{path}.type")
        word(*variants)(value["type"], f"{path}.type")
        variants[value["type"]](value, path)

    return check


def either(name: str, *options: tuple[type, Check]) -> Check:
    """A value of one of several JSON types; `name` is what the refusal expects."""

    def check(value: Any, path: str) -> None:
        for kind, option in options:
            if isinstance(value, kind):
                return option(value, path)
        raise refusals.wrong_type(path, name, describe(value))

    return check


def nullable(inner: Check) -> Check:
    """Null, or what `inner` says."""

    def check(value: Any, path: str) -> None:
        if value is not None:
            inner(value, path)

    return check


def metadata(value: Any, path: str) -> None:
    """At most 16 strings of 512 characters, under keys of 64; or null."""
    if value is None:
        return
    _expect(dict, "an object", value, path)
    if len(value) > 16:
        raise refusals.out_of_bounds(
            path,
            "too many properties",
            f"an object with at most 16 properties, but got an object with {len(value)} "
            "properties instead",
            "object_above_max_properties",
        )
    for name, entry in value.items():
        if len(name) > 64:
            raise refusals.out_of_bounds(
                path,
                "key too long",
                f"keys with maximum length 64, but got a key with length {len(name)} instead",
                "string_above_max_length",
            )
        text(512)(entry, f"{path}.{name}")
