"""The part of a list that is asked for (annotations not postponed: see `shared`)."""

from typing import Annotated, Literal

from pydantic import Field

from openai_cli.api.base import FlagNote, Integer, RequestModel, RequiredText


class PageQuery(RequestModel):
    """Which part of a list is asked for (documented page of each list: limit 1 to 100)."""

    after: Annotated[
        RequiredText,
        Field(description="Start behind this id."),
        FlagNote(panel="Page", metavar="ID"),
    ] = ""
    before: Annotated[
        RequiredText, Field(description="End before this id."), FlagNote(panel="Page", metavar="ID")
    ] = ""
    limit: Annotated[
        Annotated[Integer, Field(ge=1, le=100)],
        Field(description="Items the server sends at a time, 1 to 100; all pages are fetched."),
        FlagNote(panel="Page"),
    ] = 20
    order: Annotated[
        Literal["asc", "desc"],
        Field(description="By time of creation: asc is oldest first, desc newest first."),
        FlagNote(panel="Page"),
    ] = "desc"
