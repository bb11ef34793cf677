"""JSON schemas, as pydantic makes them, laid out as rows: one for each place in a value."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

Schema = Mapping[str, Any]

_BOUNDS = ("minimum", "maximum", "ge", "le")
"""The last two are pydantic's, for types it has no schema words for."""


@dataclass(frozen=True)
class SchemaRow:
    """A place in a value (`messages[].role`) and what may stand there.

    `when` says for which kind of object it exists (`type: function`).
    """

    path: str
    kind: str
    required: bool = False
    nullable: bool = False
    limits: str = ""
    about: str = ""
    when: str = ""


class _InOrder(GenerateJsonSchema):
    """Keeps keys in the order they are declared in."""

    def sort(self, value: JsonSchemaValue, parent_key: str | None = None) -> JsonSchemaValue:  # noqa: ARG002 - pydantic's signature
        return value


class Shape:
    """The JSON schema of a model."""

    def __init__(self, model: type[BaseModel]) -> None:
        self._root: Schema = model.model_json_schema(schema_generator=_InOrder)
        self._definitions: Schema = self._root.get("$defs", {})

    def places(self, schema: Schema | None = None, path: str = "") -> Iterator[SchemaRow]:
        """Every place below a schema (the root if none is given), from the outside in."""
        members = self._members(self._root if schema is None else schema)
        objects = [member for member in members if "properties" in member]
        if len(objects) > 1:
            yield from self._variants(objects, path)
        for member in objects if len(objects) == 1 else ():
            yield from self._fields(member, path)
        for member in members:
            if member.get("type") == "array":
                yield from self.places(member.get("items", {}), f"{path}[]")

    def sample(self, schema: Schema | None = None) -> Any:
        """A value made of the examples in the schema."""
        schema = self._root if schema is None else schema
        if "examples" in schema:
            return schema["examples"][0]
        member = next(iter(self._members(schema)))
        if member.get("type") == "array":
            return [self.sample(member["items"])]
        return {name: self.sample(inner) for name, inner in member["properties"].items()}

    def _members(self, schema: Schema) -> list[Schema]:
        """The kinds of value a schema allows, references followed, null left out."""
        if "$ref" in schema:
            return self._members(self._definitions[schema["$ref"].rpartition("/")[2]])
        options = schema.get("anyOf") or schema.get("oneOf")
        if options is None:
            return [] if schema.get("type") == "null" else [schema]
        limits = {name: schema[name] for name in _BOUNDS if name in schema}
        return [{**limits, **member} for option in options for member in self._members(option)]

    def _variants(self, objects: list[Schema], path: str) -> Iterator[SchemaRow]:
        """Objects told apart by their `type`: that field once, then the fields of each."""
        words = [word for member in objects for word in _words(member["properties"]["type"])]
        unique = ", ".join(json.dumps(word) for word in dict.fromkeys(words))
        yield SchemaRow(f"{path}.type".removeprefix("."), "TEXT", required=True, limits=unique)
        for member in objects:
            own = {name: s for name, s in member["properties"].items() if name != "type"}
            when = "type: " + " or ".join(_words(member["properties"]["type"]))
            for place in self._fields({**member, "properties": own}, path):
                yield replace(place, when=place.when or when)

    def _fields(self, member: Schema, path: str) -> Iterator[SchemaRow]:
        for name, inner in member["properties"].items():
            place = f"{path}.{name}".removeprefix(".")
            yield self._place(place, inner, required=name in member.get("required", ()))
            yield from self.places(inner, place)

    def _place(self, path: str, schema: Schema, *, required: bool) -> SchemaRow:
        members = self._members(schema)
        kinds = dict.fromkeys(_kind(member, self._members) for member in members)
        if "NUMBER" in kinds:
            kinds.pop("INTEGER", None)
        return SchemaRow(
            path=path,
            kind=" or ".join(kinds),
            required=required,
            nullable=any(option.get("type") == "null" for option in schema.get("anyOf", ())),
            limits="; ".join(dict.fromkeys(filter(None, map(_limits, members)))),
            about=schema.get("description", ""),
        )


def _kind(schema: Schema, members: Any) -> str:
    """The kind of a value, in the words that help uses for flags."""
    plain = {"string": "TEXT", "integer": "INTEGER", "number": "NUMBER", "boolean": "BOOLEAN"}
    kind = schema.get("type")
    if kind == "array":
        inner = dict.fromkeys(_kind(member, members) for member in members(schema.get("items", {})))
        return f"list of {' or '.join(inner)}"
    if kind == "object":
        return "OBJECT"
    return plain.get(str(kind), "VALUE")


def _words(schema: Schema) -> list[str]:
    """The texts a schema allows, if it lists them."""
    return [schema["const"]] if "const" in schema else list(schema.get("enum", ()))


def _limits(schema: Schema) -> str:
    low, high, ge, le = (schema.get(name) for name in _BOUNDS)
    low, high = (ge if low is None else low), (le if high is None else high)
    said = [
        ", ".join(json.dumps(word) for word in _words(schema)),
        "" if low is None or high is None else f"{low:g} to {high:g}",
        "not empty" if schema.get("minLength") == 1 else "",
        f"at most {schema['maxProperties']} pairs" if "maxProperties" in schema else "",
        f"`{schema['pattern']}`" if "pattern" in schema else "",
    ]
    return "; ".join(part for part in said if part)
