"""Commands of other tools named `openai`, which this tool lacks."""

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
    """The other tool that has this command, or ""; only the part before the first colon counts.

    `beta:` is skipped, because some commands were moved out of it.
    """
    if word in _LEGACY_WORDS:
        return LEGACY
    words = (word, word.removeprefix("beta:"))
    known = any(f"{one}:".startswith(f"{name}:") for one in words for name in _OFFICIAL_WORDS)
    return OFFICIAL if known else ""


def explanation(word: str, owner: str) -> str:
    """The message that names this tool, and the tool that has the command."""
    return (
        f"this is {openai_cli.DISTRIBUTION}, which has only the Assistants commands; "
        f"{word} is a command of {owner}"
    )
