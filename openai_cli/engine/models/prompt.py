"""A prompt: everything that a model needs for one answer."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple


class PromptText(NamedTuple):
    """Plain text of a message."""

    text: str


class PromptImageUrl(NamedTuple):
    """An image by URL; `detail` is None if the request did not set it."""

    url: str
    detail: str | None = None


class PromptImageFile(NamedTuple):
    """An image by file id; the engine holds no file contents."""

    file_id: str
    detail: str | None = None


class PromptRefusal(NamedTuple):
    """The text of an assistant's refusal."""

    text: str


Part = PromptText | PromptImageUrl | PromptImageFile | PromptRefusal


class PromptAttachment(NamedTuple):
    """A file attached to a message, with the kinds of tools that may read it."""

    file_id: str
    tools: tuple[str, ...]


class PromptMessage(NamedTuple):
    """One message of the thread, oldest first in `Prompt.history`."""

    role: Literal["user", "assistant"]
    parts: tuple[Part, ...]
    attachments: tuple[PromptAttachment, ...] = ()
    field: str = "thread.messages"
    """The message's path in the request, for refusals: `thread.messages[0]`,
    `additional_messages[1]`, or `message msg_x` for one that was already in the thread."""
    kept: tuple[dict[str, Any], ...] = ()
    """Items that this run's earlier answers asked to keep with this message."""

    @property
    def text(self) -> str:
        """The text parts, joined by line breaks."""
        return "\n".join(part.text for part in self.parts if isinstance(part, PromptText))


class PromptToolCall(NamedTuple):
    """A function call made earlier in this run, with the client's output."""

    call_id: str
    name: str
    arguments: str
    output: str


class ToolTurn(NamedTuple):
    """All function calls of one earlier answer of this run.

    An assistant message directly before it is from the same answer. Tool turns of earlier runs are
    not part of a thread.
    """

    calls: tuple[PromptToolCall, ...]
    kept: tuple[dict[str, Any], ...] = ()


class PromptTruncation(NamedTuple):
    """How the history may be shortened.

    The engine has already applied `last_messages`; adapters only pass on whether the upstream may
    shorten the rest (`auto`) or not (`last_messages`).
    """

    type: Literal["auto", "last_messages"] = "auto"
    last_messages: int | None = None


class ModelSettings(NamedTuple):
    """The explicit settings of the run or its assistant. None: not set, and must not be sent.

    `tool_choice` is None after a forced call in this run, as the model would otherwise call again
    in each turn.
    """

    temperature: float | None = None
    top_p: float | None = None
    response_format: str | dict[str, Any] | None = None
    tool_choice: str | dict[str, Any] | None = None
    parallel_tool_calls: bool | None = None
    reasoning_effort: str | None = None
    truncation: PromptTruncation | None = None


class Cancellation:
    """Signals across threads that an answer is no longer needed, even while a read blocks."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._closers: list[Callable[[], None]] = []

    @property
    def requested(self) -> bool:
        """True once the run was cancelled, expired or lost its client."""
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        """Sleep until the time is up or cancellation is requested; True if it was requested."""
        return self._event.wait(seconds)

    def request(self) -> None:
        """Ask the answer to stop. Called by the engine, from any thread, any number of times."""
        with self._lock:
            self._event.set()
            closers, self._closers = self._closers, []
        for close in closers:
            close()

    @contextmanager
    def closing(self, close: Callable[[], None]) -> Iterator[None]:
        """Inside the block, a cancellation calls `close` from another thread.

        `close` must make a blocked read return or raise (for a socket: shut it down) and must not
        raise itself. The read's exception may propagate; the engine handles it.
        """
        with self._lock:
            late = self._event.is_set()
            if not late:
                self._closers.append(close)
        if late:
            close()
        try:
            yield
        finally:
            with self._lock:
                if close in self._closers:
                    self._closers.remove(close)


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """One request to a model."""

    model: str
    instructions: str = ""
    """Instructions with additional instructions appended; empty: send none."""
    history: tuple[PromptMessage | ToolTurn, ...] = ()
    """The thread, oldest first, then this run's entries so far, shortened as the run requested."""
    tools: tuple[dict[str, Any], ...] = ()
    """Tools in the Assistants shape; function tools have only the fields of the request."""
    tool_resources: dict[str, Any] = field(default_factory=dict)
    """Merged from run, assistant and thread: `code_interpreter.file_ids`,
    `file_search.vector_store_ids`."""
    settings: ModelSettings = field(default_factory=ModelSettings)
    include: tuple[str, ...] = ()
    """The values of the run's `include[]`."""
    completion_budget: int | None = None
    """Completion tokens left for this answer, over all answers of the run; None: unlimited."""
    cancellation: Cancellation = field(default_factory=Cancellation)

    @property
    def tool_turns(self) -> tuple[ToolTurn, ...]:
        """The tool turns of the history."""
        return tuple(entry for entry in self.history if isinstance(entry, ToolTurn))
