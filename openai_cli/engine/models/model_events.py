"""Events that a model emits while it answers one prompt, and its errors."""

from typing import Any, Literal, NamedTuple

ToolKind = Literal["function", "code_interpreter", "file_search"]
FinishReason = Literal["stop", "max_completion_tokens", "max_prompt_tokens", "content_filter"]
ModelErrorCode = Literal["server_error", "rate_limit_exceeded", "invalid_prompt"]


class TextDelta(NamedTuple):
    """A piece of the assistant's text. Opens a message if none is open.

    `part` is the number of the text part in the message. An empty text is allowed, and also opens
    the message.
    """

    text: str
    part: int = 0


class RefusalDelta(NamedTuple):
    """A piece of a refusal; like `TextDelta`, but the content block is a refusal."""

    text: str
    part: int = 0


class AnnotationAdded(NamedTuple):
    """One annotation of a text part, in the Assistants shape (`file_citation` or `file_path`).

    Offsets count characters of the part's whole text. It comes after the text that it marks.
    """

    annotation: dict[str, Any]
    part: int = 0


class MessageEnded(NamedTuple):
    """Ends the open message, so that the next text opens another one.

    Optional: a message also ends when a tool call starts and when the turn finishes.
    """


class ToolCallStarted(NamedTuple):
    """A tool call begins. Function calls wait for the client, the other kinds run upstream.

    `call_id` is kept as it is (the client's outputs must name it); an adapter generates one if its
    upstream sends none. `name` is the function's name, empty for the other kinds.
    """

    call_id: str
    kind: ToolKind = "function"
    name: str = ""


class ToolCallDelta(NamedTuple):
    """A piece of a function's `arguments`, or of a code interpreter's `input`."""

    call_id: str
    text: str


class ToolCallEnded(NamedTuple):
    """A tool call that ran upstream has ended (not used for functions).

    `result` is merged into the call's details: `{"outputs": […]}` for code_interpreter,
    `{"ranking_options": {…}, "results": […]}` for file_search.
    """

    call_id: str
    result: dict[str, Any]


class ItemKept(NamedTuple):
    """An upstream item that the Assistants objects cannot represent but that may be needed again.

    Stored with the next run step that opens (at the end of an answer: with its last one), never
    shown to clients, and returned as `Message.kept` or `ToolTurn.kept` when the run continues:
    reasoning before a message or a call, raw annotations after it.
    """

    item: dict[str, Any]


class UsageReported(NamedTuple):
    """Token counts of this answer. Without them, usage is null, not zero.

    `estimated`: the engine estimated the counts, as the server reported none; shown in the usage.
    """

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    estimated: bool = False


class Finished(NamedTuple):
    """The answer is complete, or the limit `reason` ended it. The last event."""

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
