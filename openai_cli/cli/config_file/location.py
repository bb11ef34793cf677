"""The path of the configuration file. Every call loads this module, so it imports little."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from openai_cli.errors import Problem

CONFIG_VARIABLE = "OPENAI_CONFIG"
PROFILE_VARIABLE = "OPENAI_PROFILE"
_FOLDER, _NAME = "openai-cli", "config.toml"


def config_path(environ: Mapping[str, str]) -> Path | None:
    """The file that OPENAI_CONFIG names, else the platform's default path.

    None if OPENAI_CONFIG is empty, or if there is no home directory. `~` is expanded.
    """
    named = environ.get(CONFIG_VARIABLE)
    if named is not None:
        return Path(os.path.expanduser(named)) if named else None  # noqa: PTH111 - keeps ~NOBODY
    try:
        folder = _config_folder(environ)
    except RuntimeError:
        return None
    return folder / _FOLDER / _NAME if folder.is_absolute() else None


def is_absent(path: Path | None, environ: Mapping[str, str]) -> bool:
    """Whether there is no file to read. A file that OPENAI_CONFIG names counts as present."""
    if path is None:
        return True
    if CONFIG_VARIABLE in environ:
        return False
    try:
        path.stat()
    except (OSError, ValueError):
        # Not found, or the home directory is not readable: continue without a file.
        return True
    return False


def no_file(environ: Mapping[str, str]) -> Problem:
    """The problem that explains why no configuration file is used."""
    if environ.get(CONFIG_VARIABLE) == "":
        return Problem(CONFIG_VARIABLE, "is empty, so that no configuration file is read")
    what = "there is no home directory for a configuration file"
    return Problem(CONFIG_VARIABLE, f"does not name a file, and {what}")


def _config_folder(environ: Mapping[str, str]) -> Path:
    """The folder of configuration files. Raises RuntimeError without a home."""
    if sys.platform in ("darwin", "win32"):
        from platformdirs import user_config_path

        return user_config_path()
    # The same rule as platformdirs has for other systems; its import takes milliseconds.
    folder = Path(environ.get("XDG_CONFIG_HOME", ""))
    return folder if folder.is_absolute() else Path("~/.config").expanduser()
