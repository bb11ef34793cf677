"""Reads a shell's name, or detects the shell in use."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath

from openai_cli.cli.options import SHELLS
from openai_cli.errors import Problem, UsageError

_ALIASES = {"pwsh": "powershell"}


def read_shell(text: str, source: str) -> str:
    """One of SHELLS by name or alias; `source` is the flag or command the text came from.

    Raises UsageError for any other text.
    """
    shell = _shell_named(text)
    if shell is None:
        expected = f'expected one of {", ".join(SHELLS)}, found "{text}"'
        raise UsageError(problems=[Problem(source, expected)])
    return shell


def detect_shell(environ: Mapping[str, str], source: str) -> str:
    """The shell that started this process, else the one in the variable SHELL.

    Raises UsageError if neither is one of SHELLS.
    """
    import shellingham  # type: ignore[import-untyped]  # ships no types

    try:
        shell = _shell_named(shellingham.detect_shell()[0])
    except (shellingham.ShellDetectionFailure, OSError):
        shell = None
    shell = shell or _shell_named(environ.get("SHELL", ""))
    if shell is None:
        names = ", ".join(SHELLS)
        raise UsageError(
            problems=[Problem(source, "cannot detect the shell")],
            hint=f"name it: {source}={SHELLS[0]} (supported: {names})",
        )
    return shell


def _shell_named(text: str) -> str | None:
    name = PurePath(text).name.lower().removesuffix(".exe")
    name = _ALIASES.get(name, name)
    return name if name in SHELLS else None
