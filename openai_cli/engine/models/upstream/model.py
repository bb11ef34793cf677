"""Base class of the adapters: requests, retries and errors."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from openai_cli.client.retry import LONGEST_WAIT, backoff
from openai_cli.engine.models.interface import Unsupported
from openai_cli.engine.models.model_events import Finished, MessageEnded, ModelError, ModelEvent
from openai_cli.engine.models.prompt import Prompt, PromptMessage, PromptText
from openai_cli.engine.models.truncation import halved
from openai_cli.engine.models.upstream.config import UpstreamConfig
from openai_cli.engine.models.upstream.dropped_fields import DroppedFields
from openai_cli.engine.models.upstream.quirks import Quirk, Quirks
from openai_cli.engine.models.upstream.token_budget import estimate, metered
from openai_cli.engine.models.upstream.upstream_errors import EmptyAnswerError, UpstreamError
from openai_cli.engine.strict_json import JsonObject

if TYPE_CHECKING:
    from openai_cli.engine.models.upstream.http_client import ReceivedEvent, UpstreamClient


@dataclass
class _Attempt:
    """The next request, and what has been tried so far."""

    prompt: Prompt
    quirks: Quirks
    streamed: bool = True
    shortened: bool = False
    repeats: int = 0
    begun: bool = False


class UpstreamModel(ABC):
    """A model behind an HTTP API. Subclasses build the request and parse the answer."""

    smallest_budget = 1
    """The smallest budget of completion tokens that the API accepts."""

    def __init__(self, upstream: UpstreamConfig) -> None:
        self.settings = upstream.settings
        self._lock = threading.Lock()
        self._client: UpstreamClient | None = None
        self._known_quirks: dict[str, Quirks] = {}

    @property
    @abstractmethod
    def backend(self) -> str:
        """The name used in refusals."""

    @property
    @abstractmethod
    def path(self) -> str:
        """The path of requests, relative to the base URL."""

    @property
    @abstractmethod
    def quirks(self) -> tuple[Quirk, ...]:
        """The known quirks of this API's servers, the most likely ones first."""

    @abstractmethod
    def refuse_fields(self, prompt: Prompt) -> Iterable[Unsupported]:
        """Yield the parts of the prompt that this API does not support."""

    @abstractmethod
    def body(self, prompt: Prompt, budget: int | None, quirks: Quirks) -> JsonObject:
        """The body of a streaming request for a prompt."""

    @abstractmethod
    def read(self, arrivals: "Iterator[ReceivedEvent]") -> Iterator[ModelEvent]:
        """The events of one answer. Raises UpstreamError."""

    def refuse(self, prompt: Prompt) -> Iterator[Unsupported]:
        """Yield the unsupported parts; a prompt without any text is refused too."""
        yield from self.refuse_fields(prompt)
        if not prompt.history and not prompt.instructions:
            yield Unsupported("thread.messages", "[]", "without instructions")

    def count_tokens(self, text: str) -> int:
        """About a quarter of the bytes."""
        return estimate(text)

    def answer(self, prompt: Prompt) -> Generator[ModelEvent, None, None]:
        """Send the request; if useful, repeat it until the first event has arrived."""
        budget = prompt.completion_budget
        if budget is not None and budget < self.smallest_budget:
            yield Finished("max_completion_tokens")
            return
        if not prompt.history:
            prompt = self._with_a_message(prompt)
        known = self._known_quirks.get(prompt.model, frozenset())
        with closing(self._ask_with_retries(_Attempt(prompt, known))) as events:
            yield from events

    def names(self) -> list[str]:
        """The models that the server lists; empty if the request fails."""
        try:
            return self._open_client().model_names()
        except UpstreamError:
            return []

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            if self._client is not None:
                self._client.close()

    def _with_a_message(self, prompt: Prompt) -> Prompt:
        """Send the instructions as a user message: servers need at least one message."""
        if not prompt.instructions:  # the messages were deleted since the run was accepted
            raise ModelError("invalid_prompt", "The thread has no message, and no instructions.")
        self.settings.warn("the thread has no message: the instructions are sent as a user message")
        message = PromptMessage("user", (PromptText(prompt.instructions),))
        return replace(prompt, instructions="", history=(message,))

    def _ask_with_retries(self, attempt: _Attempt) -> Generator[ModelEvent, None, None]:
        while True:
            body = self._body(attempt)
            try:
                for event in self._ask_once(attempt.prompt, body):
                    # A message that ends before it has begun is not a beginning.
                    if not attempt.begun and not isinstance(event, MessageEnded):
                        attempt.begun = True
                        self._learn(attempt)
                    yield event
                return
            except UpstreamError as failure:
                if not self._prepare_retry(attempt, failure, body):
                    raise failure.as_model_error() from failure

    def _learn(self, attempt: _Attempt) -> None:
        model = attempt.prompt.model
        with self._lock:
            self._known_quirks[model] = self._known_quirks.get(model, frozenset()) | attempt.quirks

    def _body(self, attempt: _Attempt) -> JsonObject:
        body = self.body(attempt.prompt, attempt.prompt.completion_budget, attempt.quirks)
        if attempt.streamed:
            return body
        body.pop("stream_options", None)
        return {**body, "stream": False}

    def _ask_once(self, prompt: Prompt, body: JsonObject) -> Iterator[ModelEvent]:
        dropped = DroppedFields(prompt)
        arrivals = self._open_client().ask(self.path, body, prompt.cancellation)
        try:
            for event in metered(prompt, self.read(arrivals)):
                dropped.see(event)
                if event == Finished("stop"):
                    self._warn_of_dropped(prompt, dropped)
                yield event
        finally:
            arrivals.close()

    def _warn_of_dropped(self, prompt: Prompt, dropped: DroppedFields) -> None:
        for field, what in dropped.complaints():
            place = self.settings.address.server_name
            self.settings.warn(
                f"{field} had no effect at the upstream {place} ({prompt.model}): {what}"
            )

    def _open_client(self) -> "UpstreamClient":
        from openai_cli.engine.models.upstream.http_client import UpstreamClient

        with self._lock:
            if self._client is None:
                self._client = UpstreamClient(self.settings)
            return self._client

    def _prepare_retry(self, attempt: _Attempt, failure: UpstreamError, body: JsonObject) -> bool:
        """Change the attempt so that it may succeed, or wait; False to give up."""
        if attempt.begun or attempt.prompt.cancellation.requested:
            return False
        if isinstance(failure, EmptyAnswerError):
            once_more = attempt.streamed and failure.unexplained
            attempt.streamed = False
            return once_more
        shorter = None if attempt.shortened else self._shorter(attempt.prompt, failure)
        if shorter is not None:
            attempt.prompt, attempt.shortened, attempt.streamed = shorter, True, True
            return True
        for quirk in self.quirks:
            if quirk.name not in attempt.quirks and quirk.explains(failure, body):
                attempt.quirks, attempt.streamed = attempt.quirks | {quirk.name}, True
                return True
        return self._pause(attempt, failure)

    def _shorter(self, prompt: Prompt, failure: UpstreamError) -> Prompt | None:
        """A shorter prompt if this one was too long, unless the user fixed its length."""
        strategy = prompt.settings.truncation
        fixed = strategy is not None and strategy.type == "last_messages"
        return halved(prompt, estimate) if failure.is_about_length and not fixed else None

    def _pause(self, attempt: _Attempt, failure: UpstreamError) -> bool:
        """Wait before another attempt; False to give up."""
        wait = backoff(attempt.repeats) if failure.wait is None else failure.wait
        spent = attempt.repeats >= self.settings.max_retries
        if not failure.again or spent or wait > LONGEST_WAIT:
            return False
        attempt.repeats += 1
        return not attempt.prompt.cancellation.wait(wait)
