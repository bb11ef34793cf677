"""What a command line brought, in the order it was typed: flags with their texts, and words."""

from __future__ import annotations

from dataclasses import dataclass, field

from openai_cli.errors import Problem


@dataclass(frozen=True)
class Occurrence:
    """One flag as it came: its full name, and its text (None if it stood alone)."""

    name: str
    text: str | None
    count: int

    @property
    def source(self) -> str:
        """How messages name it: the flag, with its number from the second on."""
        return self.name if self.count == 1 else f"{self.name} (no. {self.count})"


@dataclass
class Arguments:
    """The arguments read so far.

    `unread` are flags that a problem is about already: misspelt, or without their value.
    """

    occurrences: list[Occurrence] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)

    def names(self) -> set[str]:
        """The flags that came at all."""
        return {occurrence.name for occurrence in self.occurrences}

    def add(self, name: str, text: str | None) -> None:
        """One more flag, counted among those of its name."""
        count = 1 + sum(one.name == name for one in self.occurrences)
        self.occurrences.append(Occurrence(name, text, count))
