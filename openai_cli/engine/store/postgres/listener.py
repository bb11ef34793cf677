"""Listens to the notifications of other processes, on a connection of its own."""

import threading
from collections.abc import Callable

import psycopg

from openai_cli.engine.store.postgres.connecting import connect
from openai_cli.engine.store_place import DatabaseUrl
from openai_cli.errors import StoreError

CHANNEL = "openai_local"
_AGAIN = 1.0
"""Seconds until the next attempt to connect."""
_LOOK = 0.5
"""Seconds in which it notices that it was closed."""


class PostgresListener:
    """Hears notifications until it is closed. Without a connection, it tries to get one."""

    def __init__(self, place: DatabaseUrl, hear: Callable[[str], None]) -> None:
        self._place = place
        self._hear = hear
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._work, name="listener", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._closed.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._closed.is_set():
            try:
                with connect(self._place) as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    self._hear("")  # what was told before
                    while not self._closed.is_set():
                        for told in connection.notifies(timeout=_LOOK):
                            self._hear(told.payload)
            except (psycopg.Error, StoreError):
                self._closed.wait(_AGAIN)  # meanwhile, everybody looks now and then
