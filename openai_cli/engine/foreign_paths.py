"""Paths of the API that the engine does not have: what it is, and what to do instead."""

from collections.abc import Mapping
from types import MappingProxyType

_ENGINE = "This is the embedded engine of openai-cli, which has assistants, threads and runs only."
_FILES = (
    "Files and vector stores are kept at the server of the models: create them there, and name "
    "their ids in runs (with --upstream-api responses)."
)
_MODELS = (
    "Send the request to the server of the models itself, or to `openai local serve "
    "--passthrough`, which passes it on."
)
_ELSEWHERE = "Send the request to a server that has this part of the API."

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
    """Two sentences on a path that the API has elsewhere; empty for any other path."""
    found = _ADVICE.get(path.strip("/").partition("/")[0])
    return f"{_ENGINE} {found}" if found else ""
