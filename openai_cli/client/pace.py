"""When requests may be sent: the interface that a client asks before each attempt."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Protocol


class Turn(Protocol):
    """One attempt that may be sent now."""

    def answered(self, status: int, headers: Mapping[str, str]) -> None:
        """Take note of the head of its answer; not called if there is none."""
        ...


class Pace(Protocol):
    """Decides when the next attempt may be sent."""

    def turn(self) -> AbstractContextManager[Turn]:
        """Wait until one more attempt may be sent; it is over when the block ends."""
        ...
