"""Requests of the tests to servers on loopback, without TLS."""

import ssl
from typing import Any

NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Without certificates, which take a client 17 ms to read."""
PLAIN: dict[str, Any] = {"trust_env": False, "verify": NO_TLS}
"""Options of httpx for a request, or a client, that needs no certificates."""
