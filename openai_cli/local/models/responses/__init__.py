"""The `responses` backend: the OpenAI Responses API."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from openai_cli.local.jsontext import JsonObject
from openai_cli.local.models.events import ModelEvent
from openai_cli.local.models.interface import Unsupported
from openai_cli.local.models.responses import request
from openai_cli.local.models.responses.answer import Answer
from openai_cli.local.models.turn import Turn
from openai_cli.local.models.upstream.errors import UpstreamError
from openai_cli.local.models.upstream.model import UpstreamModel, Without

if TYPE_CHECKING:
    from openai_cli.local.models.upstream.line import Arrival


class Responses(UpstreamModel):
    """OpenAI's Responses API; nothing is stored there."""

    backend = "responses"
    path = "/responses"
    smallest_budget = 16

    def refuse(self, turn: Turn) -> Iterable[Unsupported]:
        """Searches without a vector store, files to be searched, images of the assistant."""
        return request.refuse(turn)

    def body(self, turn: Turn, budget: int | None, without: Without) -> JsonObject:
        """The request for a turn."""
        return request.body(turn, budget, without)

    def read(self, arrivals: "Iterator[Arrival]") -> Iterator[ModelEvent]:
        """The events of one answer."""
        return Answer(self.settings).read(arrivals)

    def spare(self, error: UpstreamError, body: JsonObject) -> str | None:
        """The encrypted reasoning, which models that do not reason refuse."""
        named = "encrypted" in error.text.lower() or error.param.startswith("include")
        return request.REASONING if named and request.REASONING in body.get("include", ()) else None
