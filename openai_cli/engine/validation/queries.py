"""Query parameters: the window of a list, filters and includes."""

from collections.abc import Sequence

from openai_cli.engine import refusals
from openai_cli.engine.store import Window
from openai_cli.engine.validation.checks import array, integer, word

WINDOW = ("limit", "order", "after", "before")
INCLUDE = ("include[]", "include")

_RESULT_CONTENTS = "step_details.tool_calls[*].file_search.results[*].content"


def check_names(query: Sequence[tuple[str, str]], names: Sequence[str]) -> None:
    """Look for parameters that the operation does not have.

    Raises:
        ApiError: a parameter that the operation does not have.
    """
    for name, _ in query:
        if name not in names:
            raise refusals.unknown(name)


def window(parameters: dict[str, str]) -> Window:
    """The part of the list that is asked for."""
    order = parameters.get("order", "desc")
    word("asc", "desc")(order, "order")
    return Window(
        limit=_limit(parameters.get("limit", "20")),
        descending=order == "desc",
        after=parameters.get("after"),
        before=parameters.get("before"),
    )


def include(query: Sequence[tuple[str, str]]) -> list[str]:
    """What is to be included beyond the usual."""
    values = [value for name, value in query if name in INCLUDE]
    array(word(_RESULT_CONTENTS))(values, "include")
    return values


def _limit(value: str) -> int:
    digits = value.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 19):
        raise refusals.wrong_type("limit", "an integer", "a string")
    integer(1, 100)(int(value), "limit")
    return int(value)
