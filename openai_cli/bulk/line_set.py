"""A set of line numbers, stored as a bitmap."""

from __future__ import annotations

from collections.abc import Iterator


class LineSet:
    """Numbers of lines, from 1."""

    def __init__(self) -> None:
        self._bits = bytearray()
        self._count = 0

    def add(self, number: int) -> None:
        """Add a number."""
        byte, bit = divmod(number, 8)
        if byte >= len(self._bits):
            self._bits.extend(bytes(byte + 1 - len(self._bits)))
        if not self._bits[byte] >> bit & 1:
            self._bits[byte] |= 1 << bit
            self._count += 1

    def remove(self, number: int) -> None:
        """Remove a number, if present."""
        if number in self:
            byte, bit = divmod(number, 8)
            self._bits[byte] &= ~(1 << bit)
            self._count -= 1

    def __contains__(self, number: int) -> bool:
        byte, bit = divmod(number, 8)
        return byte < len(self._bits) and bool(self._bits[byte] >> bit & 1)

    def __len__(self) -> int:
        return self._count

    def ranges(self) -> Iterator[tuple[int, int]]:
        """The numbers in order, as ranges: the first and the last of each."""
        first = None
        for number in range(len(self._bits) * 8 + 1):
            if number in self:
                first = number if first is None else first
            elif first is not None:
                yield first, number - 1
                first = None
