"""Pagination: yields the pages of a list lazily."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from openai_cli.api.operation import Request, usable_id
from openai_cli.client.client import Client
from openai_cli.client.responses import Document
from openai_cli.errors import NoAnswerError


class _PageInfo(NamedTuple):
    """Ids of the first and last item of a page, and whether more pages follow.

    An id is "" if it is missing or unusable in a request.
    `more` is None if the server sends no `has_more`; then the next page is requested, as OpenAI's
    own clients do.
    """

    items: bool
    first: str
    last: str
    more: bool | None


def pages(client: Client, request: Request, limit: int = 0) -> Iterator[Document]:
    """Yield every page of a list; the next page is fetched when the caller asks for it.

    The cursor is the last item of a page; if only `before` is set, the first item, so that all
    items before it are listed. Ends when `has_more` is false, at an empty page, or at a repeated
    page. Raises NoAnswerError if `has_more` is true but the server repeats a page or sends items
    without ids, or if more follows after `limit` pages; 0 is no limit.
    """
    backwards = "before" in request.query and "after" not in request.query
    current, first_page_end, more_promised = request, "", False
    seen: set[str] = set()
    count = 0
    while True:
        page = _page(client, current)
        info = _page_info(page)
        if backwards and more_promised and first_page_end and not info.items:
            # The server sent the start of the list, not the items just before the id: the rest
            # follows after the first page.
            backwards, current = False, _moved(request, "after", first_page_end)
            continue
        cursor = info.first if backwards else info.last
        more_promised = info.more is True
        if cursor in seen:
            if more_promised:
                raise _incomplete("sent a page again")
            return
        yield page
        count += 1
        if info.more is False or not info.items:
            return
        if not cursor:
            if more_promised:
                raise _incomplete("its items have no ids to continue from")
            return
        if count == limit:
            raise _endless(count)
        first_page_end = first_page_end or info.last
        seen.add(cursor)
        current = _moved(request, "before" if backwards else "after", cursor)


def _page(client: Client, request: Request) -> Document:
    page = client.send(request)
    if not isinstance(page, Document):
        raise NoAnswerError("the server answered with a stream of events instead of a list")
    return page


def _moved(request: Request, parameter: str, cursor: str) -> Request:
    return request._replace(query={**request.query, parameter: cursor})


def _endless(count: int) -> NoAnswerError:
    return NoAnswerError(
        f"the list had not ended after {count} pages",
        hint="--max-pages sets the limit; 0 is no limit",
    )


def _incomplete(why: str) -> NoAnswerError:
    return NoAnswerError(
        f"the server says that more follows, but {why}: the list may be incomplete"
    )


def _page_info(page: Document) -> _PageInfo:
    elements = page.skimmed.elements
    if elements is None or not elements.spans:
        return _PageInfo(False, "", "", None)
    more = page.skimmed.members.get("has_more")
    first, last = usable_id(elements.first_id), usable_id(elements.last_id)
    return _PageInfo(True, first, last, more if isinstance(more, bool) else None)
