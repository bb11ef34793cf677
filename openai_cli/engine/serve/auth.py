"""Access control: by key, or else by origin: programs on this machine, but no web pages."""

import hashlib
import hmac
import ipaddress
import re
from collections.abc import Mapping

from openai_cli.engine.refusals import RefusalError

_HOST = re.compile(r"(?:\[(?P<address>[0-9A-Fa-f:.]+)\]|(?P<name>[^\[\]:]+))(?::\d*)?")
"""A `Host` header: a name, or an address in brackets, and perhaps a port."""
_OWN_SITE = ("same-origin", "none")
"""Values of `Sec-Fetch-Site` for requests that no page of another origin made."""


class Authenticator:
    """With a key, every request must contain it: as a bearer token, or in Azure's `api-key` header.

    Without a key, the server is for programs on this machine. A web page must not reach it through
    the user's browser: neither by DNS rebinding (checked by `Host`) nor by a cross-site request
    (checked by `Origin`, or by `Sec-Fetch-Site` where a browser sends no `Origin`).
    """

    def __init__(self, key: str, host: str) -> None:
        """`key` is empty if no key is required; `host` is the configured name of the server."""
        self._key = _digest(key.encode()) if key else b""
        self._names = {"localhost", host.lower()}

    def check(self, headers: Mapping[str, str]) -> None:
        """Check that the request is allowed.

        Raises:
            RefusalError: it is not.
        """
        if self._key:
            self._check_key(headers.get("authorization", ""), headers.get("api-key", ""))
        else:
            self._check_source(headers)

    def _check_key(self, authorization: str, azure_key: str) -> None:
        scheme, _, token = authorization.partition(" ")
        right_token = self._is_key(token)
        right_azure_key = self._is_key(azure_key)
        if right_azure_key or (right_token and scheme.lower() == "bearer"):
            return
        given = authorization or azure_key
        message = "Incorrect API key provided." if given else "You didn't provide an API key."
        raise RefusalError(
            message, status=401, code="invalid_api_key", headers={"www-authenticate": "Bearer"}
        )

    def _is_key(self, text: str) -> bool:
        return hmac.compare_digest(_digest(text.strip().encode("latin-1", "replace")), self._key)

    def _check_source(self, headers: Mapping[str, str]) -> None:
        host = headers.get("host", "")
        if host and not self._is_own(_name(host)):
            raise RefusalError(
                "Without a required key, this server accepts only host names of this machine.",
                status=403,
            )
        site = headers.get("sec-fetch-site", "none")
        if "origin" in headers or site.strip().lower() not in _OWN_SITE:
            raise RefusalError("This server does not answer web pages.", status=403)

    def _is_own(self, name: str) -> bool:
        if name in self._names:
            return True
        try:
            return ipaddress.ip_address(name).is_loopback
        except ValueError:
            return False


def _digest(key: bytes) -> bytes:
    """Digest of a key: comparing digests does not reveal the length of the key."""
    return hashlib.sha256(key).digest()


def _name(host: str) -> str:
    """A `Host` header without port and brackets; empty if it is invalid."""
    match = _HOST.fullmatch(host)
    return (match["address"] or match["name"]).lower() if match else ""
