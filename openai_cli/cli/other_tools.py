"""Words that other commands named `openai` know, and this one does not."""

from __future__ import annotations

import openai_cli

OFFICIAL = "OpenAI's own command line (https://github.com/openai/openai-cli)"
LEGACY = "the `openai` of the official Python package before version 2.40"

_OFFICIAL_WORDS = (
    "admin", "audio", "batches", "beta:chatkit", "beta:responses", "chat", "completions",
    "containers", "conversations", "embeddings", "evals", "files", "fine-tuning", "graders",
    "images", "models", "moderations", "realtime", "responses", "skills", "uploads",
    "vector-stores", "videos", "webhooks",
)  # fmt: skip
_LEGACY_WORDS = ("api", "tools", "migrate", "grit")


def owner_of(word: str) -> str:
    """Which other tool has a command of this name, or ""; `chat:completions` is found by `chat`.

    Some have left `beta:` since.
    """
    if word in _LEGACY_WORDS:
        return LEGACY
    words = (word, word.removeprefix("beta:"))
    known = any(f"{one}:".startswith(f"{name}:") for one in words for name in _OFFICIAL_WORDS)
    return OFFICIAL if known else ""


def explanation(word: str, owner: str) -> str:
    """What this tool is, and which other one has the command."""
    return (
        f"this is {openai_cli.DISTRIBUTION}, which has the Assistants commands alone; "
        f"{word} is a command of {owner}"
    )
