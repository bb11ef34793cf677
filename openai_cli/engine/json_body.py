"""The JSON object in the body of a request."""

from openai_cli.engine import strict_json
from openai_cli.engine.refusals import RefusalError
from openai_cli.engine.strict_json import JsonObject


def read_object(content: bytes) -> JsonObject:
    """Parse the object.

    Raises:
        RefusalError: the content is not a JSON object.
    """
    try:
        body = strict_json.parse(content)
    except ValueError as error:
        raise RefusalError(f"The body of the request is not valid JSON: {error}.") from error
    if not isinstance(body, dict):
        raise RefusalError("The body of the request must be a JSON object.")
    return body
