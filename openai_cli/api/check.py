"""Validates a request against its model, with messages that name the fix."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from openai_cli.api.base import TAG_MARK, RequestModel

Path = tuple[str | int, ...]
_FOUND_LIMIT = 60
_ABSENT = object()


class Finding(NamedTuple):
    """A problem or warning about a value: its path in the request, and the message.

    `missing` means that a required value is absent.
    """

    path: Path
    message: str
    missing: bool = False


def validate(model: type[RequestModel], values: Mapping[str, Any]) -> RequestModel | list[Finding]:
    """The request as a model, or all problems found."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        return [_finding(detail) for detail in error.errors(include_url=False)]


def body_of(model: RequestModel) -> dict[str, Any]:
    """The body to send: set fields and unknown ones, under the API's names."""
    return model.model_dump(by_alias=True, exclude_unset=True)


def path_text(path: Path) -> str:
    """`("messages", 0, "role")` as `messages[0].role`."""
    parts = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return "".join(parts).removeprefix(".")


def shown(value: object) -> str:
    """A value for messages: compact JSON, cut to 60 characters."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _FOUND_LIMIT else text[: _FOUND_LIMIT - 1] + "…"


def suggestion(word: object, allowed: list[str]) -> str:
    """` (did you mean …?)` if the word is a near miss, else nothing."""
    close = get_close_matches(word, allowed, n=1, cutoff=0.7) if isinstance(word, str) else []
    return f" (did you mean {close[0]}?)" if close and close[0] != word else ""


def alternatives(words: list[str]) -> str:
    """`a, b or c`."""
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def error_path(detail: ErrorDetails) -> Path:
    """The path of a pydantic error in the request, without union tags."""
    return tuple(step for step in detail["loc"] if not str(step).startswith(TAG_MARK))


def _finding(detail: ErrorDetails) -> Finding:
    path = error_path(detail)
    of_key = bool(path) and path[-1] == "[key]"
    if detail["type"] in ("missing", "needed"):
        path += () if detail["type"] == "missing" else (detail["ctx"]["field"],)
        why = detail.get("ctx", {}).get("why", "is required")
        return Finding(path, why + _misspelt(path, detail["input"]), missing=True)
    phrase = _EXPECTED.get(detail["type"])
    expected = phrase(detail.get("ctx", {})) if phrase else detail["msg"]
    subject = f"expected a key of {expected}" if of_key else f"expected {expected}"
    found = _found(detail)
    return Finding(path[:-1] if of_key else path, f"{subject}, found {found}{_near(detail)}")


def _found(detail: ErrorDetails) -> str:
    value = detail["input"]
    if detail["type"] == "too_long":
        return f"{len(value)}"
    if detail["type"] == "string_too_long":
        return f"{len(value)}: {shown(value)}"
    return shown(value)


def _near(detail: ErrorDetails) -> str:
    context = detail.get("ctx", {})
    value = detail["input"]
    if detail["type"] == "literal_error":
        return suggestion(value, quoted(context["expected"]))
    if detail["type"] != "choice":
        return ""
    if isinstance(value, str) and value in context["allowed"]:
        needed = "".join(f", {name}: …" for name in context["needed"])
        return f" (write {{{context['key']}: {value}{needed}}})"
    key = value.get(context["key"], "") if isinstance(value, dict) else value
    return suggestion(key, [*context["words"], *context["allowed"]])


def _misspelt(path: Path, value: object) -> str:
    """For a missing key: a present key that is probably a misspelling of it."""
    keys = [*value] if isinstance(value, dict) else []
    close = get_close_matches(str(path[-1]), map(str, keys), n=1, cutoff=0.7)
    return f" (found {close[0]})" if close and close[0] != path[-1] else ""


def quoted(expected: str) -> list[str]:
    """The words in pydantic's list `'a', 'b' or 'c'`."""
    return expected.split("'")[1::2]


def _choice(context: Mapping[str, Any]) -> str:
    of_type = alternatives([json.dumps(name) for name in context["allowed"]])
    form = f"an object whose {context['key']} is {of_type}"
    words = [json.dumps(word) for word in context["words"]]
    return f"{alternatives(words)}, or {form}" if words else form


def _plain(phrase: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda _context: phrase


_THINGS = {"Dictionary": "pairs", "List": "elements"}

_EXPECTED: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "string_type": _plain("a text"),
    "int_type": _plain("a whole number"),
    "int_from_float": _plain("a whole number"),
    "number_type": _plain("a number"),
    "bool_type": _plain("true or false"),
    "dict_type": _plain("an object"),
    "model_type": _plain("an object"),
    "list_type": _plain("a list"),
    "text_or_list": _plain("a text or a list of parts"),
    "string_too_short": _plain("a text that is not empty"),
    "literal_error": lambda c: alternatives([json.dumps(w) for w in quoted(c["expected"])]),
    "greater_than_equal": lambda c: f"a number of at least {c['ge']:g}",
    "less_than_equal": lambda c: f"a number of at most {c['le']:g}",
    "string_too_long": lambda c: f"at most {c['max_length']} characters",
    "too_long": lambda c: f"at most {c['max_length']} {_THINGS[c['field_type']]}",
    "name": lambda c: f"1 to {c['max_length']} letters, digits, underscores or dashes",
    "choice": _choice,
}


def slips(model: RequestModel) -> Iterator[Finding]:
    """Unknown keys that resemble a known one, at every depth."""
    yield from _slips(model, ())


def _slips(value: object, path: Path) -> Iterator[Finding]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _slips(item, (*path, index))
    if not isinstance(value, RequestModel):
        return
    fields = type(value).model_fields
    if value.model_extra:
        known = [info.alias or name for name, info in fields.items()]
        for key in value.model_extra:
            near = suggestion(plain_key(key), known)
            if near or plain_key(key) in known:
                hint = near or f" (did you mean {plain_key(key)}?)"
                yield Finding((*path, key), f"unknown key, sent as it is{hint}")
    for name in value.model_fields_set:
        if info := fields.get(name):
            yield from _slips(getattr(value, name), (*path, info.alias or name))


def plain_key(key: str) -> str:
    """The key in the spelling of fields: `Max-Tokens` as `max_tokens`."""
    return key.lower().replace("-", "_")
