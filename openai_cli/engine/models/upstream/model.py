"""The part of an adapter that is the same for every API: asking, asking again, giving up."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING

from openai_cli.client.retry import LONGEST_WAIT, backoff
from openai_cli.engine.models.interface import Unsupported
from openai_cli.engine.models.model_events import Finished, ModelEvent
from openai_cli.engine.models.prompt import Prompt
from openai_cli.engine.models.truncation import halved
from openai_cli.engine.models.upstream.config import UpstreamConfig
from openai_cli.engine.models.upstream.token_budget import budget_left, estimate, metered
from openai_cli.engine.models.upstream.upstream_errors import UpstreamError
from openai_cli.engine.strict_json import JsonObject

if TYPE_CHECKING:
    from openai_cli.engine.models.upstream.http_client import ReceivedEvent, UpstreamCall

Without = frozenset[str]
"""Fields that a server would not take, and that a request can do without."""


class UpstreamModel(ABC):
    """A model at a living API. Subclasses know how to ask there, and how to read the answer."""

    smallest_budget = 1
    """The fewest completion tokens the API lets one ask for."""

    def __init__(self, upstream: UpstreamConfig) -> None:
        self.settings = upstream.settings
        self._lock = threading.Lock()
        self._line: UpstreamCall | None = None
        self._without: dict[str, Without] = {}

    @property
    @abstractmethod
    def backend(self) -> str:
        """The name used in refusals."""

    @property
    @abstractmethod
    def path(self) -> str:
        """Where requests go, below the base URL."""

    @abstractmethod
    def refuse(self, turn: Prompt) -> Iterable[Unsupported]:
        """Name what this API cannot carry."""

    @abstractmethod
    def body(self, turn: Prompt, budget: int | None, without: Without) -> JsonObject:
        """The request for a turn."""

    @abstractmethod
    def read(self, arrivals: "Iterator[ReceivedEvent]") -> Iterator[ModelEvent]:
        """The events of one answer. Raises UpstreamError."""

    @abstractmethod
    def spare(self, error: UpstreamError, body: JsonObject) -> str | None:
        """The field of a refused request to leave out in another attempt, if there is one."""

    def count_tokens(self, text: str) -> int:
        """About a quarter of the bytes."""
        return estimate(text)

    def answer(self, turn: Prompt) -> Generator[ModelEvent, None, None]:
        """Ask, and go on asking as long as that makes sense and nothing has come yet."""
        budget = budget_left(turn)
        if budget is not None and budget < self.smallest_budget:
            yield Finished("max_completion_tokens")
            return
        with closing(self._insist(turn, budget)) as events:
            yield from metered(turn, events)

    def close(self) -> None:
        """Release the connections."""
        with self._lock:
            if self._line is not None:
                self._line.close()

    def _insist(self, turn: Prompt, budget: int | None) -> Generator[ModelEvent, None, None]:
        without = self._without.get(turn.model, frozenset())
        shortened = False
        attempt = 0
        while True:
            body = self.body(turn, budget, without)
            begun = False
            try:
                for event in self._once(turn, body):
                    if not begun:
                        begun, self._without[turn.model] = True, without
                    yield event
                return
            except UpstreamError as trouble:
                if begun or turn.cancellation.requested:
                    raise trouble.as_model_error() from trouble
                shorter = None if shortened else self._shorter(turn, trouble)
                field = self.spare(trouble, body) if trouble.is_about_the_request else None
                if shorter is not None:
                    turn, shortened = shorter, True
                elif field is not None:
                    without |= {field}
                elif not self._pause(turn, trouble, attempt):
                    raise trouble.as_model_error() from trouble
                else:
                    attempt += 1

    def _once(self, turn: Prompt, body: JsonObject) -> Iterator[ModelEvent]:
        arrivals = self._open_line().ask(self.path, body, turn.cancellation)
        try:
            yield from self.read(arrivals)
        finally:
            arrivals.close()

    def _open_line(self) -> "UpstreamCall":
        from openai_cli.engine.models.upstream.http_client import UpstreamCall

        with self._lock:
            if self._line is None:
                self._line = UpstreamCall(self.settings)
            return self._line

    def _shorter(self, turn: Prompt, trouble: UpstreamError) -> Prompt | None:
        """The turn to ask instead of one that was too long, unless its length is by order."""
        strategy = turn.settings.truncation
        by_order = strategy is not None and strategy.type == "last_messages"
        return halved(turn, estimate) if trouble.is_about_length and not by_order else None

    def _pause(self, turn: Prompt, trouble: UpstreamError, attempt: int) -> bool:
        """Wait for another attempt; False if there is to be none."""
        wait = backoff(attempt) if trouble.wait is None else trouble.wait
        if not trouble.again or attempt >= self.settings.max_retries or wait > LONGEST_WAIT:
            return False
        return not turn.cancellation.wait(wait)
