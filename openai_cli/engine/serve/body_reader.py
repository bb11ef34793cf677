"""Reads a request's body within limits."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from openai_cli.engine.refusals import RefusalError
from openai_cli.engine.serve.limits import ServerLimits

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]


class ClientGoneError(Exception):
    """The client hung up before its request was whole."""


async def read_body(receive: Receive, headers: Mapping[str, str], limits: ServerLimits) -> bytes:
    """The whole body.

    Raises:
        RefusalError: it is too large, or does not come.
        ClientGoneError: nobody is there to be answered.
    """
    declared = headers.get("content-length", "0")
    if declared.isdecimal() and int(declared) > 2 * limits.body:
        raise _too_large(limits)
    try:
        async with asyncio.timeout(limits.body_time):
            return await _pieces(receive, limits)
    except TimeoutError:
        raise RefusalError(
            f"The body of the request was not received within {limits.body_time:g} seconds.",
            status=408,
            headers=_CLOSE,
        ) from None


async def _pieces(receive: Receive, limits: ServerLimits) -> bytes:
    """The pieces as one. Of a body that is too large, as much again is taken and thrown away.

    A client that is still sending when the connection is closed may not see the answer.
    """
    pieces: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        piece, more = message.get("body", b""), message.get("more_body", False)
        size += len(piece)
        if size <= limits.body:
            pieces.append(piece)
        else:
            pieces.clear()
        if size > 2 * limits.body:
            break
    if size > limits.body:
        raise _too_large(limits)
    return b"".join(pieces)


def check_elements(body: bytes, limits: ServerLimits) -> None:
    """Count keys and elements, before anything is made of them: parsing holds up all threads.

    Raises:
        RefusalError: there are too many.
    """
    marks = body.translate(None, _UNCOUNTED)
    if len(marks) <= limits.elements:
        return  # even if those within texts are counted
    # A text with a quote in it must not seem to end there. Once texts are out, what is left marks
    # the beginning of an object or array, or another entry in it.
    shown = body.replace(rb"\\", b"").replace(rb"\"", b"").translate(None, _UNCOUNTED_OR_QUOTE)
    texts = shown.count(b'"') // 2
    if texts <= 2 * limits.elements:
        marks = b"".join(shown.split(b'"')[::2])
        if len(marks) <= limits.elements:
            return
    raise RefusalError(
        f"The body of the request has more than {limits.elements} keys and elements.",
        status=413,
        code="request_too_large",
    )


def _too_large(limits: ServerLimits) -> RefusalError:
    return RefusalError(
        f"The body of the request is larger than {limits.body} bytes.",
        status=413,
        code="request_too_large",
        headers=_CLOSE,
    )


_CLOSE = {"connection": "close"}
_UNCOUNTED_OR_QUOTE = bytes(set(range(256)) - set(b'[{,"'))
_UNCOUNTED = _UNCOUNTED_OR_QUOTE + b'"'
