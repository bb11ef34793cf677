"""What can go wrong with a path."""


class PathError(ValueError):
    """A path that cannot be read; `position` is the 0-based offset of the culprit in it."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


class BudgetError(Exception):
    """A path and a document that together ask for an unreasonable amount of work."""
