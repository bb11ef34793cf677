"""The `chat` backend: any Chat Completions endpoint."""

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from openai_cli.engine.models.chat import request
from openai_cli.engine.models.chat.answer_parser import ChatAnswerParser
from openai_cli.engine.models.interface import Unsupported
from openai_cli.engine.models.model_events import ModelEvent
from openai_cli.engine.models.prompt import Prompt
from openai_cli.engine.models.upstream.model import UpstreamModel, Without
from openai_cli.engine.models.upstream.upstream_errors import UpstreamError
from openai_cli.engine.strict_json import JsonObject

if TYPE_CHECKING:
    from openai_cli.engine.models.upstream.http_client import ReceivedEvent

_UNKNOWN = re.compile(
    r"un(supported|known|recognized|expected)|not (supported|permitted|allowed|known|recognized)|"
    r"extra|forbidden|use '?max_tokens",
    re.I,
)
_SPARE = ("max_completion_tokens", "stream_options")


class Chat(UpstreamModel):
    """OpenAI's Chat Completions, and what imitates it: vLLM, Ollama, llama.cpp, LiteLLM."""

    backend = "chat"
    path = "/chat/completions"

    def refuse(self, turn: Prompt) -> Iterable[Unsupported]:
        """Everything but text, images by address, and functions."""
        return request.refuse(turn)

    def body(self, turn: Prompt, budget: int | None, without: Without) -> JsonObject:
        """The request for a turn."""
        return request.body(turn, budget, without)

    def read(self, arrivals: "Iterator[ReceivedEvent]") -> Iterator[ModelEvent]:
        """The events of one answer."""
        return ChatAnswerParser(self.settings).read(arrivals)

    def spare(self, error: UpstreamError, body: JsonObject) -> str | None:
        """What the refusal names; `stream_options` too where it does not say what is wrong."""
        said = f"{error.text} {error.code} {error.param}"
        named = [field for field in _SPARE if field in body and field in said]
        if named and _UNKNOWN.search(said):
            return named[0]
        vague = not error.param and not error.is_about_length
        return "stream_options" if "stream_options" in body and vague else None
