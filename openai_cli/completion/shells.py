"""Which shell is meant, or in use."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath

from openai_cli.cli.options import SHELLS
from openai_cli.errors import Problem, UsageError

_ALIASES = {"pwsh": "powershell"}


def read_shell(text: str, source: str) -> str:
    """One of SHELLS from its name or alias; `source` is where the text stood.

    Raises UsageError for any other.
    """
    shell = _known(text)
    if shell is None:
        expected = f'expected one of {", ".join(SHELLS)}, found "{text}"'
        raise UsageError(problems=[Problem(source, expected)])
    return shell


def detect_shell(environ: Mapping[str, str], source: str) -> str:
    """The shell this process was started from, else the one that SHELL names.

    Raises UsageError if neither is one of SHELLS.
    """
    import shellingham  # type: ignore[import-untyped]  # ships no types

    try:
        found = _known(shellingham.detect_shell()[0])
    except (shellingham.ShellDetectionFailure, OSError):
        found = None
    found = found or _known(environ.get("SHELL", ""))
    if found is None:
        names = ", ".join(SHELLS)
        raise UsageError(
            problems=[Problem(source, "which shell this is cannot be made out")],
            hint=f"name it: {source}={SHELLS[0]} (there are: {names})",
        )
    return found


def _known(text: str) -> str | None:
    name = PurePath(text).name.lower().removesuffix(".exe")
    name = _ALIASES.get(name, name)
    return name if name in SHELLS else None
