"""Which model answers: `echo` is built in, every other name belongs to the upstream."""

from collections.abc import Mapping

from openai_cli.local.errors import ApiError
from openai_cli.local.models.echo import Echo
from openai_cli.local.models.interface import Model


class Models:
    """The models of one engine; adapters are made when first needed."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._echo = Echo()

    def pick(self, name: str) -> Model:
        """The model that answers for this name.

        Raises:
            ApiError: no backend is there for it.
        """
        if name == "echo":
            return self._echo
        raise ApiError(
            f"The model '{name}' is not available: only 'echo' is built into the local engine.",
            param="model",
            code="model_not_found",
        )

    def close(self) -> None:
        """Release what the adapters hold."""
        self._echo.close()
