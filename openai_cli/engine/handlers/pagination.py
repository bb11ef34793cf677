"""Pages of lists, the same way for every kind."""

from collections.abc import Callable

from openai_cli.engine import refusals, serialize
from openai_cli.engine.store import UnknownCursorError
from openai_cli.engine.store.tables import R, RecordTable
from openai_cli.engine.strict_json import JsonObject
from openai_cli.engine.validation import queries


def page(
    table: RecordTable[R],
    kind: str,
    show: Callable[[R], JsonObject],
    parameters: dict[str, str],
    **scope: str,
) -> JsonObject:
    """One page of a table's scope, as `limit`, `order`, `after` and `before` ask."""
    try:
        found = table.page(queries.window(parameters), **scope)
    except UnknownCursorError as error:
        raise refusals.unknown_cursor(error.name, error.value, kind) from error
    return serialize.listing([show(item) for item in found.items], has_more=found.has_more)
