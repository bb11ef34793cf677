"""The interface of a rate limit, which a client asks before each attempt."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Protocol


class Turn(Protocol):
    """One attempt that may be sent now."""

    def answered(self, status: int, headers: Mapping[str, str]) -> None:
        """Report the status and headers of the answer; not called without an answer."""
        ...


class Pace(Protocol):
    """Decides when the next attempt may be sent."""

    def turn(self) -> AbstractContextManager[Turn]:
        """Wait until one more attempt may be sent; the attempt is over when the block ends."""
        ...
