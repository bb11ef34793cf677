"""Requests of `beta:threads:messages` (annotations not postponed: see `shared`)."""

from typing import Annotated

from pydantic import Field

from openai_cli.api.base import FlagNote, Metadata, RequestModel, RequiredText
from openai_cli.api.models.page_query import PageQuery
from openai_cli.api.models.shared import (
    PAIRS,
    Attachment,
    Content,
    MessageId,
    Role,
    ThreadId,
    kept_with,
)


class CreateMessage(RequestModel):
    """`POST /threads/{thread_id}/messages`."""

    panel = "Message"

    thread_id: ThreadId
    role: Annotated[Role, FlagNote(panel="Required")]
    content: Annotated[Content, FlagNote(panel="Required", metavar="TEXT", any_text=True)]
    attachments: Annotated[
        list[Attachment] | None,
        Field(description="An attached file: {file_id, tools: [{type}]}. Repeatable."),
        FlagNote(name="attachment", metavar="ATTACHMENT"),
    ] = None
    metadata: Annotated[Metadata | None, kept_with("the message"), PAIRS] = None


class RetrieveMessage(RequestModel):
    """`GET /threads/{thread_id}/messages/{message_id}`; also the request to delete it."""

    panel = "Message"

    thread_id: ThreadId
    message_id: MessageId


class UpdateMessage(RetrieveMessage):
    """`POST /threads/{thread_id}/messages/{message_id}`."""

    metadata: Annotated[Metadata | None, kept_with("the message"), PAIRS] = None


class ListMessages(PageQuery):
    """`GET /threads/{thread_id}/messages`."""

    thread_id: ThreadId
    run_id: Annotated[
        RequiredText,
        Field(description="List only the messages of this run."),
        FlagNote(panel="Page", metavar="ID"),
    ] = ""
