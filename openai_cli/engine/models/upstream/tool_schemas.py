"""Functions and schemas as every server takes them: whole, and without nulls."""

from openai_cli.engine.strict_json import JsonObject


def function_of(tool: JsonObject) -> JsonObject:
    """The function of a tool. Servers refuse nulls, and functions that name no parameters."""
    function = without_nulls(tool["function"])
    return function if "parameters" in function else {**function, "parameters": _none(function)}


def without_nulls(value: JsonObject) -> JsonObject:
    """The fields that say something; what a schema holds inside of it stays as it is."""
    return {name: one for name, one in value.items() if one is not None}


def _none(function: JsonObject) -> JsonObject:
    """A schema of no parameters, with what a strict one has to say."""
    schema: JsonObject = {"type": "object", "properties": {}}
    if function.get("strict"):
        schema |= {"required": [], "additionalProperties": False}
    return schema
