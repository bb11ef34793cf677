"""The limit of tool-call turns of a run: some models never stop calling, and each turn costs.

OPENAI_MAX_TOOL_TURNS  turns; default: 32
"""

from collections.abc import Mapping

from openai_cli.api.run_limits import MAX_TOOL_TURNS, MAX_TOOL_TURNS_VARIABLE, MOST_TOOL_TURNS
from openai_cli.engine.refusals import RefusalError
from openai_cli.engine.strict_json import JsonObject


def read_tool_turn_limit(environ: Mapping[str, str]) -> int:
    """The limit from the environment.

    Raises:
        RefusalError: the variable is not a number in the allowed range.
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


def tool_turns_error(limit: int) -> JsonObject:
    """The error of a run whose model asks for tool outputs after the last turn allowed."""
    message = (
        f"The model asks for tool outputs again after {limit} turns, the limit of "
        f"--max-tool-turns (or {MAX_TOOL_TURNS_VARIABLE}) for a run."
    )
    return {"code": "server_error", "message": message}
