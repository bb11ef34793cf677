"""API paths that the engine does not support, with advice for the 404."""

from collections.abc import Mapping
from types import MappingProxyType

_ENGINE = "This is the embedded engine of openai-cli, which has assistants, threads and runs only."
_FILES = (
    "Files and vector stores are on the models' server: create them there, and use their ids in "
    "runs (with --upstream-api responses)."
)
_MODELS = (
    "Send the request to the models' server, or to `openai local serve --passthrough`, which "
    "forwards it."
)
_ELSEWHERE = "Send the request to a server that supports this endpoint."

_ADVICE: Mapping[str, str] = MappingProxyType(
    {
        "files": _FILES,
        "uploads": _FILES,
        "vector_stores": _FILES,
        "chat": _MODELS,
        "responses": _MODELS,
        **dict.fromkeys(
            (
                *("audio", "batches", "completions", "containers", "conversations", "embeddings"),
                *("evals", "fine_tuning", "images", "moderations", "realtime", "videos"),
            ),
            _ELSEWHERE,
        ),
    }
)
"""By the first part of the path."""


def advice(path: str) -> str:
    """Two sentences of advice for a path of other API endpoints; empty for any other path."""
    found = _ADVICE.get(path.strip("/").partition("/")[0])
    return f"{_ENGINE} {found}" if found else ""
