"""The words of a command line, told apart: flags with their texts, and positional words.

Typer's own parser keeps neither the order in which different flags came nor a flag that may
stand with or without a value, and both mean something here. This one is given the known flags
and finds every problem, not only the first.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Literal

from openai_cli.errors import Problem

_SHORTEST_START = 5
"""Characters of a long flag, dashes included, from which its beginning suggests it."""


@dataclass(frozen=True)
class ArgSpec:
    """How one flag takes its text.

    `optional` flags may stand alone; the next word is theirs only if `fits` says so.
    """

    name: str
    takes: Literal["value", "optional", "nothing"] = "value"
    fits: Callable[[str], bool] = lambda _text: False


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
class Split:
    """A command line taken apart, in the order it was typed.

    `unread` are flags that a problem is about already: misspelt, or without their value.
    """

    occurrences: list[Occurrence] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)

    def names(self) -> set[str]:
        """The flags that came at all."""
        return {occurrence.name for occurrence in self.occurrences}


def split_args(
    args: Sequence[str], specs: Mapping[str, ArgSpec], *, until_word: bool = False
) -> Split:
    """Tell flags and words apart; with `until_word`, the first word ends it and keeps the rest.

    `specs` maps every spelling (`--raw-output`, `-r`) to its flag. Flags are matched whole,
    never by prefix; one dash is as good as two before a long name.
    """
    return _Splitter(args, specs).run(until_word)


def without(args: Sequence[str], specs: Mapping[str, ArgSpec], names: Collection[str]) -> list[str]:
    """The arguments as they are, without the flags of these names and their values."""
    splitter = _Splitter(args, specs)
    kept: list[str] = []
    while splitter.rest:
        start, count = len(args) - len(splitter.rest), len(splitter.split.occurrences)
        splitter.step()
        if not any(found.name in names for found in splitter.split.occurrences[count:]):
            kept += args[start : len(args) - len(splitter.rest)]
    return kept


class _Splitter:
    def __init__(self, args: Sequence[str], specs: Mapping[str, ArgSpec]) -> None:
        self.rest = list(args)
        self.specs = specs
        self.split = Split()

    def run(self, until_word: bool) -> Split:
        while self.rest:
            words = len(self.split.words)
            self.step()
            if until_word and len(self.split.words) > words:
                self.split.words += self.rest
                break
        return self.split

    def step(self) -> None:
        """Take the next word, or the next flag with what belongs to it, or all behind `--`."""
        arg = self.rest.pop(0)
        if arg == "--":
            self.split.words += self.rest
            self.rest = []
        elif not arg.startswith("-") or arg == "-":
            self.split.words.append(arg)
        else:
            self._flag(arg)

    def _flag(self, arg: str) -> None:
        typed, equals, text = arg.partition("=")
        spec = self._find(typed)
        if spec is None:
            self._unknown(typed, alone=not equals)
        elif spec.takes == "nothing":
            if equals:
                self._problem(spec.name, f'takes no value, found "{text}"')
            self._add(spec, None)
        elif equals:
            self._add(spec, text)
        elif spec.takes == "optional":
            fits = bool(self.rest) and spec.fits(self.rest[0])
            self._add(spec, self.rest.pop(0) if fits else None)
        else:
            self._value(spec)

    def _unknown(self, typed: str, *, alone: bool) -> None:
        """A flag that is not known; if it is a slip for one with a value, that goes with it."""
        if typed.startswith("--no-") and "--" + typed[5:] in self.specs:
            self._problem(typed, f"no such flag (did you mean --{typed[5:]}=false?)")
            return
        near = self._nearest(typed)
        if near is None:
            self._problem(typed, "no such flag")
            return
        self._problem(typed, f"no such flag (did you mean {near.name}?)")
        self.split.unread.add(near.name)
        if alone and near.takes == "value" and self.rest and not self.rest[0].startswith("-"):
            self.rest.pop(0)

    def _value(self, spec: ArgSpec) -> None:
        if not self.rest:
            self._problem(spec.name, "needs a value")
            self.split.unread.add(spec.name)
        elif self._find(self.rest[0].partition("=")[0]):
            taken = self.rest[0]
            why = f"needs a value, found the flag {taken} (if that is the value: {spec.name}=…)"
            self._problem(spec.name, why)
            self.split.unread.add(spec.name)
        else:
            self._add(spec, self.rest.pop(0))

    def _find(self, typed: str) -> ArgSpec | None:
        if typed in self.specs:
            return self.specs[typed]
        one_dash = typed.startswith("-") and not typed.startswith("--")
        return self.specs.get("-" + typed) if one_dash else None

    def _nearest(self, typed: str) -> ArgSpec | None:
        plain = "--" + typed.lstrip("-").lower().replace("_", "-")
        names = sorted({spec.name for spec in self.specs.values()})
        longer = [name for name in names if name.startswith(plain)]
        if len(plain) >= _SHORTEST_START and longer:
            return self.specs[min(longer, key=len)]
        close = get_close_matches(plain, names, n=1, cutoff=0.7)
        return self.specs[close[0]] if close else None

    def _add(self, spec: ArgSpec, text: str | None) -> None:
        count = 1 + sum(o.name == spec.name for o in self.split.occurrences)
        self.split.occurrences.append(Occurrence(spec.name, text, count))

    def _problem(self, source: str, message: str) -> None:
        self.split.problems.append(Problem(source, message))
