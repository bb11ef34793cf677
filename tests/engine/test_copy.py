"""`openai local copy`: a store moves between files and databases, whole or not at all."""

import sqlite3
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from openai_cli.engine.store import Store, record_table
from openai_cli.engine.store.copying import copy_store
from openai_cli.engine.store_place import DatabaseUrl, StorePlace
from openai_cli.errors import StoreError
from tests.engine.support import FUNCTION, Api, ask
from tests.support.inprocess import run_inprocess
from tests.support.shell import Result

POSTGRES = pytest.param("postgres", marks=pytest.mark.needs("postgres"))
Make = Callable[[str], StorePlace]


@pytest.fixture
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    """Gives places for new stores, by the name of the database."""

    names = (f"{number}.db" for number in count())

    def new(database: str) -> StorePlace:
        if database == "postgres":
            return DatabaseUrl(request.getfixturevalue("postgres").new_database())
        return tmp_path / next(names)

    return new


def copy(source: StorePlace, target: StorePlace) -> Result:
    addresses = [getattr(place, "url", str(place)) for place in (source, target)]
    return run_inprocess(["local", "copy", *addresses])


def filled(place: StorePlace) -> Api:
    """A store with rows of all kinds, deleted ones among them."""
    api = Api(place)
    api.post("/assistants", {"model": "echo", "id": "asst_b", "metadata": {"z": "1.0", "a": "é\0"}})
    api.delete("/assistants/asst_demo")
    waiting = api.run("!call look_up", assistant_id="asst_b", tools=[FUNCTION])
    api.submit(waiting)
    api.post("/threads/runs", ask("kept", assistant_id="asst_b"), headers={"Idempotency-Key": "k"})
    thread = api.post("/threads", {"messages": [{"role": "user", "content": "x"}] * 3})
    api.delete(f"/threads/{thread['id']}")
    return api


def rows(place: StorePlace) -> dict[str, list[Any]]:
    store = Store(place)
    with store.read() as tx:
        found = {
            table.name: table.stored_after(0, 1000)
            for table in vars(tx).values()
            if isinstance(table, record_table.RecordTable)
        }
    store.close()
    assert len(found) == 6
    assert all(found.values())
    return found


@pytest.mark.first_by_default
@pytest.mark.parametrize("target", ["sqlite", POSTGRES])
@pytest.mark.parametrize("source", ["sqlite", POSTGRES])
def test_all_rows_are_copied_and_the_store_goes_on(make: Make, source: str, target: str) -> None:
    begin, end = make(source), make(target)
    api = filled(begin)
    before = rows(begin)
    done = copy(begin, end)
    assert done.code == 0
    counts = "2 assistants, 3 threads, 2 runs, 7 messages, 3 steps, 1 first answer"
    assert done.err == f"note: copied and compared: {counts}; from {begin} to {end}\n"
    assert rows(end) == before == rows(begin)
    copied = Api(end)
    repeated = {"headers": {"Idempotency-Key": "k"}}
    body = ask("kept", assistant_id="asst_b")
    assert copied.post("/threads/runs", body, **repeated) == api.post(
        "/threads/runs", body, **repeated
    )
    later = copied.run("later", assistant_id="asst_b")
    assert rows(end)["runs"][-1][0] == later["id"]
    copied.close()
    api.close()


@pytest.mark.parametrize("target", ["sqlite", POSTGRES])
def test_a_store_that_holds_something_is_not_touched(make: Make, target: str) -> None:
    begin, end = make("sqlite"), make(target)
    filled(begin).close()
    api = Api(end)
    thread = api.post("/threads")
    done = copy(begin, end)
    assert (done.code, done.out) == (3, "")
    assert done.err == f"error: The store {end} is not empty: it has threads.\n"
    assert api.get(f"/threads/{thread['id']}") == thread
    assert [one["id"] for one in api.get("/assistants")["data"]] == ["asst_demo"]
    api.close()


@pytest.mark.parametrize("target", ["sqlite", POSTGRES])
def test_a_copy_that_differs_is_taken_back(
    make: Make, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin, end = make("sqlite"), make(target)
    filled(begin).close()
    store = record_table.RecordTable.store

    def lossy(self: Any, rows: list[Any]) -> None:
        if self.name == "messages":
            rows = [(*row[:5], row[5].replace("kept", "lost"), *row[6:]) for row in rows]
        store(self, rows)

    monkeypatch.setattr(record_table.RecordTable, "store", lossy)
    source, copied = Store(begin), Store(end)
    with pytest.raises(StoreError, match="The messages written to the store"):
        copy_store(source, copied)
    with copied.read() as tx:
        assert tx.threads.all() == tx.messages.all() == []
        assert [one.id for one in tx.assistants.all()] == ["asst_demo"]
    source.close()
    copied.close()


@pytest.mark.needs("postgres")
def test_what_a_database_cannot_hold(make: Make) -> None:
    begin, end = make("sqlite"), make("postgres")
    api = Api(begin)
    api.post("/assistants", {"model": "echo", "id": "asst_\0"})
    api.close()
    done = copy(begin, end)
    assert done.code == 3
    assert "cannot hold the character U+0000, which is in a name or an id of the assist" in done.err


def test_many_rows(make: Make) -> None:
    begin, end = make("sqlite"), make("sqlite")
    Store(begin).close()
    connection = sqlite3.connect(begin)
    connection.executemany(
        "INSERT INTO threads (id, created_at, tool_resources, metadata) VALUES (?, 1, '{}', '{}')",
        [(f"thread_{number}",) for number in range(1001)],
    )
    connection.commit()
    connection.close()
    assert "1001 threads, " in copy(begin, end).err


def test_what_is_missing(tmp_path: Path) -> None:
    done = run_inprocess(["local", "copy", "", ""])
    assert done.code == 2
    assert [line.split(":")[0] for line in done.err.splitlines()[1:3]] == ["  FROM", "  TO"]
    done = run_inprocess(["local", "copy", str(tmp_path / "a.db"), str(tmp_path / "b.db")])
    assert (done.code, done.err) == (3, f"error: The store {tmp_path}/a.db does not exist.\n")
    assert list(tmp_path.glob("*.db")) == []
    done = run_inprocess(["local", "copy", "a.db", "b.db", "c.db"])
    assert done.code == 2
