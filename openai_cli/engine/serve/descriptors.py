"""Derives the server's limits from the number of file descriptors.

A process without free descriptors can neither accept connections nor open its store. So
connections, runs and relays are limited to what the descriptors allow.
"""

from openai_cli.engine.serve.limits import ServerLimits
from openai_cli.open_files import raise_limit

_OWN = 128
"""Descriptors for the process itself, store connections, and connections being accepted."""
_PER_RUN = 3
"""Descriptors of a run: a store connection (two files), and a connection to the model."""
_RELAYS_SHARE = 4
"""Relays get one in four of the descriptors; each needs one, for its upstream connection."""
_LEAST = 16
"""Minimum for connections and runs, even if the limit is lower."""


def fitted(limits: ServerLimits) -> ServerLimits:
    """The limits that the descriptors allow, after raising the soft limit."""
    wanted = _OWN + limits.runs * _PER_RUN + limits.relays + limits.connections
    return shared_out(raise_limit(wanted), limits)


def shared_out(descriptors: int, limits: ServerLimits) -> ServerLimits:
    """The limits for this number of descriptors, at most half of them for runs."""
    left = max(descriptors - _OWN, _LEAST)
    runs = min(limits.runs, max(left // 2 // _PER_RUN, 1))
    relays = min(limits.relays, left // _RELAYS_SHARE)
    connections = min(limits.connections, left - runs * _PER_RUN - relays)
    return limits._replace(runs=runs, relays=relays, connections=connections)
