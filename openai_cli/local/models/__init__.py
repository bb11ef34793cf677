"""The seam between a run and the model that answers it.

A run is a loop: the engine prepares a `Turn`, a `Model` answers it with a stream of events, the
engine turns the events into messages, run steps and server-sent events and stores them. When the
model asked for functions, the run waits for their outputs and the next `Turn` carries them.

A model knows nothing of threads, storage or statuses; the engine knows nothing of upstream APIs.
An adapter is one class with the four members of `Model`:

    class Parrot:
        backend = "parrot"

        def refuse(self, turn: Turn) -> Iterator[Unsupported]: ...
        def count_tokens(self, text: str) -> int: ...
        def answer(self, turn: Turn) -> Generator[ModelEvent, None, None]: ...
        def close(self) -> None: ...

The events of one answer, in order: any number of texts, refusals, annotations, tool calls and kept
items; at most one `UsageReported`, anywhere; then `Finished`. A generator that ends without
`Finished` makes the run fail: a cut stream is never taken for a whole answer.
"""

from openai_cli.local.models.events import (
    AnnotationAdded,
    Finished,
    FinishReason,
    ItemKept,
    MessageEnded,
    ModelError,
    ModelErrorCode,
    ModelEvent,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
    ToolCallEnded,
    ToolCallStarted,
    ToolKind,
    UsageReported,
)
from openai_cli.local.models.interface import Model, Unsupported
from openai_cli.local.models.turn import (
    Attachment,
    Cancellation,
    ImageFilePart,
    ImageUrlPart,
    Message,
    Part,
    RefusalPart,
    Settings,
    TextPart,
    ToolCall,
    ToolTurn,
    Truncation,
    Turn,
)

__all__ = [
    "AnnotationAdded",
    "Attachment",
    "Cancellation",
    "FinishReason",
    "Finished",
    "ImageFilePart",
    "ImageUrlPart",
    "ItemKept",
    "Message",
    "MessageEnded",
    "Model",
    "ModelError",
    "ModelErrorCode",
    "ModelEvent",
    "Part",
    "RefusalDelta",
    "RefusalPart",
    "Settings",
    "TextDelta",
    "TextPart",
    "ToolCall",
    "ToolCallDelta",
    "ToolCallEnded",
    "ToolCallStarted",
    "ToolKind",
    "ToolTurn",
    "Truncation",
    "Turn",
    "Unsupported",
    "UsageReported",
]
