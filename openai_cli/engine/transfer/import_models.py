"""The objects that can be imported, in the shape of the API and the SDKs.

Their parts are the parts of requests, without the server-only rules: unset fields may be null.
(Annotations are not postponed: see `openai_cli.api.models.shared`.)
"""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from openai_cli.api.base import (
    Metadata,
    Number,
    RequestModel,
    Text,
    between,
    tagged,
    text_or_list,
)
from openai_cli.api.models.assistants import AssistantSettings
from openai_cli.api.models.shared import (
    Attachment,
    ImageFilePart,
    ImageUrlPart,
    Role,
    ToolResources,
)

_LATEST = 10**11
"""Larger times are not in seconds."""
_Time = Annotated[Number, between(0, _LATEST)]


def _text_with_value(text: object) -> object:
    """Convert the text object of answers to the plain text of requests."""
    return {"value": text} if isinstance(text, str) else text


class _TextValue(RequestModel):
    value: Text
    annotations: list[dict[str, Any]] = []


class _TextPart(RequestModel):
    type: Literal["text"]
    text: Annotated[_TextValue, BeforeValidator(_text_with_value)]


class _RefusalPart(RequestModel):
    type: Literal["refusal"]
    refusal: Text


_Content = text_or_list(
    tagged(
        "type",
        text=_TextPart,
        refusal=_RefusalPart,
        image_url=ImageUrlPart,
        image_file=ImageFilePart,
    )
)


class _IncompleteDetails(RequestModel):
    reason: Literal["content_filter", "max_tokens", "run_cancelled", "run_expired", "run_failed"]


class ImportedAssistant(AssistantSettings):
    """An assistant."""

    id: Text
    object: Any = None
    created_at: _Time = 0
    model: Text


class ImportedThread(RequestModel):
    """A thread; its messages are checked one by one."""

    id: Text
    object: Any = None
    created_at: _Time = 0
    metadata: Metadata = {}
    tool_resources: ToolResources = ToolResources()
    messages: Any = None


class ThreadMessage(RequestModel):
    """A message inside its thread."""

    id: Text = ""
    object: Any = None
    created_at: _Time = 0
    thread_id: Text = ""
    role: Role
    content: _Content  # type: ignore[valid-type]  # a computed type
    attachments: list[Attachment] = []
    metadata: Metadata = {}
    assistant_id: Text = ""
    run_id: Text = ""
    status: Literal["completed", "incomplete"] = "completed"
    incomplete_details: _IncompleteDetails | None = None
    completed_at: _Time = 0
    incomplete_at: _Time = 0


class ImportedMessage(ThreadMessage):
    """A separate message, with the id of its thread."""

    id: Text
    thread_id: Text
