"""All SQL is in one place, and the statements there are such that PostgreSQL takes them too."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import openai_cli
from openai_cli.engine.store import Store, Window
from openai_cli.engine.store.record_table import R, RecordTable
from tests.engine.support import FUNCTION, Api, ask

PACKAGE = Path(openai_cli.__file__).parent
SQL = re.compile(
    r"\b(SELECT\s.*\sFROM|INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|PRAGMA|BEGIN)\b"
)
ONLY_SQLITE = re.compile(
    r"\b(OR\s+(IGNORE|REPLACE)|REPLACE\s+INTO|ROWID|GLOB|PRAGMA|DATETIME\(|STRFTIME|JULIANDAY|"
    r"IFNULL|JSON_\w+|PRINTF|LAST_INSERT_ROWID|TYPEOF|LIMIT\s+-1|INDEXED\s+BY|sqlite_\w+|"
    r"GROUP_CONCAT|RANDOM\(|LIKE)|==|\"|`|\[",
    re.I,
)


def test_no_sql_elsewhere() -> None:
    files = [file for file in PACKAGE.rglob("*.py") if "store" not in file.parts]
    assert len(files) > 100
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert "import sqlite3" not in text, file
        assert not SQL.search(text), file


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    return listen(monkeypatch)


def listen(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Every statement that the tables send to the database while a test runs."""
    seen: set[str] = set()
    send = RecordTable._execute

    def listening(self: RecordTable[R], statement: str, values: Any) -> object:
        seen.add(statement)
        return send(self, statement, values)

    monkeypatch.setattr(RecordTable, "_execute", listening)
    return seen


def statements_of_all_operations(api: Api, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """What operations of all kinds send."""
    statements = listen(monkeypatch)
    run = api.post("/threads/runs", ask("!call f", tools=[FUNCTION]))
    path = f"/threads/{run['thread_id']}"
    (call,) = run["required_action"]["submit_tool_outputs"]["tool_calls"]
    outputs = [{"tool_call_id": call["id"], "output": "x"}]
    api.post(f"{path}/runs/{run['id']}/submit_tool_outputs", {"tool_outputs": outputs})
    first = api.get(f"{path}/messages", limit=1)
    api.get(f"{path}/messages", after=first["last_id"], order="desc")
    api.get(f"{path}/messages", before=first["last_id"], run_id=run["id"])
    api.post("/threads", {}, headers={"Idempotency-Key": "x"})
    api.run_stream("text")
    body = {"assistant_id": "asst_demo"}
    last = {"truncation_strategy": {"type": "last_messages", "last_messages": 1}}
    api.post(f"{path}/runs", {**body, **last})
    api.delete(f"{path}/messages/{first['last_id']}")
    with closing(Store(api.place)) as store, store.read() as tx:
        tx.threads.ids_newest_first()
        tx.messages.count(thread_id=run["thread_id"])
    api.delete(path)
    return statements


def test_statements_are_portable(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database that tests/engine/postgres prepares them on knows what this finds, and more."""
    statements = statements_of_all_operations(api, monkeypatch)
    assert len(statements) > 20
    for statement in statements:
        assert not ONLY_SQLITE.search(statement), statement


def test_lists_and_lookups_use_indexes(api: Api, statements: set[str]) -> None:
    """No statement reads a whole table, and no page sorts more than it shows."""
    api.run("x")
    store = Store(api.place)
    with store.read() as tx:
        run = tx.runs.all()[0]
        statements.clear()
        window = Window(after=run.id)
        tx.runs.page(window, thread_id=run.thread_id)
        tx.runs.get(run.id, thread_id=run.thread_id)
        tx.runs.active(run.thread_id)
        tx.runs.stale_candidates(0, 0, "here/")
        tx.steps.page(Window(), run_id=run.id)
        tx.steps.all(run_id=run.id)
        tx.messages.page(Window(), thread_id=run.thread_id)
        tx.messages.page(Window(), thread_id=run.thread_id, run_id=run.id)
        list(tx.messages.newest_first(run.thread_id, 1))
        tx.messages.time_of_next(run.thread_id, 0)
        tx.messages.with_files(run.thread_id)
        tx.messages.all(run_id=run.id)
        tx.messages.newest(thread_id=run.thread_id)
        tx.messages.count(thread_id=run.thread_id)
        list(tx.messages.oldest_first(run.thread_id))
        list(tx.runs.oldest_first(run.thread_id))
        tx.assistants.page(Window())
    store.close()
    connection = sqlite3.connect(api.place)
    assert len(statements) > 9
    for statement in statements:
        values = ["x"] * statement.count("?")
        plan = connection.execute(f"EXPLAIN QUERY PLAN {statement}", values).fetchall()
        for row in plan:
            sorts = row[3].startswith("USE TEMP B-TREE") and "LIMIT" not in statement
            assert sorts or re.search(r"USING (COVERING )?INDEX", row[3]), (statement, plan)
        if "image_" in statement:
            assert "messages_with_files" in plan[0][3], "other messages are not even looked at"
    connection.close()
