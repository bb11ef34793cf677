"""Requests of `beta:threads` (annotations not postponed: see `shared`)."""

from typing import Annotated

from pydantic import Field

from openai_cli.api.base import ExtraFlag, FlagNote, Metadata, Omittable, RequestModel
from openai_cli.api.models.run_settings import RunSettings
from openai_cli.api.models.shared import (
    PAIRS,
    NewMessage,
    ThreadId,
    ToolResources,
    kept_with,
    message_of_text,
)

MESSAGE_FLAG = ExtraFlag(
    FlagNote(name="message", panel="Thread", metavar="TEXT", word=message_of_text, any_text=True),
    "A first message: the text of a user message, or an object {role, content, …}. Repeatable; "
    "short for --thread.messages.",
)


class NewThread(RequestModel):
    """The thread to create."""

    closed = True

    messages: Annotated[
        list[NewMessage],
        Field(description="First messages of the thread: one object per flag, or a list."),
        FlagNote(panel="Thread", metavar="MESSAGE"),
        MESSAGE_FLAG,
    ] = []
    metadata: Annotated[
        Metadata | None,
        kept_with("the thread"),
        FlagNote(panel="Thread", pairs=True),
    ] = None
    tool_resources: Annotated[
        ToolResources | None,
        Field(description="Files and vector stores for tools in this thread."),
        FlagNote(panel="Thread"),
    ] = None


class CreateThreadAndRun(RunSettings):
    """`POST /threads/runs`: create a thread and run an assistant on it."""

    thread: Annotated[
        Omittable[NewThread],
        Field(description="The thread to create: {messages, metadata, tool_resources}."),
        FlagNote(panel="Thread"),
    ] = None
    tool_resources: Annotated[
        ToolResources | None,
        Field(description="Files and vector stores for the tools of this run."),
    ] = None


class CreateThread(RequestModel):
    """`POST /threads`."""

    messages: Annotated[
        list[NewMessage],
        Field(
            description="A first message of the thread: the text of a user message, or an object "
            "{role, content, …}. Repeatable."
        ),
        FlagNote(
            name="message", panel="Thread", metavar="TEXT", word=message_of_text, any_text=True
        ),
    ] = []
    metadata: Annotated[
        Metadata | None, kept_with("the thread"), FlagNote(panel="Thread", pairs=True)
    ] = None
    tool_resources: Annotated[
        ToolResources | None,
        Field(description="Files and vector stores for tools in this thread."),
        FlagNote(panel="Thread"),
    ] = None


class RetrieveThread(RequestModel):
    """`GET /threads/{thread_id}`; also the request to delete the thread."""

    thread_id: ThreadId


class UpdateThread(RetrieveThread):
    """`POST /threads/{thread_id}`."""

    metadata: Annotated[Metadata | None, kept_with("the thread"), PAIRS] = None
    tool_resources: Annotated[
        ToolResources | None,
        Field(description="Files and vector stores for tools in this thread."),
    ] = None
