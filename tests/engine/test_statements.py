"""What a run asks of the store, counted."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.engine.support import Api, ask


def test_statements_of_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each write transaction waits for its turn and for the disk."""
    sent: list[str] = []
    connect = sqlite3.connect

    def traced(*args: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*args, **options)
        connection.set_trace_callback(sent.append)
        return connection

    monkeypatch.setattr(sqlite3, "connect", traced)
    api = Api(tmp_path / "s.db")
    api.post("/threads/runs", ask("Hi"))
    sent.clear()
    api.post("/threads/runs", ask("Hi"))
    api.close()
    writes = [one for one in sent if one.startswith("BEGIN IMMEDIATE")]
    assert len(writes) == 2, "stored and begun, ended"
    assert 20 < len(sent) <= 35  # 31, and those of closing
