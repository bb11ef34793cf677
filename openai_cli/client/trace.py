"""What `--debug` shows of a call: everything but secrets, bodies up to a limit."""

from __future__ import annotations

from collections.abc import Iterable

import httpx

from openai_cli.client.headers import redacted, scrub
from openai_cli.client.settings import Settings

BODY_LIMIT = 4096
"""Characters of a body that are shown."""


class Trace:
    """Writes requests and answers to the sink of `settings`, if there is one."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def request(self, request: httpx.Request) -> None:
        """The request line, headers and body."""
        if self._settings.trace is None:
            return
        self._lines(">", [f"{request.method} {request.url}"])
        self._headers(">", request.headers.multi_items())
        if request.content:
            self.body(">", request.content)

    def response(self, response: httpx.Response) -> None:
        """The status line and headers."""
        if self._settings.trace is None:
            return
        self._lines("<", [f"{response.status_code} {response.reason_phrase}"])
        self._headers("<", response.headers.multi_items())

    def body(self, mark: str, data: bytes) -> None:
        """A body, cut at BODY_LIMIT."""
        if self._settings.trace is None:
            return
        text = scrub(data.decode("utf-8", errors="replace"), self._settings)
        cut = f"\n… {len(text) - BODY_LIMIT} characters more" if len(text) > BODY_LIMIT else ""
        self._lines(mark, (text[:BODY_LIMIT] + cut).split("\n"))

    def say(self, line: str) -> None:
        """A remark of our own, such as a retry."""
        self._lines("*", [line])

    def _headers(self, mark: str, headers: Iterable[tuple[str, str]]) -> None:
        self._lines(mark, [f"{name}: {value}" for name, value in redacted(headers)])

    def _lines(self, mark: str, lines: Iterable[str]) -> None:
        if self._settings.trace is not None:
            for line in lines:
                self._settings.trace(f"{mark} {scrub(line, self._settings)}")
