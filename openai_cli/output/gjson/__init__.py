"""GJSON paths: find, filter and reshape values in JSON text without re-encoding them.

The grammar is in `parser`, its result in `syntax`, its meaning in `evaluate`.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from openai_cli.output.gjson.path_errors import BudgetError, PathError

if TYPE_CHECKING:
    from openai_cli.output.gjson.syntax import Path

__all__ = ["PathError", "Result", "Selector", "check", "get"]


class Result(NamedTuple):
    """The source text of the value a path selects; a JSON null exists, with `raw` `null`."""

    raw: str
    exists: bool

    @property
    def text(self) -> str:
        """The value as plain text: strings decoded, numbers without exponent, null empty."""
        from .json_scalars import readable

        return readable(self.raw)


class Selector:
    """A path, parsed once, to be applied to many documents. An invalid path selects nothing."""

    def __init__(self, path: str) -> None:
        from .evaluate import evaluate
        from .parser import parse

        self._evaluate = evaluate
        self._path: Path | None = None
        with suppress(PathError):
            self._path = parse(path)

    def get(self, document: str) -> Result:
        """Return what the path selects, as source text unless a modifier rebuilt it.

        Never raises: an invalid path, a malformed document, or a path that would build far more
        text than the document holds returns a result that does not exist.
        """
        if self._path is None:
            return Result("", exists=False)
        try:
            raw = self._evaluate(document, self._path)
        except (PathError, BudgetError):
            raw = ""
        return Result(raw, exists=raw != "")


def get(document: str, path: str) -> Result:
    """Return what `path` selects in one document; see `Selector.get`."""
    return Selector(path).get(document)


def check(path: str) -> None:
    """Raise `PathError` if the path is empty or invalid."""
    from .parser import parse

    if not path:
        raise PathError("the path is empty", 0)
    parse(path)
