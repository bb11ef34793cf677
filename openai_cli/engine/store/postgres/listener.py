"""Listens for notifications of other processes, on a separate connection."""

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
"""Seconds between two checks whether the listener was closed."""


class PostgresListener:
    """Receives notifications until it is closed; reconnects after an error."""

    def __init__(self, place: DatabaseUrl, on_notification: Callable[[str], None]) -> None:
        self._place = place
        self._on_notification = on_notification
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
                    self._on_notification("")  # earlier notifications may have been missed
                    while not self._closed.is_set():
                        for notification in connection.notifies(timeout=_LOOK):
                            self._on_notification(notification.payload)
            except (psycopg.Error, StoreError):
                self._closed.wait(_AGAIN)  # processes also poll, so nothing is lost
