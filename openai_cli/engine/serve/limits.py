"""Limits of the server: sizes, times and counts."""

from typing import NamedTuple


class ServerLimits(NamedTuple):
    """Sizes are bytes, times are seconds."""

    connections: int = 1000
    """Open at the same time; the idlest is closed for a new one."""
    head: int = 64 << 10
    """The largest head of a request: its method, URL and headers."""
    body: int = 32 << 20
    """The largest body of a request."""
    elements: int = 100_000
    """Keys and elements of the objects and arrays in a body."""
    head_time: float = 30.0
    """From a connection, or an answer on it, to the whole head of the next request."""
    idle_time: int = 75
    """An open connection without a request; longer than clients keep theirs."""
    body_time: float = 120.0
    """From the head to the end of the body."""
    send_time: float = 60.0
    """For a client to take what was sent to it, once that has piled up."""
    runs: int = 128
    """Runs that are worked on at the same time; more stay queued until one is done."""
    relays: int = 0
    """Requests that are passed on to the upstream at the same time; more are refused."""
    drain: float = 0.0
    """Between the request to stop and its beginning: clients are told to go elsewhere."""
    grace: float = 8.0
    """For active runs to end, once it stops."""
    ping_every: float = 15.0
    """Between comments on a silent stream."""
