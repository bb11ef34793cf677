"""Upstream errors as one line without secrets."""

import re
from typing import Any

from openai_cli.client.redaction import scrub
from openai_cli.client.retry import is_transient
from openai_cli.client.settings import ConnectionSettings
from openai_cli.engine.models.model_events import ModelError, ModelErrorCode
from openai_cli.engine.models.upstream.error_bodies import status_of
from openai_cli.engine.strict_json import JsonObject

_LONGEST_TEXT = 1000
_CONTEXT = re.compile(
    r"context.?(length|window|size)|maximum context|too many tokens|"
    r"(prompt|input|request).{0,20} too (long|large)|exceed\w* .{0,40}context",
    re.I,
)
_CODES: dict[int, ModelErrorCode] = {429: "rate_limit_exceeded", 400: "invalid_prompt"}


class UpstreamError(Exception):
    """An upstream refused the request, or its answer cannot be used.

    `status` is the HTTP status of the refusal, or the status that matches an error inside an
    answer, or 0. `again`: the same request may succeed later. `wait`: the seconds that the server
    asks to wait.
    """

    def __init__(
        self,
        text: str,
        *,
        status: int = 0,
        code: str = "",
        param: str = "",
        again: bool = False,
        wait: float | None = None,
    ) -> None:
        super().__init__(text)
        self.text = text
        self.status = status
        self.code = code
        self.param = param
        self.again = again
        self.wait = wait

    @property
    def is_about_the_request(self) -> bool:
        """Whether a different request may be accepted."""
        return self.status in (400, 422)

    @property
    def is_about_length(self) -> bool:
        """Whether the prompt did not fit into the model's context."""
        if self.code in ("context_length_exceeded", "exceed_context_size_error"):
            return True
        return self.status in (0, 400, 413, 422, 500) and _CONTEXT.search(self.text) is not None

    def as_model_error(self) -> ModelError:
        """The error that the run shows."""
        code = "invalid_prompt" if self.is_about_length else _CODES.get(self.status, "server_error")
        return ModelError(code, self.text)


class EmptyAnswerError(UpstreamError):
    """An answer without a text, a call or a refusal.

    `unexplained`: the same request without streaming may give the reason, which some servers omit
    from streams.
    """

    def __init__(self, text: str, *, unexplained: bool = True) -> None:
        super().__init__(text)
        self.unexplained = unexplained


def refused(
    status: int, fields: JsonObject, body: str, settings: ConnectionSettings
) -> UpstreamError:
    """An answer with an HTTP error status; `fields` are from its error body."""
    code = _code(fields)
    shown = f"{status} ({code})" if code and code != str(status) else str(status)
    text = f"The upstream {settings.address.server_name} answered {shown}: {_message(fields, body)}"
    return UpstreamError(
        scrub(text, settings), status=status, code=code, param=str(fields.get("param") or "")
    )


def failed(error: Any, settings: ConnectionSettings) -> UpstreamError:
    """An error inside the answer: the fields of its error object, or its text."""
    fields = error if isinstance(error, dict) else {"message": str(error or "")}
    code, status = _code(fields), status_of(fields)
    shown = f" ({code})" if code else ""
    server = settings.address.server_name
    text = f"The upstream {server} reported an error{shown}: {_message(fields, '')}"
    return UpstreamError(
        scrub(text, settings),
        status=status,
        code=code,
        param=str(fields.get("param") or ""),
        again=is_transient(status),
    )


def unusable(what: str, settings: ConnectionSettings) -> UpstreamError:
    """An answer that cannot be read."""
    return UpstreamError(scrub(f"The upstream {settings.address.server_name} {what}", settings))


def cut(settings: ConnectionSettings, what: str = "broke off its answer") -> UpstreamError:
    """An answer that was cut off."""
    host = settings.address.server_name
    return UpstreamError(f"The upstream {host} {what} before the end.", again=True)


def empty(
    settings: ConnectionSettings, *, reasoned: bool = False, reason: str = "", said: str = ""
) -> EmptyAnswerError:
    """An empty answer.

    Args:
        settings: the upstream.
        reasoned: whether there was reasoning.
        reason: the server's finish reason.
        said: what the server sent instead of an answer.
    """
    what = "sent its reasoning, but no answer" if reasoned else "sent an empty answer"
    why = f" (its finish reason: {reason})" if reason else ""
    more = f": {said[:_LONGEST_TEXT]}" if said else "."
    text = f"The upstream {settings.address.server_name} {what}{why}{more}"
    return EmptyAnswerError(scrub(text, settings), unexplained=not reasoned)


def warn_of_reasoning(settings: ConnectionSettings) -> None:
    """Warn that an answer is empty because its reasoning reached the limit."""
    settings.warn(f"the upstream {settings.address.server_name} spent all tokens on its reasoning")


def _code(fields: JsonObject) -> str:
    return str(fields.get("code") or fields.get("type") or fields.get("status") or "")


def _message(fields: JsonObject, body: str) -> str:
    line = " ".join(str(fields.get("message") or "").split() or body.split())
    return "no reason given" if not line or line.startswith("<") else line[:_LONGEST_TEXT]
