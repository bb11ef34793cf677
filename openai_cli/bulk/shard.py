"""Which lines belong to one of several processes: `--shard I/N`."""

from __future__ import annotations

from typing import NamedTuple

_MOST = 100_000


class Shard(NamedTuple):
    """Part `index` of `count`, counted from 1."""

    index: int = 1
    count: int = 1

    def has(self, number: int, digest: bytes) -> bool:
        """Whether a line is in this part: by its number and its bytes, on every machine alike."""
        if self.count == 1:
            return True
        mixed = int.from_bytes(digest[:8], "big") ^ number
        return mixed % self.count == self.index - 1

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"


def read_shard(text: str) -> Shard:
    """Parse `I/N`. Raises ValueError with what was expected."""
    index, _, count = text.partition("/")
    if index.isascii() and index.isdigit() and count.isascii() and count.isdigit():
        shard = Shard(int(index), int(count))
        if 1 <= shard.index <= shard.count <= _MOST:
            return shard
    raise ValueError("I/N, such as 1/8 for the first of 8 parts")
