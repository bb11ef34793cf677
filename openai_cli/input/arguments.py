"""The flags and words of a command line, in the order they were typed."""

from __future__ import annotations

from dataclasses import dataclass, field

from openai_cli.errors import Problem


@dataclass(frozen=True)
class Occurrence:
    """One flag as typed: its full name and its text (None without a value)."""

    name: str
    text: str | None
    count: int

    @property
    def source(self) -> str:
        """Its name in messages: the flag, numbered from the second occurrence on."""
        return self.name if self.count == 1 else f"{self.name} (no. {self.count})"


@dataclass
class Arguments:
    """The arguments read so far.

    `unread` are flags that a problem was reported for: misspelt, or without their value. `typed`
    are all words of the last level, as they were typed, `texts` the flags there whose value may
    hold blanks.
    """

    occurrences: list[Occurrence] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)
    typed: list[str] = field(default_factory=list)
    texts: set[str] = field(default_factory=set)

    def names(self) -> set[str]:
        """The names of all flags that were typed."""
        return {occurrence.name for occurrence in self.occurrences}

    def add(self, name: str, text: str | None) -> None:
        """Add one flag, numbered among those of its name."""
        count = 1 + sum(one.name == name for one in self.occurrences)
        self.occurrences.append(Occurrence(name, text, count))
