"""A server with paginated lists, as documented."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support.server import Reply, Server
from tests.support.shell import Result

RUNS = ("beta:threads:runs", "list", "thread_1")
"""A command that lists."""


def item(number: int, **more: Any) -> dict[str, Any]:
    """A run as a list item."""
    return {"id": f"run_{number}", "object": "thread.run", "status": "completed", **more}


def ids(result: Result) -> list[int]:
    """The numbers of the printed items, one item per line."""
    return [int(one["id"].removeprefix("run_")) for one in result.lines]


def envelope(items: Sequence[Any], **more: Any) -> dict[str, Any]:
    """A page as servers send it; `more` replaces or adds members."""
    return {"object": "list", "data": list(items), "first_id": None, "last_id": None, **more}


class Listing(Server):
    """Answers every request with a page of its items, in descending order.

    With `from_start`, `before` only cuts the list: its first page is the start of the list.
    """

    def __init__(self, items: Sequence[dict[str, Any]], *, from_start: bool = False) -> None:
        super().__init__()
        self.items = items
        self.from_start = from_start

    @property
    def queries(self) -> list[dict[str, str]]:
        """The query of each request, with one value per name."""
        return [self._query(seen.path) for seen in self.seen]

    def next_reply(self) -> Reply:
        query = self._query(self.last.path)
        items = list(self.items)
        if query.get("order") == "asc":
            items.reverse()
        place = {one["id"]: at for at, one in enumerate(items)}
        limit = int(query.get("limit", 20))
        start = place[query["after"]] + 1 if "after" in query else 0
        end = place[query["before"]] if "before" in query else len(items)
        backwards = "before" in query and "after" not in query and not self.from_start
        window = items[max(start, end - limit) : end] if backwards else items[start:end][:limit]
        more = len(window) < end - start
        return Reply(body=json.dumps(envelope(window, has_more=more)))

    @staticmethod
    def _query(path: str) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
