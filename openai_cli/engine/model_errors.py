"""Translates pydantic's errors into the API's refusals."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from pydantic_core import ErrorDetails

from openai_cli.api.check import Path, error_path, path_text, quoted
from openai_cli.engine import refusals
from openai_cli.engine.refusals import RefusalError

_Refusal = Callable[[str, Any, Mapping[str, Any]], RefusalError]


def refusal_of(detail: ErrorDetails, above: Path = ()) -> RefusalError:
    """The refusal for one error; `above` is the path of the validated value."""
    path = (*above, *error_path(detail))
    refusal, value, context = _REFUSALS[detail["type"]], detail["input"], detail.get("ctx", {})
    if path and path[-1] == "[key]":
        return refusals.key_too_long(path_text(path[:-2]), value, context["max_length"])
    return refusal(path_text(path), value, context)


def describe(value: object) -> str:
    """The JSON type of a value, with an article."""
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


def _wrong_type(expected: str) -> _Refusal:
    return lambda param, value, _: refusals.wrong_type(param, expected, describe(value))


def _no_word(param: str, value: Any, words: list[str]) -> RefusalError:
    if isinstance(value, str):
        return refusals.wrong_value(param, value, words)
    return refusals.wrong_type(param, "a string", describe(value))


def _no_choice(param: str, value: Any, context: Mapping[str, Any]) -> RefusalError:
    """A value that matches no member of a union, see `api.base.tagged`."""
    words, key = context["words"], context["key"]
    if isinstance(value, str) and words:
        return refusals.wrong_value(param, value, words)
    if not isinstance(value, dict):
        expected = "an object"
        if words:
            word = f"'{words[0]}'" if len(words) == 1 else "a string"
            expected = f"one of {word} or an object"
        return refusals.wrong_type(param, expected, describe(value))
    if key not in value:
        return refusals.missing(f"{param}.{key}")
    return _no_word(f"{param}.{key}", value[key], context["allowed"])


def _no_name(param: str, value: Any, context: Mapping[str, Any]) -> RefusalError:
    if len(value) > context["max_length"]:
        return refusals.text_too_long(param, value, context["max_length"])
    return refusals.wrong_pattern(param, context["pattern"])


def _too_long(param: str, value: Any, context: Mapping[str, Any]) -> RefusalError:
    wording = refusals.too_many_properties if isinstance(value, dict) else refusals.list_too_long
    return wording(param, value, context["max_length"])


_REFUSALS: Mapping[str, _Refusal] = MappingProxyType(
    {
        "missing": lambda p, _v, _c: refusals.missing(p),
        "needed": lambda p, _v, c: refusals.missing(f"{p}.{c['field']}"),
        "string_type": _wrong_type("a string"),
        "int_type": _wrong_type("an integer"),
        "number_type": _wrong_type("a number"),
        "bool_type": _wrong_type("a boolean"),
        "dict_type": _wrong_type("an object"),
        "model_type": _wrong_type("an object"),
        "list_type": _wrong_type("an array"),
        "text_or_list": _wrong_type("one of a string or array of objects"),
        "choice": _no_choice,
        "literal_error": lambda p, v, c: _no_word(p, v, quoted(c["expected"])),
        "greater_than_equal": lambda p, v, c: refusals.below_minimum(p, v, c["ge"]),
        "less_than_equal": lambda p, v, c: refusals.above_maximum(p, v, c["le"]),
        "string_too_short": lambda p, _v, _c: refusals.empty_text(p),
        "string_too_long": lambda p, v, c: refusals.text_too_long(p, v, c["max_length"]),
        "name": _no_name,
        "too_long": _too_long,
    }
)
"""By pydantic's error type; the request models raise no others."""
