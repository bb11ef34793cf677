"""Events that a model emits while it answers one prompt, and its errors."""

from typing import Any, Literal, NamedTuple

ToolKind = Literal["function", "code_interpreter", "file_search"]
FinishReason = Literal["stop", "max_completion_tokens", "max_prompt_tokens", "content_filter"]
ModelErrorCode = Literal["server_error", "rate_limit_exceeded", "invalid_prompt"]


class TextDelta(NamedTuple):
    """A piece of the assistant's text. Opens a message if none is open.

    `part` tells several text parts of one message apart; equal numbers belong together. An empty
    text is allowed and opens the message all the same.
    """

    text: str
    part: int = 0


class RefusalDelta(NamedTuple):
    """A piece of a refusal; like `TextDelta`, but the content block is a refusal."""

    text: str
    part: int = 0


class AnnotationAdded(NamedTuple):
    """One annotation of a text part, in the Assistants shape (`file_citation` or `file_path`).

    Offsets count characters of the part's whole text. Comes after the text that it marks.
    """

    annotation: dict[str, Any]
    part: int = 0


class MessageEnded(NamedTuple):
    """Ends the open message, so that the next text opens another one.

    Optional: a message also ends when a tool call starts and when the turn finishes.
    """


class ToolCallStarted(NamedTuple):
    """A tool call begins. Function calls wait for the client, the other kinds run upstream.

    `call_id` is kept as it is (the client's outputs must name it); an adapter whose upstream sends
    none makes one up. `name` is the function's name, empty for the other kinds.
    """

    call_id: str
    kind: ToolKind = "function"
    name: str = ""


class ToolCallDelta(NamedTuple):
    """A piece of a function's `arguments`, or of a code interpreter's `input`."""

    call_id: str
    text: str


class ToolCallEnded(NamedTuple):
    """A tool call that ran upstream is done (not needed for functions).

    `result` is merged into the call's details: `{"outputs": […]}` for code_interpreter,
    `{"ranking_options": {…}, "results": […]}` for file_search.
    """

    call_id: str
    result: dict[str, Any]


class ItemKept(NamedTuple):
    """An upstream item that has no place in the Assistants objects but may be needed again.

    Stored with the next run step that opens (at the end of an answer: with its last one), never
    shown to clients, and handed back as `Message.kept` or `ToolTurn.kept` when the run goes on:
    reasoning that came before a message or a call, raw annotations that came after it.
    """

    item: dict[str, Any]


class UsageReported(NamedTuple):
    """Token counts of this answer. Without them, usage is null, not zero.

    `estimated` counts are the engine's, for a server that reported none; usage says so.
    """

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    estimated: bool = False


class Finished(NamedTuple):
    """The answer is whole, or the named limit ended it. The last event."""

    reason: FinishReason = "stop"


ModelEvent = (
    TextDelta
    | RefusalDelta
    | AnnotationAdded
    | MessageEnded
    | ToolCallStarted
    | ToolCallDelta
    | ToolCallEnded
    | ItemKept
    | UsageReported
    | Finished
)


class ModelError(Exception):
    """The model did not answer; the run becomes `failed` with this code and message.

    `invalid_prompt` for an upstream 400, `rate_limit_exceeded` for a 429, `server_error` for the
    rest; the upstream's status and own code belong into the message.
    """

    def __init__(self, code: ModelErrorCode, message: str) -> None:
        super().__init__(message)
        self.code: ModelErrorCode = code
        self.message = message
