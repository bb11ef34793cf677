"""A model under another name."""

from collections.abc import Generator, Iterable
from dataclasses import replace

from openai_cli.engine.models.interface import Model, Unsupported
from openai_cli.engine.models.model_events import ModelEvent
from openai_cli.engine.models.prompt import Prompt


class RenamedModel:
    """Asks `model` for `name`, whatever name the run asks for."""

    def __init__(self, model: Model, name: str) -> None:
        self._model = model
        self._name = name

    @property
    def backend(self) -> str:
        """The name used in refusals."""
        return self._model.backend

    def refuse(self, turn: Prompt) -> Iterable[Unsupported]:
        """Name what the backend cannot carry."""
        return self._model.refuse(self._renamed(turn))

    def count_tokens(self, text: str) -> int:
        """Estimate the tokens of `text`."""
        return self._model.count_tokens(text)

    def answer(self, turn: Prompt) -> Generator[ModelEvent, None, None]:
        """Ask the model."""
        return self._model.answer(self._renamed(turn))

    def close(self) -> None:
        """Nothing is held: the model is closed by whoever opened it."""

    def _renamed(self, turn: Prompt) -> Prompt:
        return replace(turn, model=self._name)
