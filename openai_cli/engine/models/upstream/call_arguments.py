"""Arguments of function calls, as sent back to a model."""

import json

from openai_cli.api.json_constants import refuse_constant
from openai_cli.engine.strict_json import dumps


def replayable(arguments: str) -> str:
    """The arguments as a JSON object, which servers require; unchanged if they are one.

    A model may stop in the middle, or send `5`. Such text is wrapped in an object, so that the
    model can understand the error that its tool returns.
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
