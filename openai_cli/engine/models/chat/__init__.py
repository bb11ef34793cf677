"""The `chat` backend: any Chat Completions endpoint."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from openai_cli.engine.models.chat import request
from openai_cli.engine.models.chat.answer_parser import ChatAnswerParser
from openai_cli.engine.models.chat.quirks import QUIRKS
from openai_cli.engine.models.interface import Unsupported
from openai_cli.engine.models.model_events import ModelEvent
from openai_cli.engine.models.prompt import Prompt
from openai_cli.engine.models.upstream.model import UpstreamModel
from openai_cli.engine.models.upstream.quirks import Quirks
from openai_cli.engine.strict_json import JsonObject

if TYPE_CHECKING:
    from openai_cli.engine.models.upstream.http_client import ReceivedEvent


class Chat(UpstreamModel):
    """Adapter for OpenAI's Chat Completions and compatible servers: vLLM, Ollama, llama.cpp,
    LiteLLM.
    """

    backend = "chat"
    path = "/chat/completions"
    quirks = QUIRKS

    def refuse_fields(self, prompt: Prompt) -> Iterable[Unsupported]:
        """Refuse everything except text, images by URL, and functions."""
        return request.refuse(prompt)

    def body(self, prompt: Prompt, budget: int | None, quirks: Quirks) -> JsonObject:
        """The request for a prompt."""
        return request.body(prompt, budget, quirks)

    def read(self, arrivals: "Iterator[ReceivedEvent]") -> Iterator[ModelEvent]:
        """The events of one answer."""
        return ChatAnswerParser(self.settings).read(arrivals)
