"""Pages of lists, for every kind of object."""

from collections.abc import Callable, Mapping
from typing import Any

from openai_cli.engine import refusals, serialize
from openai_cli.engine.store import UnknownCursorError, Window
from openai_cli.engine.store.record_table import RecordTable
from openai_cli.engine.store.records import R
from openai_cli.engine.strict_json import JsonObject


def page(
    table: RecordTable[R],
    kind: str,
    show: Callable[[R], JsonObject],
    query: Mapping[str, Any],
    **scope: str,
) -> JsonObject:
    """One page of a table, as `limit`, `order`, `after` and `before` select it."""
    window = Window(
        limit=query["limit"],
        descending=query["order"] == "desc",
        after=query["after"] or None,
        before=query["before"] or None,
    )
    try:
        found = table.page(window, **scope)
    except UnknownCursorError as error:
        raise refusals.unknown_cursor(error.name, error.value, kind) from error
    return serialize.listing([show(item) for item in found.items], has_more=found.has_more)
