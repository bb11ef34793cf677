"""Everything about a connection that the user may set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from openai_cli.client.address import Address

_PROXIES = ("http_proxy", "https_proxy", "all_proxy")


def _quiet(_line: str) -> None:
    """Say nothing."""


@dataclass(frozen=True)
class ConnectionSettings:
    """Where to connect, with which credentials, timeout and retries. Times are seconds.

    `secrets` are texts to hide beside those of the other fields: what the engine is given for its
    upstream. `notice` takes lines for the user while waiting, `warn` what the user has to know
    about the answer; `trace` takes the lines of `--debug`.
    """

    address: Address
    api_key: str = ""
    organization: str = ""
    project: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    timeout: float = 600.0
    max_retries: int = 2
    client_cert: str = ""
    client_key: str = ""
    environ: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    notice: Callable[[str], None] = _quiet
    warn: Callable[[str], None] = _quiet
    trace: Callable[[str], None] | None = None

    @property
    def in_process(self) -> bool:
        """Whether this process does the work itself, and so ends it when it ends.

        Then no request is repeated, and a stream is read to its end.
        """
        return self.address.is_local

    @property
    def has_proxy(self) -> bool:
        """Whether the environment names a proxy for anything."""
        return any(self.environ.get(name) or self.environ.get(name.upper()) for name in _PROXIES)
