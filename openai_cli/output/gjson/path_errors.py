"""Errors of paths."""


class PathError(ValueError):
    """Invalid path; `position` is the 0-based offset of the error in it."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


class BudgetError(Exception):
    """Evaluating the path on this document would take too much work or memory."""
