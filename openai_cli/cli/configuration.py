"""The settings of one call, from the command line, the environment and the profile."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from openai_cli.input.arguments import Occurrence

Key = Callable[[], str]
"""Reads a key, once in a process. Raises CliError."""


class Configuration(NamedTuple):
    """Flags and variables in effect, with what the profile sets in place of missing ones.

    `keys` are the profile's keys by flag, unless a flag or variable sets the same key. `supplied`
    are the flags and variables that come from the profile. `withheld` says that the profile's key
    is not sent to this server, or is empty; `warnings` name variables that override its keys.
    """

    occurrences: Sequence[Occurrence]
    environ: Mapping[str, str]
    keys: Mapping[str, Key] = {}
    profile: str = ""
    file: Path | None = None
    supplied: frozenset[str] = frozenset()
    withheld: str = ""
    warnings: tuple[str, ...] = ()


class EnvironWithKeys(Mapping[str, str]):
    """Environment variables, of which some hold keys that are read when they are looked up.

    A lookup raises CliError if the key cannot be read.
    """

    def __init__(self, environ: Mapping[str, str], keys: Mapping[str, Key]) -> None:
        self._environ = environ
        self._keys = keys

    def __getitem__(self, name: str) -> str:
        return self._keys[name]() if name in self._keys else self._environ[name]

    def __contains__(self, name: object) -> bool:
        return name in self._keys or name in self._environ

    def __iter__(self) -> Iterator[str]:
        return iter({**self._environ, **dict.fromkeys(self._keys)})

    def __len__(self) -> int:
        return sum(1 for _ in self)
