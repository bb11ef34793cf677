"""What the engine's doors hand in and get back, free of any HTTP library."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple, Protocol


class HttpRequest(NamedTuple):
    """One request, as it came: the path without a version prefix, header names in lower case."""

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
        """The client is gone, or has read everything."""
        ...


class HttpResponse(NamedTuple):
    """One answer; `body` is whole JSON text, or frames that come while the run runs."""

    status: int
    headers: Mapping[str, str]
    body: bytes | Frames
