"""OpenAPI description of two operations, built from the recorded facts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_FACTS = Path(__file__).parents[1] / "data" / "facts" / "schemas.json"
_NOT_JSON_SCHEMA = {
    "nullable", "suggestedValues", "discriminator", "atLeastOneRequired", "format",
    "required_misplaced_on_array",
}  # fmt: skip
_REF = "#/components/schemas/"


def document() -> dict[str, Any]:
    """OpenAPI 3.1: create-and-run and retrieve, with every schema they need."""
    schemas = json.loads(_FACTS.read_text(encoding="utf-8"))["schemas"]
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
        "components": {"schemas": {name: convert(schema) for name, schema in schemas.items()}},
    }


def request_schema() -> dict[str, Any]:
    """The body of create-and-run as a self-contained JSON Schema."""
    return {**document(), "$ref": _REF + "CreateThreadAndRunRequest"}


def convert(schema: Any) -> Any:
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
        return {name: convert(schema) for name, schema in value.items()}
    if key in ("items", "additionalProperties"):
        return convert(value)
    return [convert(option) for option in value] if key == "oneOf" else value


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
