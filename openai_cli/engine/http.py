"""Requests and responses of the engine, independent of any HTTP library."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple, Protocol


class HttpRequest(NamedTuple):
    """One request: path without version prefix, header names in lower case."""

    method: str
    path: str
    """Still percent-encoded."""
    query: Sequence[tuple[str, str]] = ()
    headers: Mapping[str, str] = MappingProxyType({})
    body: bytes = b""


class Frames(Protocol):
    """The server-sent events of one run, as bytes, one frame at a time."""

    def __iter__(self) -> Iterator[bytes]: ...

    def close(self) -> None:
        """Called when the client has disconnected or has read everything."""
        ...


class HttpResponse(NamedTuple):
    """One response; `body` is complete JSON text, or frames produced while the run advances."""

    status: int
    headers: Mapping[str, str]
    body: bytes | Frames
    run_id: str = ""
    """The run that the request started or continued, for logs."""
