"""`--store postgresql://…`: what is stored, what is said when it cannot be, and to whom."""

import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import get_args, get_type_hints

import psycopg
import pytest

from openai_cli.engine.store import Store
from openai_cli.engine.store.postgres import schema
from openai_cli.engine.store.tables import (
    Assistants,
    IdempotencyRecords,
    Messages,
    Runs,
    Steps,
    Threads,
)
from openai_cli.engine.store_place import DatabaseUrl
from openai_cli.errors import StoreError
from tests.engine.serve.support import Served
from tests.engine.support import Api, ask
from tests.engine.test_portable import statements_of_all_operations
from tests.support.inprocess import run_inprocess
from tests.support.postgres import PostgresServer
from tests.support.shell import Shell, without

TABLES = (Assistants, Threads, Messages, Runs, Steps, IdempotencyRecords)
ASK = ("beta:threads", "create-and-run", "--assistant-id", "asst_demo", "--message", "Hi")
TEXT = ("--format", "text")
NOWHERE = "postgresql://ada:s3cret@127.0.0.1:9/x"


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """A server that this test may stop."""
    server = PostgresServer()
    yield server
    server.close()


@pytest.mark.in_process(process_when_slow=True)
def test_all_commands_take_a_database(openai: Shell, place: DatabaseUrl) -> None:
    store = ("--store", place.url)
    said = openai("local", "import", "-", *store, stdin='{"id": "asst_1", "model": "echo"}')
    assert said.err == f"note: 1 assistant new in {place}\n"
    by_variable = openai("--local", *ASK, *TEXT, env={"OPENAI_LOCAL_STORE": place.url})
    by_address = openai("--base-url", f"local:{place.url}", *ASK, *TEXT)
    assert by_variable.out == by_address.out == "Hi\n"
    lines = openai("local", "export", *store).out.splitlines()
    assert len(lines) == 2 + 2 * 3
    assert openai("local", "path", *store).out == f"{place}\n"
    report = openai("local", "doctor", *store, "--format", "json").json["store"]
    assert report.pop("bytes") > 100_000
    assert report == {
        "path": place.url,
        "exists": True,
        "schema_version": len(schema.STEPS),
        "integrity": "left to the server",
    }


def test_a_served_database(serve: Callable[..., Served], place: DatabaseUrl) -> None:
    served = serve()
    assert served.said == f"note: serving {place} at {served.url}\n".encode()
    api = Api(place, url=served.url)
    assert api.run("x")["status"] == "completed"
    api.close()
    assert served.stop() == 0


def test_looking_at_an_empty_database_changes_nothing(place: DatabaseUrl) -> None:
    report = run_inprocess(["local", "doctor", "--store", place.url, "--format", "json"])
    assert report.json["store"] == {"path": place.url, "exists": False}
    with psycopg.connect(place.url) as connection:
        assert (
            connection.execute("SELECT * FROM pg_tables WHERE schemaname = 'public'").fetchall()
            == []
        )


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        (NOWHERE, "postgresql://[redacted]@127.0.0.1:9/x cannot be reached (connection failed: "),
        ("postgres://ada:s3/cret@h/x", "postgres://[redacted]@h/x is not a valid URL: "),
        ("postgresql://ada:s3cr%zzet@h/x", "postgresql://[redacted]@h/x is not a valid URL: "),
        ("postgresql://ada:s3c@ret@h:s3cret/x", "postgresql://[redacted]@h:s3cret/x is not a"),
        ("postgresql://ada:x@s3cret@h/x", "postgresql://[redacted]@h/x is not a valid URL: "),
        (
            "postgresql://127.0.0.1:9/x?user=ada&password=s3cret",
            "postgresql://127.0.0.1:9/x?user=ada&password=[redacted] cannot be reached (",
        ),
    ],
)
def test_a_database_that_cannot_be_used(url: str, problem: str) -> None:
    """One sentence, exit code 3, and no password anywhere."""
    stores = {"OPENAI_LOCAL_STORE": url}
    for words in (
        ["--local", "--debug", *ASK],
        ["--base-url", f"local:{url}", "--debug", *ASK],
        ["local", "serve", "--port", "0", "--debug"],
        ["local", "export"],
        ["local", "doctor"],
    ):
        done = run_inprocess(words, environ=stores)
        assert done.code == 3, done.err
        (line,) = [one for one in done.err.splitlines() if one.startswith("error: ")]
        assert line.startswith(f"error: The store {problem}"), line
        said = (done.err + done.out).replace("h:s3cret", "")
        assert "s3cret" not in said
        assert "s3/cret" not in said


@pytest.mark.parametrize("url", ["mysql://ada:s3cret@h/x", "postgresql+psycopg://ada:s3cret@h/x"])
def test_a_database_of_another_kind(tmp_path: Path, url: str) -> None:
    done = run_inprocess(["--base-url", f"local:{url}", *ASK])
    assert (done.code, "s3cret" in done.err) == (3, False)
    assert "A store is a file or a postgresql:// URL, not " in done.err


def test_a_dry_run_shows_no_password() -> None:
    shown = run_inprocess(["--base-url", f"local:{NOWHERE}", *ASK, "--dry-run"])
    assert shown.code == 0
    assert "s3cret" not in shown.out + shown.err


def test_tables_of_another_program(place: DatabaseUrl) -> None:
    with psycopg.connect(place.url) as connection:
        connection.execute("CREATE TABLE threads (needle text)")
    with pytest.raises(StoreError, match="has tables of another program"):
        Store(place)


def test_newer_schema(place: DatabaseUrl) -> None:
    Store(place).close()
    with psycopg.connect(place.url) as connection:
        connection.execute("INSERT INTO migrations VALUES (999, 0)")
    with pytest.raises(StoreError, match="was made by a newer version of this tool"):
        Store(place)


def test_a_step_of_the_schema_is_all_or_nothing(
    place: DatabaseUrl, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = (*schema.STEPS, ("CREATE TABLE extra ()", "CREATE TABLE extra ()"))
    with monkeypatch.context() as patch:
        patch.setattr(schema, "STEPS", broken)
        with pytest.raises(StoreError, match="already exists"):
            Store(place)
    monkeypatch.setattr(schema, "STEPS", (*schema.STEPS, ("CREATE TABLE extra ()",)))
    Store(place).close()
    with psycopg.connect(place.url) as connection:
        steps = connection.execute("SELECT step FROM migrations ORDER BY step").fetchall()
    assert steps == [(number + 1,) for number in range(len(schema.STEPS))]


def test_tables_have_the_columns_of_the_records(place: DatabaseUrl) -> None:
    Store(place).close()
    with psycopg.connect(place.url) as connection:
        for table in TABLES:
            rows = connection.execute(
                "SELECT column_name, data_type, is_nullable = 'YES' "
                "FROM information_schema.columns WHERE table_name = %s",
                [table._name],
            )
            found = {name: (kind, nullable) for name, kind, nullable in rows}
            hints = get_type_hints(table._record)
            assert found == {
                name: (
                    "bigint" if hint in (int, int | None) else "text",
                    type(None) in get_args(hint),
                )
                for name, hint in hints.items()
            }


def test_both_schemas_have_the_same_indexes(place: DatabaseUrl, tmp_path: Path) -> None:
    Store(place).close()
    Store(tmp_path / "x.db").close()
    with psycopg.connect(place.url) as connection:
        rows = connection.execute("SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'")
        theirs = {plain(definition) for (definition,) in rows}
    file = sqlite3.connect(tmp_path / "x.db")
    rows = file.execute("SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
    ours = {plain(definition) for (definition,) in rows.fetchall()}
    file.close()
    assert len(ours) > 7
    assert ours <= theirs
    extra = theirs - ours
    assert all(re.search(r"_(id_key|pkey) ON |_unclaimed|events", one) for one in extra), extra


def plain(definition: str) -> str:
    """An index in words that both databases have."""
    text = re.sub(r"public\.|USING btree |::text|\[\]", "", definition)
    text = text.replace("= ANY (ARRAY[", "IN (")
    words, mark, condition = " ".join(text.split()).partition(" WHERE ")
    return words + mark + re.sub(r"[\[\]()]", "", condition).strip()


def test_statements_are_known_to_both(
    api: Api, place: DatabaseUrl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the engine sends to the one database, the other one understands too."""
    sent = statements_of_all_operations(api, monkeypatch)
    assert len(sent) > 20
    with psycopg.connect(place.url) as connection:
        for number, statement in enumerate(sorted(sent)):
            connection.execute(f"PREPARE s{number} AS {numbered(statement)}".encode())
    Store(tmp_path / "x.db").close()
    file = sqlite3.connect(tmp_path / "x.db")
    for statement in sent:
        plain_statement = statement.removesuffix(" FOR NO KEY UPDATE")
        file.execute(f"EXPLAIN {plain_statement}", [None] * statement.count("?"))
    file.close()


def numbered(statement: str) -> str:
    """The statement with `$1`, `$2` … for its values."""
    pieces = statement.split("?")
    return pieces[0] + "".join(f"${number}{piece}" for number, piece in enumerate(pieces[1:], 1))


def test_text_that_json_can_hold_comes_back_as_it_was(api: Api) -> None:
    metadata = {"b": "\u0000 😀 \u2028", "a": "1.0"}
    thread = api.post("/threads", {"metadata": metadata})
    found = api.get(f"/threads/{thread['id']}")
    assert list(found["metadata"].items()) == list(metadata.items())
    long = "x" * 200_000 + "\u0000"
    run = api.run(long)
    assert api.texts(run["thread_id"])[0] == long


def test_a_name_that_the_database_cannot_hold(api: Api) -> None:
    refusal = api.refused("POST", "/assistants", {"model": "echo", "id": "asst_\0"})
    assert refusal[:2] == (
        400,
        "Invalid text: this store cannot hold the character U+0000 in a name or an id.",
    )
    assert api.refused("GET", "/threads/thread_%00")[0] == 400


@pytest.mark.slow
def test_only_the_driver_of_the_store_is_imported(place: DatabaseUrl) -> None:
    code = (
        "import sys\n"
        "from openai_cli.engine import open_transport\n"
        "open_transport('local:' + sys.argv[1], {}).close()\n"
        "print(sorted({'psycopg', 'sqlite3'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, place.url], capture_output=True, text=True, check=True
    )
    assert done.stdout == "['psycopg']\n"


@pytest.mark.slow
def test_without_the_driver(openai: Shell) -> None:
    for module in ("psycopg", "psycopg_pool"):
        done = openai.after(without(module), "--base-url", f"local:{NOWHERE}", *ASK)
        assert (done.code, done.out) == (3, "")
        assert "needs a driver for PostgreSQL, which is not installed" in done.err
        assert f"hint: to add it: {sys.executable} -m pip install 'psycopg-pool" in done.err
        assert "s3cret" not in done.err


@pytest.mark.slow
def test_a_restart_interrupts_nothing(own_server: PostgresServer) -> None:
    """Whatever was not committed is done again once the database is back."""
    api = Api(DatabaseUrl(own_server.new_database()))
    text = "word " * 30 + "\n!slow 0.1"
    with api.streaming("/threads/runs", ask(text)) as events:
        first = next(events)
        own_server.stop()
        own_server.start()
        rest = list(events)
    assert [name for name, _ in rest[-2:]] == ["thread.run.completed", "done"]
    thread = first[1]["id"] if first[0] == "thread.created" else first[1]["thread_id"]
    assert api.texts(thread)[1] == "word " * 30
    own_server.stop()
    own_server.start()
    assert api.get("/assistants")["data"]
    assert api.run("again")["status"] == "completed"
    api.close()


def test_all_connections_are_lost_at_once(postgres: PostgresServer, place: DatabaseUrl) -> None:
    """The next transaction does not pause for each that was idle."""
    store = Store(place)
    with ExitStack() as stack:
        for _ in range(8):
            stack.enter_context(store.read())
    postgres.execute(
        "SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity "
        f"WHERE datname = '{postgres_name(place)}'"
    )
    begun = time.monotonic()
    store.reach()
    assert time.monotonic() - begun < 1
    store.close()


def postgres_name(place: DatabaseUrl) -> str:
    return str(psycopg.conninfo.conninfo_to_dict(place.url)["dbname"])


@pytest.mark.slow
def test_it_is_found_soon_after_it_was_away_for_long(own_server: PostgresServer) -> None:
    """Attempts to connect do not become rare meanwhile."""
    store = Store(DatabaseUrl(own_server.new_database()))
    store.reach()
    own_server.stop()
    until = time.monotonic() + 9
    while time.monotonic() < until:
        with pytest.raises(StoreError, match=r"cannot be reached \(connection .*\)\.$"):
            store.reach()
    own_server.start()
    begun = time.monotonic()
    store.view(lambda tx: tx.threads.count())
    assert time.monotonic() - begun < 3
    store.close()


@pytest.mark.slow
@pytest.mark.parametrize("command", ["serve", "worker"])
def test_it_ends_in_time_without_its_database(
    openai: Shell, own_server: PostgresServer, command: str
) -> None:
    url = own_server.new_database()
    served = Served(openai, "--store", url, "--grace", "1", command=command)
    own_server.stop()
    time.sleep(6)  # it looks at the queue meanwhile
    begun = time.monotonic()
    assert served.stop() == 0
    own_server.start()
    assert time.monotonic() - begun < 10
