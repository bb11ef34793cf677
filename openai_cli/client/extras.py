"""The command that adds an extra to this installation, for the installer that was used."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from openai_cli import DISTRIBUTION
from openai_cli.shell_words import command_line


def install_command(extra: str) -> str:
    """The shell command that adds an extra: with pipx, uv, or this Python's pip."""
    needed = _requirements(extra)
    prefix = Path(sys.prefix)
    if needed and (prefix / "pipx_metadata.json").is_file():
        return command_line(["pipx", "inject", DISTRIBUTION, *needed])
    if needed and (prefix / "uv-receipt.toml").is_file():
        more = [word for one in needed for word in ("--with", one)]
        return command_line(["uv", "tool", "install", *more, _source(prefix / "uv-receipt.toml")])
    return command_line([*_installer(), *(needed or [f".[{extra}]"])])


def install_hint(extra: str) -> str:
    """A hint for an error: the command that adds an extra."""
    return f"to add it: {install_command(extra)}"


def _installer() -> Sequence[str]:
    """The words before the packages; environments made by uv have no pip."""
    from importlib.util import find_spec

    if find_spec("pip"):
        return sys.executable, "-m", "pip", "install"
    return "uv", "pip", "install", "--python", sys.executable


def _requirements(extra: str) -> list[str]:
    """The packages of an extra; empty if the tool itself is not installed as a package.

    `openai-threads-cli[EXTRA]` would need the tool on the package index, where it may be missing.
    """
    from importlib.metadata import PackageNotFoundError, requires

    try:
        declared = requires(DISTRIBUTION) or []
    except PackageNotFoundError:
        return []
    parts = (one.partition(";") for one in declared)
    mark = f"extra=='{extra}'"
    return [name.strip() for name, _, when in parts if mark in _plain(when)]


def _plain(marker: str) -> str:
    return marker.replace(" ", "").replace('"', "'")


def _source(receipt: Path) -> str:
    """The source that uv installed the tool from: folder, file, or URL; else its name."""
    import tomllib

    try:
        tool: dict[str, Any] = tomllib.loads(receipt.read_text(encoding="utf-8"))["tool"]
        (found,) = (one for one in tool["requirements"] if one["name"] == DISTRIBUTION)
    except (OSError, ValueError, KeyError, TypeError):
        return DISTRIBUTION
    for kind in ("directory", "editable", "path", "url"):
        if kind in found:
            return str(found[kind])
    return f"git+{found['git']}" if "git" in found else DISTRIBUTION
