"""Optional dependencies: how to add one to this installation."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

_DISTRIBUTION = "openai-cli"


def install_hint(extra: str) -> str:
    """What installs the packages of an extra where this program runs."""
    packages = _packages(extra)
    if not packages:  # not installed at all, or by an older version
        return f"pip install '.[{extra}]' in a clone adds it"
    return f"to add it: {shlex.join([*_installer(), *packages])}"


def _packages(extra: str) -> list[str]:
    """The requirements of an extra, as the metadata of the installation has them."""
    from importlib.metadata import PackageNotFoundError, requires

    try:
        lines = requires(_DISTRIBUTION) or []
    except PackageNotFoundError:
        return []
    pairs = [line.partition(";") for line in lines]
    return [what.strip() for what, _, when in pairs if f"extra == '{extra}'" in _quoted(when)]


def _quoted(marker: str) -> str:
    return marker.replace('"', "'")


def _installer() -> list[str]:
    """The command that installs a package beside this program."""
    from importlib.util import find_spec

    parts = Path(sys.prefix).parts
    if "pipx" in parts:
        return ["pipx", "inject", _DISTRIBUTION]
    if find_spec("pip") is None:
        return ["uv", "pip", "install", "--python", sys.executable]
    return [sys.executable, "-m", "pip", "install"]
