"""The arguments of calls that are given back to a model."""

import json

from openai_cli.api.json_constants import refuse_constant
from openai_cli.engine.strict_json import dumps


def replayable(arguments: str) -> str:
    """The arguments as the JSON object that servers insist on; as the model spelt it if it is one.

    A model may break off, or say `5`. What it said then stands inside of an object, so that it can
    make sense of the error that its tool gives back.
    """
    if not arguments.strip():
        return "{}"
    try:
        value = json.loads(arguments, parse_constant=refuse_constant)
    except (ValueError, RecursionError):
        value = arguments
    if isinstance(value, dict):
        return arguments
    return "{}" if value is None else dumps({"invalid_arguments": arguments})
