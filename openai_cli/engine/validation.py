"""Validates requests against their models; raises the API's refusals.

Pydantic checks types and documented limits; its first error becomes the refusal. Rules for servers
only (`ServerRule`, `closed`) are checked afterwards.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from openai_cli.api.base import RequestModel, ServerRule
from openai_cli.api.check import Path, path_text
from openai_cli.api.flags import Kind, kind_of
from openai_cli.api.operation import Operation
from openai_cli.engine import refusals
from openai_cli.engine.model_errors import refusal_of
from openai_cli.engine.refusals import RefusalError
from openai_cli.engine.strict_json import JsonObject

_INTEGER = re.compile(r"-?[0-9]{1,18}")
_KINDS = {
    Kind.TEXT: "a string",
    Kind.INTEGER: "an integer",
    Kind.NUMBER: "a number",
    Kind.BOOLEAN: "a boolean",
    Kind.OBJECT: "an object",
    Kind.LIST: "an array",
}


def check_request(
    operation: Operation,
    model: type[RequestModel],
    ids: Mapping[str, str],
    query: Sequence[tuple[str, str]],
    body: JsonObject,
) -> tuple[JsonObject, JsonObject]:
    """The parameters in the query, with their defaults, and the fields of the body that are set.

    Raises:
        RefusalError: the first error in the request.
    """
    elsewhere = {*ids, *operation.query_fields}
    for name in body:
        if name in elsewhere:
            raise refusals.unknown(name)
    values = {**_query_values(model, operation.query_fields, query), **body, **ids}
    try:
        request = model.model_validate(values)
    except ValidationError as error:
        raise refusal_of(error.errors(include_url=False)[0]) from error
    refusal = next(_server_refusals(request, (), closed=True), None)
    if refusal is not None:
        raise refusal
    parameters = request.model_dump(include=set(operation.query_fields))
    return parameters, request.model_dump(by_alias=True, exclude_unset=True, exclude=elsewhere)


def _query_values(
    model: type[RequestModel], names: frozenset[str], query: Sequence[tuple[str, str]]
) -> JsonObject:
    """The parameters by name, parsed by type; the last value of a repeated parameter counts.

    An empty parameter (`after=`) counts as absent: clients send it for unset variables.
    """
    values: JsonObject = {}
    for written, value in query:
        name = written.removesuffix("[]")
        kind = kind_of(model.model_fields[name].annotation) if name in names else None
        if kind is None or (written != name and kind is not Kind.LIST):
            raise refusals.unknown(written)
        if not value:
            continue
        if kind is Kind.LIST:
            values.setdefault(name, []).append(value)
        elif kind is Kind.INTEGER and _INTEGER.fullmatch(value):
            values[name] = int(value)
        else:
            values[name] = value
    return values


def _server_refusals(value: object, path: Path, *, closed: bool = False) -> Iterator[RefusalError]:
    """The violations of server-only rules, at every depth."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _server_refusals(item, (*path, index))
    if not isinstance(value, RequestModel):
        return
    if closed or value.closed:
        for name in value.model_extra or {}:
            yield refusals.unknown(path_text((*path, name)))
    for name, info in type(value).model_fields.items():
        if name in value.model_fields_set:
            found, place = getattr(value, name), (*path, info.alias or name)
            for rule in info.metadata:
                if isinstance(rule, ServerRule):
                    yield from _broken(rule, found, path_text(place), info.annotation)
            yield from _server_refusals(found, place)


def _broken(rule: ServerRule, value: Any, param: str, annotation: Any) -> Iterator[RefusalError]:
    if value is None:
        if not rule.null:
            yield refusals.wrong_type(param, _KINDS[kind_of(annotation)], "null")
    elif isinstance(value, str):
        if rule.longest is not None and len(value) > rule.longest:
            yield refusals.text_too_long(param, value, rule.longest)
    elif isinstance(value, list):
        if rule.longest is not None and len(value) > rule.longest:
            yield refusals.list_too_long(param, value, rule.longest)
        if len(value) < rule.fewest:
            yield refusals.list_too_short(param, value, rule.fewest)
    elif rule.least is not None and value < rule.least:
        yield refusals.below_minimum(param, value, rule.least)
