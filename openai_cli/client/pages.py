"""Lists in pages: one after another, as they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from openai_cli.api.operation import Request
from openai_cli.client.answers import Document
from openai_cli.client.client import Client
from openai_cli.errors import NoAnswerError


def pages(client: Client, request: Request) -> Iterator[Document]:
    """Every page of a list, the next one fetched when it is asked for.

    Goes on behind the last item of a page; where `before` is set alone, before the first one, so
    that all items before it come. Ends without `has_more`, at an empty page, and at a page that
    came already. Raises NoAnswerError if the server said that more follows, but sent a page that
    came already, or items without ids to go on from.
    """
    backwards = "before" in request.query and "after" not in request.query
    seen: set[str] = set()
    while True:
        page = client.send(request)
        if not isinstance(page, Document):
            raise NoAnswerError("the server answered with a stream of events, not with a list")
        more, cursor = _next(page.value, backwards=backwards)
        if cursor in seen:
            if more:
                raise _incomplete("sent a page again")
            return
        yield page
        if not cursor:
            if more:
                raise _incomplete("its items have no ids to go on from")
            return
        seen.add(cursor)
        request = replace(request, query={**request.query, _PARAMETER[backwards]: cursor})


def _incomplete(why: str) -> NoAnswerError:
    return NoAnswerError(
        f"the server says that more follows, but {why}: the list may be incomplete"
    )


_PARAMETER = {False: "after", True: "before"}


def _next(page: Any, *, backwards: bool) -> tuple[bool, str]:
    """Whether the server says that more follows, and the id to go on from, empty at the end.

    Servers that do not say are asked once more: OpenAI's own clients do so too.
    """
    items = page.get("data") if isinstance(page, dict) else None
    if not isinstance(items, list) or not items:
        return False, ""
    more = page.get("has_more")
    edge = items[0 if backwards else -1]
    cursor = edge.get("id") if isinstance(edge, dict) and more is not False else None
    return more is True, cursor if isinstance(cursor, str) else ""
