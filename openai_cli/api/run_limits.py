"""Limits of a run that this tool sets, not the API."""

MAX_TOOL_TURNS = 32
"""Default limit of tool-call turns: without it, a model could call functions endlessly."""
MAX_TOOL_TURNS_VARIABLE = "OPENAI_MAX_TOOL_TURNS"
DROP_TOOLS_VARIABLE = "OPENAI_LOCAL_DROP_UNSUPPORTED_TOOLS"
MOST_TOOL_TURNS = 100_000
"""The largest limit that may be set."""
