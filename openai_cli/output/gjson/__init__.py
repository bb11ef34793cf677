"""GJSON paths: find, filter and reshape values in JSON text without re-encoding them.

The grammar is in `parser`, its result in `syntax`, its meaning in `evaluate`.
"""

from dataclasses import dataclass

from openai_cli.output.gjson.path_errors import BudgetError, PathError

__all__ = ["PathError", "Result", "check", "get"]


@dataclass(frozen=True, slots=True)
class Result:
    """What a path found; a JSON null exists, with `raw` being `null`."""

    raw: str
    exists: bool

    @property
    def text(self) -> str:
        """The value for a reader: strings decoded, numbers in plain digits, null empty."""
        from .json_scalars import readable

        return readable(self.raw)


def get(document: str, path: str) -> Result:
    """Return what `path` finds in `document`, as source text wherever the text was not rebuilt.

    Never raises: a path that cannot be read, a malformed document and a path that would build
    far more text than the document holds all give a result that does not exist.
    """
    from .evaluate import evaluate
    from .parser import parse

    try:
        raw = evaluate(document, parse(path))
    except (PathError, BudgetError):
        raw = ""
    return Result(raw, exists=raw != "")


def check(path: str) -> None:
    """Raise `PathError` for a path that cannot find anything useful in any document."""
    from .parser import parse

    if not path:
        raise PathError("the path is empty", 0)
    parse(path)
