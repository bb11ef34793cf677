"""In-process access: an httpx transport that passes requests to the engine."""

from collections.abc import Iterator

import httpx

from openai_cli.engine.engine import Engine
from openai_cli.engine.http import Frames, HttpRequest


class EngineTransport(httpx.BaseTransport):
    """Answers every request from the engine, whatever its host; nothing goes over a network."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request.

        Raises:
            StoreError: the store cannot be used; also while a stream is read.
        """
        call = HttpRequest(
            method=request.method,
            path=request.url.raw_path.partition(b"?")[0].decode("ascii"),
            query=request.url.params.multi_items(),
            headers=request.headers,
            body=request.read(),
        )
        answer = self._engine.answer(call)
        if isinstance(answer.body, bytes):
            return httpx.Response(answer.status, headers=answer.headers, content=answer.body)
        stream = _FrameStream(answer.body)
        return httpx.Response(answer.status, headers=answer.headers, stream=stream)

    def close(self) -> None:
        """Close the store."""
        self._engine.close()


class _FrameStream(httpx.SyncByteStream):
    """Frames as an httpx stream, one chunk per frame."""

    def __init__(self, frames: Frames) -> None:
        self._frames = frames

    def __iter__(self) -> Iterator[bytes]:
        yield from self._frames

    def close(self) -> None:
        self._frames.close()
