"""Connection settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from openai_cli.client.address import Address

DEFAULT_ANSWER_SIZE = 100 * 1024**2
"""Default of --max-answer-size, in bytes."""
_ANSWER_TIMEOUTS = 10
"""Time limit for a whole answer, or for the next event, as a multiple of the timeout."""


def _quiet(_line: str) -> None:
    """Discard the line."""


class ConnectionSettings(NamedTuple):
    """Where to connect, with which credentials, timeouts and retries. Times are in seconds.

    `timeout` applies to each read and write. `max_answer_size` limits the decompressed bytes of an
    answer, or of one event of a stream; 0 is no limit.

    `chosen_with` are the flags behind the settings, for suggested command lines. `secrets` are
    further texts to hide: the engine's secrets for its upstream. Callbacks take messages: `notice`
    for a user at a terminal, `note` also for logs, `warn` for problems with the answer, and `trace`
    for `--debug`.
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
        """Seconds for a whole answer that arrives in pieces, or for the next event."""
        return self.timeout * _ANSWER_TIMEOUTS
