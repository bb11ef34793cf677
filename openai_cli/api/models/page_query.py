"""Query parameters of lists (annotations not postponed: see `shared`)."""

from typing import Annotated, Literal

from pydantic import Field

from openai_cli.api.base import FlagNote, Integer, RequestModel, RequiredText


class PageQuery(RequestModel):
    """Cursor, page size and order (documented page of each list: limit 1 to 100)."""

    after: Annotated[
        RequiredText,
        Field(description="Start after the item with this id."),
        FlagNote(panel="Page", metavar="ID"),
    ] = ""
    before: Annotated[
        RequiredText,
        Field(description="End before the item with this id."),
        FlagNote(panel="Page", metavar="ID"),
    ] = ""
    limit: Annotated[
        Annotated[Integer, Field(ge=1, le=100)],
        Field(description="Items per request, 1 to 100; the command fetches all pages."),
        FlagNote(panel="Page"),
    ] = 20
    order: Annotated[
        Literal["asc", "desc"],
        Field(description="Sort by creation time: asc is oldest first, desc newest first."),
        FlagNote(panel="Page"),
    ] = "desc"
