"""The `responses` backend: the OpenAI Responses API."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from openai_cli.engine.models.interface import Unsupported
from openai_cli.engine.models.model_events import ModelEvent
from openai_cli.engine.models.prompt import Prompt
from openai_cli.engine.models.responses import request
from openai_cli.engine.models.responses.answer_parser import ResponsesAnswerParser
from openai_cli.engine.models.responses.quirks import QUIRKS
from openai_cli.engine.models.upstream.model import UpstreamModel
from openai_cli.engine.models.upstream.quirks import Quirks
from openai_cli.engine.strict_json import JsonObject

if TYPE_CHECKING:
    from openai_cli.engine.models.upstream.http_client import ReceivedEvent


class Responses(UpstreamModel):
    """Adapter for OpenAI's Responses API; requests are not stored there."""

    backend = "responses"
    path = "/responses"
    quirks = QUIRKS
    smallest_budget = 16

    def refuse_fields(self, prompt: Prompt) -> Iterable[Unsupported]:
        """Refuse searches without a vector store, files to search, and images of the assistant."""
        return request.refuse(prompt)

    def body(self, prompt: Prompt, budget: int | None, quirks: Quirks) -> JsonObject:
        """The request for a prompt."""
        return request.body(prompt, budget, quirks)

    def read(self, arrivals: "Iterator[ReceivedEvent]") -> Iterator[ModelEvent]:
        """The events of one answer."""
        return ResponsesAnswerParser(self.settings).read(arrivals)
