"""`--shard I/N`: the part of the lines that this process works on."""

from __future__ import annotations

from typing import NamedTuple

_MOST = 100_000


class Shard(NamedTuple):
    """Part `part` of `parts`, counted from 1."""

    part: int = 1
    parts: int = 1

    def has(self, number: int, digest: bytes) -> bool:
        """Whether a line is in this part: a hash of its number and content decides."""
        if self.parts == 1:
            return True
        mixed = int.from_bytes(digest[:8], "big") ^ number
        return mixed % self.parts == self.part - 1

    def __str__(self) -> str:
        return f"{self.part}/{self.parts}"


def read_shard(text: str) -> Shard:
    """Parse `I/N`. Raises ValueError with a description of the expected form."""
    part, _, parts = text.partition("/")
    if all(number.isascii() and number.isdigit() for number in (part, parts)):
        shard = Shard(int(part), int(parts))
        if 1 <= shard.part <= shard.parts <= _MOST:
            return shard
    raise ValueError("I/N, such as 1/8 for the first of 8 parts")
