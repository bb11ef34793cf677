"""The flags and words of a command line, in the order they were typed."""

from __future__ import annotations

from typing import NamedTuple

from openai_cli.errors import Problem

RAW_FIELD = "--raw-field"
"""`--raw-field FLAG=TEXT` sets a flag to a text that is not parsed."""


class Occurrence(NamedTuple):
    """One flag as typed: its full name, its text (None without a value), and its number among
    the flags of that name, from 1."""

    name: str
    text: str | None
    number: int

    @property
    def source(self) -> str:
        """The flag's name in messages, numbered from the second occurrence on."""
        return self.name if self.number == 1 else f"{self.name} (no. {self.number})"


class Arguments:
    """The arguments read so far.

    `unread` are flags with a reported problem: misspelt, or without their value. `typed` are the
    words after the command's name, as typed; `texts` are the command's flags whose value may have
    blanks.
    """

    def __init__(self) -> None:
        self.occurrences: list[Occurrence] = []
        self.words: list[str] = []
        self.problems: list[Problem] = []
        self.unread: set[str] = set()
        self.typed: list[str] = []
        self.texts: set[str] = set()

    def names(self) -> set[str]:
        """The names of all flags that were typed."""
        return {occurrence.name for occurrence in self.occurrences}

    def add(self, name: str, text: str | None) -> None:
        """Add one flag, numbered among the flags of its name."""
        before = sum(one.name == name for one in self.occurrences)
        self.occurrences.append(Occurrence(name, text, before + 1))
