"""Hosted tools that a model's backend does not support: the run is refused, or omits them.

OPENAI_LOCAL_DROP_UNSUPPORTED_TOOLS  1: omit them; default: refuse the run
"""

from collections.abc import Mapping, Sequence

from openai_cli.api.run_limits import DROP_TOOLS_VARIABLE
from openai_cli.engine.models.interface import Unsupported
from openai_cli.engine.refusals import RefusalError
from openai_cli.engine.strict_json import JsonObject

_YES, _NO = ("1", "true"), ("", "0", "false")


def read_drop_unsupported_tools(environ: Mapping[str, str]) -> bool:
    """Whether runs omit unsupported hosted tools.

    Raises:
        RefusalError: the variable is neither 0 nor 1.
    """
    text = environ.get(DROP_TOOLS_VARIABLE, "")
    if text.lower() not in (*_YES, *_NO):
        raise RefusalError(
            f"{DROP_TOOLS_VARIABLE} must be 1 or 0, not '{text}'.", code="invalid_value"
        )
    return text.lower() in _YES


def without_tools(settings: JsonObject, found: Sequence[Unsupported]) -> JsonObject:
    """The settings of a run without the tools that were found to be unsupported."""
    dropped = {one.value for one in found if one.field.startswith("tools[")}
    tools = [tool for tool in settings.get("tools") or [] if tool["type"] not in dropped]
    choice = settings.get("tool_choice")
    chosen = choice["type"] if isinstance(choice, dict) else choice
    gone = chosen in dropped or (chosen == "required" and not tools)
    kept = {name: value for name, value in settings.items() if not (gone and name == "tool_choice")}
    return {**kept, "tools": tools}


def dropped_names(found: Sequence[Unsupported]) -> str:
    """The names of the omitted features, for a message: `code_interpreter, attachments`."""
    names = (str(one.value or one.field.rpartition(".")[2]) for one in found)
    return ", ".join(dict.fromkeys(names))
