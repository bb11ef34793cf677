"""Measures the time of a model's answers."""

import time
from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from typing import NamedTuple

from openai_cli.engine.models.interface import Model, Unsupported
from openai_cli.engine.models.model_events import Finished, ModelError, ModelEvent
from openai_cli.engine.models.prompt import Prompt


class AnswerTime(NamedTuple):
    """How long one answer took."""

    backend: str
    outcome: str
    """`completed`, `cancelled`, or the code of the error."""
    first: float | None
    """Seconds until the first event; None if there was none."""
    whole: float
    """Seconds until the end; for a run, this includes storing the events."""


class TimedModel:
    """Asks `model`, and calls `timed` with the time of each answer."""

    def __init__(self, model: Model, timed: Callable[[AnswerTime], None]) -> None:
        self._model = model
        self._timed = timed

    @property
    def backend(self) -> str:
        """The name used in refusals."""
        return self._model.backend

    def refuse(self, prompt: Prompt) -> Iterable[Unsupported]:
        """Yield the parts of the prompt that the backend does not support."""
        return self._model.refuse(prompt)

    def count_tokens(self, text: str) -> int:
        """Estimate the tokens of `text`."""
        return self._model.count_tokens(text)

    def answer(self, prompt: Prompt) -> Generator[ModelEvent, None, None]:
        """Ask the model."""
        begun, first, outcome = time.monotonic(), None, "server_error"
        try:
            with closing(self._model.answer(prompt)) as events:
                for event in events:
                    if first is None:
                        first = time.monotonic() - begun
                    if isinstance(event, Finished):
                        outcome = "completed"
                    yield event
        except ModelError as error:
            outcome = error.code
            raise
        finally:
            if prompt.cancellation.requested:
                outcome = "cancelled"
            whole = time.monotonic() - begun
            self._timed(AnswerTime(self.backend, outcome, first, whole))

    def names(self) -> list[str]:
        """The models that the model's server lists."""
        return self._model.names()

    def close(self) -> None:
        """Do nothing: the owner of the model closes it."""
