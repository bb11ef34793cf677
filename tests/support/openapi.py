"""The API description, made from the recorded facts, and the one check of values against it."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

_FACTS = Path(__file__).parents[1] / "data" / "facts" / "schemas.json"
_NOT_JSON_SCHEMA = {
    "nullable", "suggestedValues", "discriminator", "atLeastOneRequired", "format",
    "required_misplaced_on_array",
}  # fmt: skip
_REF = "#/components/schemas/"


def document() -> dict[str, Any]:
    """OpenAPI 3.1: create-and-run and retrieve, with every schema they need."""
    run = {"200": {"description": "The run", "content": _json({"$ref": _REF + "RunObject"})}}
    ids = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in ("thread_id", "run_id")
    ]
    request = {"required": True, "content": _json({"$ref": _REF + "CreateThreadAndRunRequest"})}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Assistants", "version": "2"},
        "paths": {
            "/v1/threads/runs": {
                "post": {"operationId": "createRun", "requestBody": request, "responses": run}
            },
            "/v1/threads/{thread_id}/runs/{run_id}": {
                "get": {"operationId": "getRun", "parameters": ids, "responses": run}
            },
        },
        "components": {"schemas": schemas()},
    }


@cache
def schemas() -> dict[str, Any]:
    """Every schema by its name, as JSON Schema."""
    described = json.loads(_FACTS.read_text(encoding="utf-8"))["schemas"]
    return {name: _convert(schema) for name, schema in described.items()}


def schema_errors(value: Any, name: str) -> list[str]:
    """What the API description has against a value that should be of the schema of this name."""
    found = _validator(name).iter_errors(value)
    return [f"{error.message} (at {error.json_path})" for error in found]


@cache
def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": _REF + name, "components": {"schemas": schemas()}})


def request_schema() -> dict[str, Any]:
    """The body of create-and-run as a self-contained JSON Schema."""
    return {**document(), "$ref": _REF + "CreateThreadAndRunRequest"}


def _convert(schema: Any) -> Any:
    """One schema of the facts as JSON Schema: references with full paths, null as a type."""
    if not isinstance(schema, dict):
        return schema
    plain = {
        key: _keyword(key, value) for key, value in schema.items() if key not in _NOT_JSON_SCHEMA
    }
    if "atLeastOneRequired" in schema:
        plain["anyOf"] = [{"required": keys} for keys in schema["atLeastOneRequired"]]
    return {"anyOf": [plain, {"type": "null"}]} if schema.get("nullable") else plain


def _keyword(key: str, value: Any) -> Any:
    if key == "$ref":
        return _REF + value
    if key == "properties":
        return {name: _convert(schema) for name, schema in value.items()}
    if key in ("items", "additionalProperties"):
        return _convert(value)
    return [_convert(option) for option in value] if key == "oneOf" else value


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
