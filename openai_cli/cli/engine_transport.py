"""Selects the transport by the base URL: the network, or the embedded engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openai_cli.client.settings import ConnectionSettings

if TYPE_CHECKING:
    import httpx


def engine_transport(settings: ConnectionSettings) -> httpx.BaseTransport | None:
    """The engine for a `local:` address; None for the network.

    Raises StoreError if the store cannot be opened.
    """
    if not settings.address.is_local:
        return None
    from openai_cli.engine import open_transport

    return open_transport(settings.address.text, settings.environ, settings.warn)
