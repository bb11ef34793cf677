"""A compact hash table from `custom_id` to line number: 16 bytes an entry."""

from __future__ import annotations

import hashlib
from array import array

_FIRST_SIZE = 1024


class CustomIds:
    """The ids seen so far, by the first 8 bytes of their SHA-256; open addressing."""

    def __init__(self) -> None:
        self._count = 0
        self._make(_FIRST_SIZE)

    def add(self, ident: str, number: int) -> int:
        """Add the id of a line; returns the number of the first line with this id, or 0."""
        digest = hashlib.sha256(ident.encode("utf-8", "surrogatepass")).digest()
        mark = int.from_bytes(digest[:8], "big") or 1
        place = self._place(mark)
        if self._marks[place]:
            return self._numbers[place]
        self._marks[place], self._numbers[place] = mark, number
        self._count += 1
        if self._count * 3 > len(self._marks) * 2:
            self._grow()
        return 0

    def _make(self, size: int) -> None:
        self._marks = array("Q", bytes(8 * size))
        self._numbers = array("Q", bytes(8 * size))

    def _place(self, mark: int) -> int:
        """The index that holds the mark, or the free index where it belongs."""
        size = len(self._marks)
        place = mark % size
        while self._marks[place] not in (0, mark):
            place = (place + 1) % size
        return place

    def _grow(self) -> None:
        marks, numbers = self._marks, self._numbers
        self._make(2 * len(marks))
        for mark, number in zip(marks, numbers, strict=True):
            if mark:
                place = self._place(mark)
                self._marks[place], self._numbers[place] = mark, number
