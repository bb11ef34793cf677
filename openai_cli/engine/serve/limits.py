"""Limits of the server: sizes, times and counts."""

from typing import NamedTuple


class ServerLimits(NamedTuple):
    """Sizes are in bytes, times in seconds."""

    connections: int = 1000
    """Open connections; beyond that, the longest idle one is closed for a new one."""
    head: int = 64 << 10
    """Size of a request's head: method, URL and headers."""
    body: int = 32 << 20
    """Size of a request's body."""
    elements: int = 100_000
    """Number of keys and elements in the objects and arrays of a body."""
    head_time: float = 30.0
    """Time from the connection, or the previous answer, to the complete head of a request."""
    idle_time: int = 75
    """Time a connection may be open without a request; longer than clients keep connections."""
    body_time: float = 120.0
    """Time from the head to the end of the body."""
    send_time: float = 60.0
    """Time a client has to read once the send buffer is full."""
    runs: int = 128
    """Concurrent runs; further runs stay queued."""
    relays: int = 0
    """Concurrent passthrough requests; further requests are refused."""
    drain: float = 0.0
    """Time between the signal to stop and the stop, during which /readyz answers 503."""
    grace: float = 8.0
    """Time active runs have to end when the server stops."""
    ping_every: float = 15.0
    """Interval of comments on a stream without events."""
