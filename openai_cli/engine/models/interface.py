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
    """Its path in the request: `tools[0].type`, or `f"{message.field}.attachments"`."""
    value: object = None
    """The requested value, quoted in the text; None to omit it."""
    lack: str = ""
    """What is missing for it, if anything: `without a vector store`."""
    of_hosted_tools: bool = False
    """Whether only hosted tools (code_interpreter, file_search) need it."""


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
        """Yield the parts of the prompt that this backend does not support.

        Called inside the transaction that stores the run: a refusal rolls it back. The prompt is
        the one that `answer` will get, before it is shortened, so that messages already in the
        thread are checked too. A long history may be reduced to the messages with attachments or
        images, or to a single message if there are none. Must be quick and must not do I/O:
        the store's write lock is held.
        """
        ...

    def count_tokens(self, text: str) -> int:
        """Estimate the tokens of `text`, for `max_prompt_tokens`."""
        ...

    def answer(self, prompt: Prompt) -> Generator[ModelEvent, None, None]:
        """Send the prompt and yield the events of the answer as they arrive.

        The engine closes the generator early when the run ends for another reason, so upstream
        streams belong in a `with` block. While it waits for bytes, the adapter makes itself
        interruptible through `prompt.cancellation`.

        Raises:
            ModelError: the upstream refused, broke off or could not be reached.
        """
        ...

    def names(self) -> list[str]:
        """The available models; empty if the server does not list them. May do I/O."""
        ...

    def close(self) -> None:
        """Release pooled connections. Called once, when the engine closes."""
        ...
