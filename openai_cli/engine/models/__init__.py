"""The interface between a run and the model that answers it.

A run is a loop: the engine prepares a `Prompt`, a `Model` answers it with a stream of events, the
engine turns the events into messages, run steps and server-sent events and stores them. When the
model asked for functions, the run waits for their outputs and the next `Prompt` contains them.

A model knows nothing of threads, storage or statuses; the engine knows nothing of upstream APIs.
An adapter is one class with the members of `Model`:

    class Parrot:
        backend = "parrot"

        def refuse(self, prompt: Prompt) -> Iterator[Unsupported]: ...
        def count_tokens(self, text: str) -> int: ...
        def answer(self, prompt: Prompt) -> Generator[ModelEvent, None, None]: ...
        def close(self) -> None: ...

The events of one answer, in order: any number of texts, refusals, annotations, tool calls and kept
items; at most one `UsageReported`, anywhere; then `Finished`. A generator that ends without
`Finished` makes the run fail: a cut stream is never a complete answer.
"""

from openai_cli.engine.models.interface import Model, Unsupported
from openai_cli.engine.models.model_events import (
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
from openai_cli.engine.models.prompt import (
    Cancellation,
    ModelSettings,
    Part,
    Prompt,
    PromptAttachment,
    PromptImageFile,
    PromptImageUrl,
    PromptMessage,
    PromptRefusal,
    PromptText,
    PromptToolCall,
    PromptTruncation,
    ToolTurn,
)

__all__ = [
    "AnnotationAdded",
    "Cancellation",
    "FinishReason",
    "Finished",
    "ItemKept",
    "MessageEnded",
    "Model",
    "ModelError",
    "ModelErrorCode",
    "ModelEvent",
    "ModelSettings",
    "Part",
    "Prompt",
    "PromptAttachment",
    "PromptImageFile",
    "PromptImageUrl",
    "PromptMessage",
    "PromptRefusal",
    "PromptText",
    "PromptToolCall",
    "PromptTruncation",
    "RefusalDelta",
    "TextDelta",
    "ToolCallDelta",
    "ToolCallEnded",
    "ToolCallStarted",
    "ToolKind",
    "ToolTurn",
    "Unsupported",
    "UsageReported",
]
