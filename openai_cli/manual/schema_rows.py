"""JSON schemas from pydantic as table rows: one per field, nested fields included."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

Schema = Mapping[str, Any]

_BOUNDS = ("minimum", "maximum", "ge", "le")
"""`ge` and `le` come from pydantic, for types without a JSON schema keyword."""


@dataclass(frozen=True)
class SchemaRow:
    """A field, by its path in the value (`messages[].role`), with the allowed values.

    `when` is the kind of object that has the field (`type: function`).
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

    def rows(self, schema: Schema | None = None, path: str = "") -> Iterator[SchemaRow]:
        """The rows of every field of a schema (the root by default), parents first."""
        members = self._members(self._root if schema is None else schema)
        objects = [member for member in members if "properties" in member]
        if len(objects) > 1:
            yield from self._variants(objects, path)
        for member in objects if len(objects) == 1 else ():
            yield from self._fields(member, path)
        for member in members:
            if member.get("type") == "array":
                yield from self.rows(member.get("items", {}), f"{path}[]")

    def sample(self, schema: Schema | None = None) -> Any:
        """A sample value, built from the examples in the schema."""
        schema = self._root if schema is None else schema
        if "examples" in schema:
            return schema["examples"][0]
        member = next(iter(self._members(schema)))
        if member.get("type") == "array":
            return [self.sample(member["items"])]
        return {name: self.sample(inner) for name, inner in member["properties"].items()}

    def _members(self, schema: Schema) -> list[Schema]:
        """The alternatives of a schema, with references resolved and without null."""
        if "$ref" in schema:
            return self._members(self._definitions[schema["$ref"].rpartition("/")[2]])
        options = schema.get("anyOf") or schema.get("oneOf")
        if options is None:
            return [] if schema.get("type") == "null" else [schema]
        limits = {name: schema[name] for name in _BOUNDS if name in schema}
        return [{**limits, **member} for option in options for member in self._members(option)]

    def _variants(self, objects: list[Schema], path: str) -> Iterator[SchemaRow]:
        """Rows of objects distinguished by `type`: that field once, then the fields of each."""
        words = [word for member in objects for word in _words(member["properties"]["type"])]
        unique = ", ".join(json.dumps(word) for word in dict.fromkeys(words))
        yield SchemaRow(f"{path}.type".removeprefix("."), "TEXT", required=True, limits=unique)
        for member in objects:
            own = {name: s for name, s in member["properties"].items() if name != "type"}
            when = "type: " + " or ".join(_words(member["properties"]["type"]))
            for row in self._fields({**member, "properties": own}, path):
                yield replace(row, when=row.when or when)

    def _fields(self, member: Schema, path: str) -> Iterator[SchemaRow]:
        for name, inner in member["properties"].items():
            field_path = f"{path}.{name}".removeprefix(".")
            yield self._row(field_path, inner, required=name in member.get("required", ()))
            yield from self.rows(inner, field_path)

    def _row(self, path: str, schema: Schema, *, required: bool) -> SchemaRow:
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
    """The kind of a value, as the metavars of flags name it."""
    plain = {"string": "TEXT", "integer": "INTEGER", "number": "NUMBER", "boolean": "BOOLEAN"}
    kind = schema.get("type")
    if kind == "array":
        inner = dict.fromkeys(_kind(member, members) for member in members(schema.get("items", {})))
        return f"list of {' or '.join(inner)}"
    if kind == "object":
        return "OBJECT"
    return plain.get(str(kind), "VALUE")


def _words(schema: Schema) -> list[str]:
    """The strings a schema allows; empty if it does not list them."""
    return [schema["const"]] if "const" in schema else list(schema.get("enum", ()))


def _limits(schema: Schema) -> str:
    low, high, ge, le = (schema.get(name) for name in _BOUNDS)
    low, high = (ge if low is None else low), (le if high is None else high)
    parts = [
        ", ".join(json.dumps(word) for word in _words(schema)),
        "" if low is None or high is None else f"{low:g} to {high:g}",
        "not empty" if schema.get("minLength") == 1 else "",
        f"at most {schema['maxProperties']} pairs" if "maxProperties" in schema else "",
        f"`{schema['pattern']}`" if "pattern" in schema else "",
    ]
    return "; ".join(part for part in parts if part)
