"""The interface of a model adapter."""

from collections.abc import Generator, Iterable
from typing import NamedTuple, Protocol

from openai_cli.engine.models.model_events import ModelEvent
from openai_cli.engine.models.prompt import Prompt


class Unsupported(NamedTuple):
    """A part of a request that a backend does not support.

    The engine answers 400: "'tools[0].type': 'code_interpreter' is not supported by the chat
    backend.", with `field` as the error's `param`.
    """

    field: str
    """Where it stands in the request: `tools[0].type`, or `f"{message.field}.attachments"`."""
    value: object = None
    """What was asked for, quoted in the text; None leaves the quotation out."""
    lack: str = ""
    """What would make it possible, if anything does: `without a vector store`."""
    of_hosted_tools: bool = False
    """Whether a run without hosted tools (code_interpreter, file_search) has no need of it."""


class Model(Protocol):
    """Answers prompts: the built-in `echo`, or an adapter to a model API.

    One object serves many runs, from several threads at once; all state of an answer lives in the
    iterator that `answer` returns.
    """

    @property
    def backend(self) -> str:
        """The name used in refusals: `echo`, `responses`, `chat`."""
        ...

    def refuse(self, prompt: Prompt) -> Iterable[Unsupported]:
        """Name what this backend does not support.

        Called inside the transaction that stores the run: a refusal rolls it back. The prompt is
        the one that `answer` will get, before it is shortened, so that messages already in the
        thread are checked too; but of a long history, only messages with attachments or images
        may be there, or any one if there are none. Must be quick and must not do I/O: the
        store's write lock is held.
        """
        ...

    def count_tokens(self, text: str) -> int:
        """Estimate the tokens of `text`, for `max_prompt_tokens`."""
        ...

    def answer(self, prompt: Prompt) -> Generator[ModelEvent, None, None]:
        """Send the prompt and yield the events of the answer as they arrive.

        The engine closes the generator early when the run is over for another reason, so upstream
        streams belong in a `with` block. While it waits for bytes, the adapter makes itself
        interruptible through `prompt.cancellation`.

        Raises:
            ModelError: the upstream said no, broke off or could not be reached.
        """
        ...

    def names(self) -> list[str]:
        """The models that can be asked for; empty if the server does not say. May do I/O."""
        ...

    def close(self) -> None:
        """Release pooled connections. Called once, when the engine closes."""
        ...
