"""File descriptors are shared out before they run short.

A process that has none left can neither accept connections nor open its store; so connections,
runs and relays are limited to what the descriptors are enough for.
"""

from openai_cli.engine.serve.limits import ServerLimits
from openai_cli.open_files import raise_limit

_OWN = 128
"""For the process itself, the store connections of requests, and connections being accepted."""
_PER_RUN = 3
"""The worker's store connection, two files, and one to the model."""
_RELAYS_SHARE = 4
"""Relays get one in so many: each has one connection to the upstream."""
_LEAST = 16
"""For connections and runs, however low the limit is."""


def fitted(limits: ServerLimits) -> ServerLimits:
    """The limits as far as the descriptors go, once their soft limit has been raised."""
    wanted = _OWN + limits.runs * _PER_RUN + limits.relays + limits.connections
    return shared_out(raise_limit(wanted), limits)


def shared_out(descriptors: int, limits: ServerLimits) -> ServerLimits:
    """The limits with so many descriptors: runs get half of them at most."""
    left = max(descriptors - _OWN, _LEAST)
    runs = min(limits.runs, max(left // 2 // _PER_RUN, 1))
    relays = min(limits.relays, left // _RELAYS_SHARE)
    connections = min(limits.connections, left - runs * _PER_RUN - relays)
    return limits._replace(runs=runs, relays=relays, connections=connections)
