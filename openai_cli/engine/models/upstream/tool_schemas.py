"""Functions and schemas in the form that every server accepts: complete, without nulls."""

from openai_cli.engine.strict_json import JsonObject


def function_of(tool: JsonObject) -> JsonObject:
    """The function of a tool, without nulls and always with parameters, as servers require."""
    function = without_nulls(tool["function"])
    return function if "parameters" in function else {**function, "parameters": _none(function)}


def without_nulls(value: JsonObject) -> JsonObject:
    """The object without null fields; nested objects are unchanged."""
    return {name: one for name, one in value.items() if one is not None}


def _none(function: JsonObject) -> JsonObject:
    """A schema without parameters, with the fields that a strict function requires."""
    schema: JsonObject = {"type": "object", "properties": {}}
    if function.get("strict"):
        schema |= {"required": [], "additionalProperties": False}
    return schema
