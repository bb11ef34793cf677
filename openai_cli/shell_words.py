"""Quotes words for command lines that a message shows, to be copied into a shell."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

from openai_cli import windows

_PLAIN_ON_WINDOWS = r"[\w./:=+\\-]+"
_SAFE_IN_DOUBLE_QUOTES = r"""[^"$`%!\\]*"""


def command_line(words: Iterable[str]) -> str:
    """The words of a command, each quoted where it has to be."""
    return " ".join(map(quoted, words))


def quoted(word: str) -> str:
    """The word as one word of a shell, on one line and without control characters.

    The shell is PowerShell on Windows, else a POSIX one, where unprintable characters need `$'…'`,
    which is in POSIX since 2024.
    """
    if windows.is_windows() and "MSYSTEM" not in os.environ:  # Git Bash and MSYS2 set it
        return _for_powershell(word)
    import shlex

    return shlex.quote(word) if word.isprintable() else f"$'{''.join(map(_escaped, word))}'"


def _for_powershell(word: str) -> str:
    if not word.isprintable():
        codes = ",".join(str(ord(letter)) for letter in word)
        return f"(-join [char[]]({codes}))"
    if re.fullmatch(_PLAIN_ON_WINDOWS, word):
        return word
    if re.fullmatch(_SAFE_IN_DOUBLE_QUOTES, word):  # cmd.exe reads these as well
        return f'"{word}"'
    doubled = word.replace("'", "''")
    return f"'{doubled}'"


def _escaped(letter: str) -> str:
    if letter in "\\'":
        return "\\" + letter
    if letter.isprintable():
        return letter
    # Bytes that are no UTF-8; on Windows, halves of characters too.
    errors = "surrogateescape" if "\udc80" <= letter <= "\udcff" else "surrogatepass"
    return "".join(f"\\{byte:03o}" for byte in letter.encode(errors=errors))
