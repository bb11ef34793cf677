"""How many turns of function calls a run may have: some models call for ever, and each turn costs.

OPENAI_MAX_TOOL_TURNS  turns; default: 32
"""

from collections.abc import Mapping

from openai_cli.api.run_limits import MAX_TOOL_TURNS, MAX_TOOL_TURNS_VARIABLE, MOST_TOOL_TURNS
from openai_cli.engine.refusals import RefusalError
from openai_cli.engine.strict_json import JsonObject


def read_tool_turn_limit(environ: Mapping[str, str]) -> int:
    """The limit of this environment.

    Raises:
        RefusalError: the variable holds something else.
    """
    text = environ.get(MAX_TOOL_TURNS_VARIABLE)
    if not text:
        return MAX_TOOL_TURNS
    if text.isascii() and text.isdecimal() and 1 <= int(text) <= MOST_TOOL_TURNS:
        return int(text)
    raise RefusalError(
        f"{MAX_TOOL_TURNS_VARIABLE} must be a whole number from 1 to {MOST_TOOL_TURNS}, "
        f"not '{text}'.",
        code="invalid_value",
    )


def turned_away(limit: int) -> JsonObject:
    """The error of a run whose model asks for tool outputs after the last turn allowed."""
    message = (
        f"The model asks for tool outputs again after {limit} turns, the limit of "
        f"--max-tool-turns (or {MAX_TOOL_TURNS_VARIABLE}) for a run."
    )
    return {"code": "server_error", "message": message}
