"""A configuration file in the home of the command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes the configuration file, which only its owner can read unless a mode is given."""

    def write(text: str, *, mode: int = 0o600) -> Path:
        path = tmp_path / "home" / ".config" / "openai-cli" / "config.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
        return path

    return write
