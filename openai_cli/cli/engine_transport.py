"""Selects the transport by the base URL: the network, or the embedded engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from openai_cli.client.settings import ConnectionSettings

if TYPE_CHECKING:
    import httpx


def engine_transport(
    settings: ConnectionSettings, watch: Callable[[dict[str, Any]], None] = lambda _run: None
) -> httpx.BaseTransport | None:
    """The engine for a `local:` address; None for the network.

    `watch` is given a run as it changes, while the request that started it is being answered.
    Raises StoreError if the store cannot be opened.
    """
    if not settings.address.is_local:
        return None
    from openai_cli.engine import open_transport

    return open_transport(settings.address.text, settings.environ, settings.warn, watch)
