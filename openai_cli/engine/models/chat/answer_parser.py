"""A Chat Completions answer as model events, whatever a server leaves out of it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from openai_cli.client.settings import ConnectionSettings
from openai_cli.engine.models.chat.request import SPOKEN
from openai_cli.engine.models.chat.tool_calls import ToolCallAssembler
from openai_cli.engine.models.model_events import (
    Finished,
    FinishReason,
    ItemKept,
    ModelEvent,
    RefusalDelta,
    TextDelta,
    ToolCallStarted,
    UsageReported,
)
from openai_cli.engine.models.upstream.fields import objects_of, text_of, usage_of
from openai_cli.engine.models.upstream.upstream_errors import UpstreamError, cut, failed, unusable
from openai_cli.engine.strict_json import JsonObject

if TYPE_CHECKING:
    from openai_cli.engine.models.upstream.http_client import ReceivedEvent

_REASONS: dict[str, FinishReason] = {
    "length": "max_completion_tokens",
    "max_tokens": "max_completion_tokens",
    "max_completion_tokens": "max_completion_tokens",
    "model_length": "max_completion_tokens",
    "content_filter": "content_filter",
    "safety": "content_filter",
}
"""Words for an end that is none of `stop`; any other word is a good end."""

_USAGE = ("prompt_tokens", "completion_tokens")


class ChatAnswerParser:
    """Reads one answer."""

    def __init__(self, settings: ConnectionSettings) -> None:
        self._settings = settings
        self._calls = ToolCallAssembler()
        self._spoken = False
        self._reason = ""
        self._usage: UsageReported | None = None

    def read(self, arrivals: "Iterator[ReceivedEvent]") -> Iterator[ModelEvent]:
        """The events, in order.

        Raises:
            UpstreamError: an error was reported, or the answer has no end.
        """
        ended = False
        try:
            for arrival in arrivals:
                ended = arrival.name in ("done", "json")
                if arrival.name == "json":
                    self._check_whole(arrival.value)
                yield from self._take(arrival.value)
                if ended:
                    break
        except UpstreamError:
            # With the reason all has been said; only usage and the end mark are lost.
            if not self._reason:
                raise
        if not (ended or self._reason):
            raise cut(self._settings)
        if self._calls.nameless:
            raise unusable("asked for a function without its name.", self._settings)
        if self._usage is not None:
            yield self._usage
        yield Finished(_REASONS.get(self._reason, "stop"))

    def _check_whole(self, value: JsonObject) -> None:
        if not value.get("error") and not objects_of(value.get("choices")):
            raise unusable("answered without a choice.", self._settings)

    def _take(self, value: JsonObject) -> Iterator[ModelEvent]:
        if value.get("error"):
            raise failed(value["error"], self._settings)
        self._usage = usage_of(value.get("usage"), *_USAGE) or self._usage
        for choice in objects_of(value.get("choices")):
            if choice.get("index") in (None, 0):
                yield from self._choice(choice)

    def _choice(self, choice: JsonObject) -> Iterator[ModelEvent]:
        delta = choice.get("delta") or choice.get("message")
        if isinstance(delta, dict):
            yield from self._delta(delta)
        self._reason = text_of(choice.get("finish_reason")).lower() or self._reason
        if self._reason == "error":
            self._reason = ""
            raise failed("the answer ended with an error", self._settings)

    def _delta(self, delta: JsonObject) -> Iterator[ModelEvent]:
        text = _content(delta.get("content"))
        if text:
            self._spoken = True
            yield TextDelta(text)
        refusal = text_of(delta.get("refusal"))
        if refusal:
            self._spoken = True
            yield RefusalDelta(refusal)
        for entry in objects_of(delta.get("tool_calls")) or _older_call(delta):
            for event in self._calls.take(entry):
                if isinstance(event, ToolCallStarted) and self._spoken:
                    self._spoken = False
                    yield ItemKept(dict(SPOKEN))
                yield event


def _content(value: Any) -> str:
    """Text, which a few servers send as a list of parts."""
    if isinstance(value, list):
        return "".join(_content(part.get("text")) for part in objects_of(value))
    return text_of(value)


def _older_call(delta: JsonObject) -> list[JsonObject]:
    call = delta.get("function_call")
    return [{"index": 0, "function": call}] if isinstance(call, dict) else []
