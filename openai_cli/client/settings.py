"""Connection settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from openai_cli.client.address import Address

DEFAULT_ANSWER_SIZE = 100 * 1024**2
"""Bytes of an answer, unless --max-answer-size says otherwise."""
_ANSWER_TIMEOUTS = 10
"""Times the timeout that a whole answer, or the next event of a stream, may take."""


def _quiet(_line: str) -> None:
    """Discard the line."""


class ConnectionSettings(NamedTuple):
    """Where to connect, with which credentials, timeout and retries. Times are seconds.

    `timeout` is for each silence of the server. `max_answer_size` is bytes of an answer, or of one
    event of a stream, when decompressed; 0 is no limit.

    `chosen_with` are flags that the settings come from, for command lines that are suggested.
    `secrets` are texts to hide beside those of the other fields: what the engine is given for its
    upstream. `notice` takes lines for a user who watches, `note` what also a log should show,
    `warn` what the user has to know about the answer; `trace` takes the lines of `--debug`.
    """

    address: Address
    api_key: str = ""
    organization: str = ""
    project: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    timeout: float = 600.0
    max_retries: int = 2
    max_answer_size: int = DEFAULT_ANSWER_SIZE
    client_cert: str = ""
    client_key: str = ""
    environ: Mapping[str, str] = {}
    chosen_with: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    notice: Callable[[str], None] = _quiet
    note: Callable[[str], None] = _quiet
    warn: Callable[[str], None] = _quiet
    trace: Callable[[str], None] | None = None

    @property
    def in_process(self) -> bool:
        """Whether runs execute in this process, so that they stop when it exits.

        Requests are not retried then, and streams are read to their end.
        """
        return self.address.is_local

    @property
    def answer_time(self) -> float:
        """Seconds for a whole answer that comes without a silence, or for the next event."""
        return self.timeout * _ANSWER_TIMEOUTS
