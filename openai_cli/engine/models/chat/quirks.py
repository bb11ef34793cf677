"""Quirks of Chat Completions servers. To add one, append it to `QUIRKS`."""

import re
from collections.abc import Iterator

from openai_cli.engine.models.chat.provider_fields import MESSAGE_FIELDS
from openai_cli.engine.models.upstream.quirks import STRICT_ROLES, Quirk
from openai_cli.engine.models.upstream.upstream_errors import UpstreamError
from openai_cli.engine.strict_json import JsonObject

_UNKNOWN = re.compile(
    r"un(supported|known|recognized|expected)|not (supported|permitted|allowed|known|recognized)|"
    r"extra|forbidden|use '?max_tokens",
    re.I,
)
_MISSING = re.compile(r"must be (passed|provided|sent)|missing|required", re.I)
_EMPTY_TEXT = re.compile(
    r"(text|content)\b.{0,40}(non-?empty|must not be empty|cannot be empty)", re.I
)


def _says_unknown(error: UpstreamError, field: str) -> bool:
    said = f"{error.text} {error.code} {error.param}"
    return error.is_about_the_request and field in said and _UNKNOWN.search(said) is not None


def _knows_no_completion_tokens(error: UpstreamError, body: JsonObject) -> bool:
    return "max_completion_tokens" in body and _says_unknown(error, "max_completion_tokens")


def _knows_no_stream_options(error: UpstreamError, body: JsonObject) -> bool:
    """Whether the refusal is about `stream_options`, or may be because it names no field."""
    if "stream_options" not in body or not error.is_about_the_request:
        return False
    vague = not error.param and not error.is_about_length
    return vague or _says_unknown(error, "stream_options")


def _takes_no_provider_fields(error: UpstreamError, body: JsonObject) -> bool:
    sent = {name for turn in _calling_turns(body) for name in MESSAGE_FIELDS if name in turn}
    named = any(name in error.text or name in error.param for name in sent)
    return error.is_about_the_request and named and _MISSING.search(error.text) is None


def _takes_no_empty_text(error: UpstreamError, body: JsonObject) -> bool:
    sent = any(not turn["content"] for turn in _calling_turns(body))
    return error.is_about_the_request and sent and _EMPTY_TEXT.search(error.text) is not None


def _calling_turns(body: JsonObject) -> Iterator[JsonObject]:
    return (message for message in body["messages"] if "tool_calls" in message)


OLDER_BUDGET = Quirk("max_completion_tokens", _knows_no_completion_tokens)
"""Send `max_tokens` instead."""
NO_STREAM_OPTIONS = Quirk("stream_options", _knows_no_stream_options)
"""Do not request usage."""
NO_PROVIDER_FIELDS = Quirk("provider fields", _takes_no_provider_fields)
"""Do not send reasoning back: a few servers send it but refuse to read it."""
NO_EMPTY_TEXT = Quirk("empty text", _takes_no_empty_text)
"""Send null as the text of a turn with only calls: Anthropic's models behind a gateway."""

QUIRKS = (STRICT_ROLES, OLDER_BUDGET, NO_PROVIDER_FIELDS, NO_EMPTY_TEXT, NO_STREAM_OPTIONS)
