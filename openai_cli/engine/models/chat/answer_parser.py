"""Parses a Chat Completions answer into model events; tolerates missing fields."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from openai_cli.client.settings import ConnectionSettings
from openai_cli.engine.models.chat.provider_fields import ProviderFields
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
from openai_cli.engine.models.upstream.error_bodies import reported_error
from openai_cli.engine.models.upstream.fields import objects_of, text_of, usage_of
from openai_cli.engine.models.upstream.upstream_errors import (
    UpstreamError,
    cut,
    empty,
    failed,
    unusable,
    warn_of_reasoning,
)
from openai_cli.engine.strict_json import JsonObject, dumps

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
"""Finish reasons other than a normal stop; unknown ones count as `stop`."""

_USAGE = ("prompt_tokens", "completion_tokens")


class ChatAnswerParser:
    """Parses one answer. A finish reason, or a complete JSON document, ends it."""

    def __init__(self, settings: ConnectionSettings) -> None:
        self._settings = settings
        self._calls = ToolCallAssembler()
        self._fields = ProviderFields()
        self._text = ""
        self._refusal = ""
        self._has_deltas = False
        self._spoken = False
        self._reason = ""
        self._usage: UsageReported | None = None
        self._said = ""
        """Data received instead of a choice."""

    def read(self, arrivals: "Iterator[ReceivedEvent]") -> Iterator[ModelEvent]:
        """The events, in order.

        Raises:
            UpstreamError: the server reported an error, or the answer is cut off or empty.
        """
        whole = marked = False
        try:
            for arrival in arrivals:
                whole, marked = arrival.name == "json", arrival.name == "done"
                yield from self._take(arrival)
                if whole or marked:
                    break
        except UpstreamError:
            # After the finish reason, only usage and the end mark are lost.
            if not self._reason:
                raise
        yield from self._end(whole=whole, marked=marked)

    def _end(self, *, whole: bool, marked: bool) -> Iterator[ModelEvent]:
        if not (self._text or self._refusal or self._calls):
            self._check_emptiness(ended=whole or marked)
        elif not (self._reason or whole):
            raise cut(self._settings, "ended its answer without a finish reason,")
        if self._calls.nameless:
            raise unusable("called a function without a name.", self._settings)
        if self._calls:
            yield from self._fields.kept()
            yield from self._calls.kept()
        if self._usage is not None:
            yield self._usage
        yield Finished(_REASONS.get(self._reason, "stop"))

    def _check_emptiness(self, *, ended: bool) -> None:
        """Raise if the answer is empty, unless a limit or a content filter ended it."""
        reasoned = self._fields.reasoned
        if self._reason in _REASONS:
            if reasoned and _REASONS[self._reason] == "max_completion_tokens":
                warn_of_reasoning(self._settings)
        elif reasoned and not (ended or self._reason):
            raise cut(self._settings)
        else:
            raise empty(self._settings, reasoned=reasoned, reason=self._reason, said=self._said)

    def _take(self, arrival: "ReceivedEvent") -> Iterator[ModelEvent]:
        value = arrival.value
        error = reported_error(value, arrival.name)
        if error is not None:
            raise failed(error, self._settings)
        self._usage = usage_of(value.get("usage"), *_USAGE) or self._usage
        # Only one choice is requested; its index is ignored, as one server counts chunks in it.
        choices = objects_of(value.get("choices"))
        if choices:
            closes = value.get("object") == "chat.completion"
            yield from self._choice(choices[0], closes=closes)
        elif value and not value.keys() & {"choices", "usage", "object"}:
            self._said = dumps(value)

    def _choice(self, choice: JsonObject, *, closes: bool) -> Iterator[ModelEvent]:
        if choice.get("error"):
            raise failed(choice["error"], self._settings)
        reason = text_of(choice.get("finish_reason")).lower()
        if isinstance(choice.get("delta"), dict):
            yield from self._delta(choice["delta"])
            self._has_deltas = self._has_deltas or bool(self._text or self._refusal)
        if isinstance(choice.get("message"), dict):
            yield from self._message(choice["message"], closes=closes or self._has_deltas)
        if reason == "error":
            raise failed("the answer ended with an error", self._settings)
        self._reason = reason or self._reason

    def _delta(self, delta: JsonObject) -> Iterator[ModelEvent]:
        self._fields.take(delta)
        yield from self._say(_content(delta.get("content")))
        yield from self._refuse(text_of(delta.get("refusal")))
        entries = objects_of(delta.get("tool_calls")) or _older_call(delta)
        if entries:
            yield from self._call(self._calls.take(entries))

    def _message(self, message: JsonObject, *, closes: bool) -> Iterator[ModelEvent]:
        """Handle a `message` in place of a delta: either the complete message again, or another
        piece.
        """
        text, refusal = _content(message.get("content")), text_of(message.get("refusal"))
        grows = text.startswith(self._text) and refusal.startswith(self._refusal)
        if not (closes or grows):
            yield from self._delta(message)
            return
        self._fields.take_whole(message)
        if grows:
            yield from self._say(text[len(self._text) :])
            yield from self._refuse(refusal[len(self._refusal) :])
        entries = objects_of(message.get("tool_calls")) or _older_call(message)
        if entries:
            yield from self._call(self._calls.take_whole(entries))

    def _say(self, text: str) -> Iterator[ModelEvent]:
        if text:
            self._text += text
            self._spoken = True
            yield TextDelta(text)

    def _refuse(self, text: str) -> Iterator[ModelEvent]:
        if text:
            self._refusal += text
            self._spoken = True
            yield RefusalDelta(text)

    def _call(self, events: Iterator[ModelEvent]) -> Iterator[ModelEvent]:
        for event in events:
            if isinstance(event, ToolCallStarted) and self._spoken:
                self._spoken = False
                yield ItemKept(dict(SPOKEN))
            yield event


def _content(value: Any) -> str:
    """Text of a content field, which some servers send as a list of parts."""
    if isinstance(value, list):
        return "".join(_content(part.get("text")) for part in objects_of(value))
    return text_of(value)


def _older_call(delta: JsonObject) -> list[JsonObject]:
    call = delta.get("function_call")
    return [{"index": 0, "function": call}] if isinstance(call, dict) else []
