"""`--debug` output: requests and responses without secrets, bodies up to a limit."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Iterator

import httpx

from openai_cli.client.redaction import redacted, redacted_url, scrub
from openai_cli.client.settings import ConnectionSettings

BODY_LIMIT = 4096
"""Characters shown of one body; for a stream, of all its events together."""
_LONGEST_LINE = 4 * BODY_LIMIT


class Trace:
    """Passes lines about requests and responses to `settings.trace`, if set."""

    def __init__(self, settings: ConnectionSettings) -> None:
        self._settings = settings

    def request(self, request: httpx.Request) -> None:
        """Show the request line, headers and body."""
        if self._settings.trace is None:
            return
        self._line(f"> {request.method} {redacted_url(str(request.url))}")
        self._headers(">", request.headers.multi_items())
        body = self._body(">")
        body.feed(request.content)
        body.end()

    def response(self, response: httpx.Response) -> None:
        """Show the status line and headers."""
        if self._settings.trace is None:
            return
        self._line(f"< {response.status_code} {response.reason_phrase}")
        self._headers("<", response.headers.multi_items())

    def passing(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the chunks of a response body, showing each line as it is completed."""
        if self._settings.trace is None:
            yield from chunks
            return
        body = self._body("<")
        try:
            for chunk in chunks:
                body.feed(chunk)
                yield chunk
        finally:
            body.end()

    def say(self, line: str) -> None:
        """Show a line about the client itself, such as a retry."""
        self._line(f"* {line}")

    def _body(self, mark: str) -> _Body:
        return _Body(
            lambda text: scrub(text, self._settings), lambda line: self._line(f"{mark} {line}")
        )

    def _headers(self, mark: str, headers: Iterable[tuple[str, str]]) -> None:
        for name, value in redacted(headers):
            shown = redacted_url(value) if name.lower() == "location" else value
            self._line(f"{mark} {name}: {shown}")

    def _line(self, line: str) -> None:
        if self._settings.trace is not None:
            self._settings.trace(scrub(line, self._settings))


class _Body:
    """A body shown in complete lines: a secret may be split between chunks."""

    def __init__(self, clean: Callable[[str], str], show: Callable[[str], None]) -> None:
        self._clean = clean
        self._show = show
        self._decode = codecs.getincrementaldecoder("utf-8")(errors="replace").decode
        self._line = ""
        self._remaining = BODY_LIMIT
        self._hidden = 0

    def feed(self, data: bytes) -> None:
        text = self._decode(data)
        if self._remaining <= 0:
            self._hidden += len(text)
            return
        *lines, self._line = (self._line + text).split("\n")
        for line in lines:
            self._take(line)
        if len(self._line) > _LONGEST_LINE:
            self._take(self._line)
            self._line = ""

    def end(self) -> None:
        if self._line:
            self._take(self._line)
            self._line = ""
        if self._hidden:
            self._show(f"… {self._hidden} more characters")
            self._hidden = 0

    def _take(self, line: str) -> None:
        clean = self._clean(line)
        if self._remaining > 0:
            self._show(clean[: self._remaining])
            self._hidden += max(0, len(clean) - self._remaining)
        else:
            self._hidden += len(clean)
        self._remaining -= len(clean) + 1
