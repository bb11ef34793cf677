"""A model that is requested under another name."""

from collections.abc import Generator, Iterable
from dataclasses import replace

from openai_cli.engine.models.interface import Model, Unsupported
from openai_cli.engine.models.model_events import ModelEvent
from openai_cli.engine.models.prompt import Prompt


class RenamedModel:
    """Requests `name` from `model`, whatever name the run has."""

    def __init__(self, model: Model, name: str) -> None:
        self._model = model
        self._name = name

    @property
    def backend(self) -> str:
        """The name used in refusals."""
        return self._model.backend

    def refuse(self, prompt: Prompt) -> Iterable[Unsupported]:
        """Yield the parts of the prompt that the backend does not support."""
        return self._model.refuse(self._renamed(prompt))

    def count_tokens(self, text: str) -> int:
        """Estimate the tokens of `text`."""
        return self._model.count_tokens(text)

    def answer(self, prompt: Prompt) -> Generator[ModelEvent, None, None]:
        """Ask the model."""
        return self._model.answer(self._renamed(prompt))

    def names(self) -> list[str]:
        """The models that the model's server lists."""
        return self._model.names()

    def close(self) -> None:
        """Do nothing: the owner of the model closes it."""

    def _renamed(self, prompt: Prompt) -> Prompt:
        return replace(prompt, model=self._name)
