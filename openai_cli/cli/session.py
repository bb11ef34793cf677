"""The state of one invocation."""

from __future__ import annotations

from dataclasses import dataclass, field

from openai_cli.cli.env import Env
from openai_cli.input.argv import Occurrence, Split


@dataclass
class Session:
    """The environment, and the parts of the command line read so far.

    Global options may stand at any level; `split` collects them all, in order.
    """

    env: Env
    split: Split = field(default_factory=Split)
    command: str = ""

    def take(self, split: Split) -> None:
        """Add the flags and problems of one level; its words belong to the next."""
        for occurrence in split.occurrences:
            count = 1 + sum(o.name == occurrence.name for o in self.split.occurrences)
            self.split.occurrences.append(Occurrence(occurrence.name, occurrence.text, count))
        self.split.problems += split.problems
        self.split.unread |= split.unread
