"""The store file: who may read it, and what is said when it cannot be used."""

import random
import resource
import shlex
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from openai_cli.engine import open_transport
from openai_cli.engine.store import Store, schema
from openai_cli.engine.store.tables import (
    Assistants,
    IdempotencyRecords,
    Messages,
    Runs,
    Steps,
    Threads,
)
from openai_cli.errors import StoreError
from tests.engine.support import Api, ask
from tests.support.inprocess import run_inprocess
from tests.support.shell import OPENAI, Shell

ASK = ("beta:threads", "create-and-run", "--assistant-id", "asst_demo", "--message", "Hi")


def refusal(file: Path) -> str:
    """The message with which a store is refused: one line that names the file."""
    with pytest.raises(StoreError) as caught:
        open_transport(f"local:{file}", {})
    message = str(caught.value)
    assert str(file) in message
    assert "\n" not in message
    return message


def test_only_the_owner_may_read(api: Api) -> None:
    api.run("secret")
    files = list(api.place.parent.iterdir())
    assert {file.name for file in files} >= {"assistants.db", "assistants.db-wal"}
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE(api.place.parent.stat().st_mode) == 0o700


def test_opening_again_does_not_drop_the_locks_of_this_process(api: Api) -> None:
    """Closing any descriptor of a file ends all POSIX locks that a process has on it."""
    api.run("x")
    Api(api.place).close()
    code = f"""
import random
import sqlite3
connection = sqlite3.connect({str(api.place)!r}, timeout=0)
connection.execute("PRAGMA locking_mode = EXCLUSIVE")
try:
    connection.execute("DELETE FROM first_answers")
    print("alone")
except sqlite3.OperationalError as error:
    print(error)
"""
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout == "database is locked\n"


def test_closing_leaves_one_file(api: Api) -> None:
    api.run("x")
    api.close()
    assert [file.name for file in api.place.parent.iterdir()] == ["assistants.db"]


def test_addresses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))
    monkeypatch.delenv("OPENAI_LOCAL_STORE", raising=False)
    for address, environ, file in (
        ("local:relative.db", {}, "relative.db"),
        ("local:sub/relative.db", {}, "sub/relative.db"),
        ("local:~/x.db", {}, "home/x.db"),
        (f"local:{tmp_path}/absolute.db", {}, "absolute.db"),
        ("local:", {"OPENAI_LOCAL_STORE": "~/named.db"}, "home/named.db"),
        ("local:", {}, "xdg/openai-cli/assistants.db"),
    ):
        open_transport(address, environ).close()
        assert (tmp_path / file).is_file()


@pytest.mark.parametrize("address", ["http://x", "", "local:a\0b"])
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(StoreError):
        open_transport(address, {})


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ('"s.db"', "has quotes around it"),
        ("'/data/s.db'", "has quotes around it"),
        ('"postgresql://x/y"', "has quotes around it"),
        (" s.db", "has a space or a line break around it"),
        ("s.db\r", "has a space or a line break around it"),
    ],
)
def test_a_variable_that_names_another_file_than_was_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, why: str
) -> None:
    monkeypatch.chdir(tmp_path)
    before = {*tmp_path.iterdir()}
    with pytest.raises(StoreError, match=f"OPENAI_LOCAL_STORE {why}"):
        open_transport("local:", {"OPENAI_LOCAL_STORE": name})
    assert {*tmp_path.iterdir()} == before
    open_transport(f"local:{tmp_path}/it's", {}).close()
    open_transport("local:", {"OPENAI_LOCAL_STORE": f'{tmp_path}/a"b'}).close()


def test_file_that_is_no_database(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("Dear diary, " * 1000)
    assert "is not a database" in refusal(file)
    assert file.read_text() == "Dear diary, " * 1000


def test_database_of_another_program(tmp_path: Path) -> None:
    file = tmp_path / "places.db"
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE migrations (step INTEGER)")
    connection.close()
    before = file.read_bytes()
    assert "database of another program" in refusal(file)
    assert file.read_bytes() == before


def test_newer_schema(store_file: Path) -> None:
    Api(store_file).close()
    connection = sqlite3.connect(store_file)
    connection.execute("INSERT INTO migrations VALUES (999, 0)")
    connection.commit()
    connection.close()
    assert "newer version of this tool" in refusal(store_file)


def test_directory_and_missing_parent(tmp_path: Path) -> None:
    assert "is not a regular file" in refusal(tmp_path)
    file = tmp_path / "file"
    file.touch()
    assert "cannot be opened" in refusal(file / "x.db")


def test_damaged_file(store_file: Path) -> None:
    api = Api(store_file)
    for _ in range(20):
        api.run("some text " * 100)
    api.close()
    damaged = bytearray(store_file.read_bytes())
    damaged[4096 * 2 :] = b"\x5a" * (len(damaged) - 4096 * 2)
    store_file.write_bytes(damaged)
    assert "is damaged" in refusal(store_file)


def open_without_rights(file: Path) -> str:
    """Open a store as a user who owns nothing; what is said."""
    code = f"""
import os
import shlex  # imported late elsewhere, and Python may be in a folder closed to that user
import openai_cli.engine.transport, openai_cli.engine.models.registry
import openai_cli.engine.store.sqlite
from openai_cli.engine import open_transport
from openai_cli.errors import StoreError
if os.geteuid() == 0:
    os.setuid(65534)
try:
    open_transport("local:{file}", {{}})
    print("opened")
except StoreError as error:
    print("refused:", error)
"""
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    return result.stdout + result.stderr


@pytest.fixture
def readable_directory() -> Iterator[Path]:
    """A directory that others may look into, but not write to."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        directory.chmod(0o555)
        yield directory
        directory.chmod(0o755)


def test_file_that_may_not_be_written(readable_directory: Path) -> None:
    readable_directory.chmod(0o755)
    file = readable_directory / "x.db"
    Api(file).close()
    file.chmod(0o444)
    readable_directory.chmod(0o555)
    said = open_without_rights(file)
    expected = f"refused: The store {file} is read-only, but the engine has to write to it.\n"
    assert said == expected


def test_directory_that_may_not_be_made(readable_directory: Path) -> None:
    file = readable_directory / "data" / "x.db"
    said = open_without_rights(file)
    assert said == f"refused: The store {file} cannot be opened: Permission denied.\n"


@pytest.mark.parametrize(
    ("name", "mode", "remedy"),
    [
        ("x y.db", 0o620, "go-w"),
        ("x y.db", 0o602, "go-w"),
        ("x y.db-wal", 0o622, "go-w"),
        ("", 0o702, "o-w"),
    ],
)
def test_a_store_that_others_can_write(tmp_path: Path, name: str, mode: int, remedy: str) -> None:
    folder = tmp_path / "data"
    file = folder / "x y.db"
    api = Api(file)
    loose = folder / name if name else folder
    loose.chmod(mode)
    told = refusal(file)
    command = told.partition(" is writable by other users; to fix this: ")[2]
    assert command == f"chmod {remedy} {shlex.quote(str(loose))}"
    subprocess.run(command, shell=True, check=True)
    Api(file).close()
    api.close()


def test_a_directory_for_all_with_the_sticky_bit_is_no_danger(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    Api(tmp_path / "x.db").close()


@pytest.mark.first_by_default
@pytest.mark.parametrize("spare", [0, 1], ids=["none", "one"])
@pytest.mark.parametrize("opens", ["store.read().__enter__()", "Store(file)", "Store(new)"])
def test_a_store_is_waited_for_while_no_descriptor_is_free(
    store_file: Path, opens: str, spare: int
) -> None:
    code = f"""
import os, resource, threading
from pathlib import Path
from openai_cli.engine.store import Store
file = Path({str(store_file)!r})
new = file.with_name("new.db")
store = Store(file)
resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))
taken = []
with store.read():  # so that another connection is needed
    try:
        while True:
            taken.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        pass
    for descriptor in taken[:{spare}]:
        os.close(descriptor)  # room for the file, but not for its log
    threading.Timer(1, lambda: [os.close(one) for one in taken[{spare}:]]).start()
    {opens}
print("opened")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("opened\n", "")


def test_full_disk_writes_nothing_by_halves(store_file: Path) -> None:
    Api(store_file).close()
    code = f"""
import httpx
from openai_cli.engine import open_transport
from openai_cli.errors import StoreError
client = httpx.Client(
    base_url="http://local", transport=open_transport("local:{store_file}", {{}}), trust_env=False
)
try:
    while True:
        client.post("/threads/runs", json={ask("text " * 5000)!r})
except StoreError as error:
    print("refused:", error)
"""

    def no_big_files() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))

    result = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=no_big_files,
    )
    assert result.stdout.startswith(f"refused: The store {store_file} cannot ")
    assert result.stderr == ""
    api = Api(store_file)
    api.get("/assistants")
    store = Store(store_file)
    with store.read() as tx:
        runs, threads = tx.runs.all(), tx.threads.all()
    store.close()
    assert len(runs) == len(threads) > 2
    assert {run.status for run in runs[:-1]} == {"completed"}
    assert runs[-1].status in ("completed", "failed")
    assert api.run("room again")["status"] == "completed"
    api.close()


def test_a_new_store_has_the_demo_assistant(api: Api) -> None:
    assistant = api.get("/assistants/asst_demo")
    assert assistant["model"] == "echo"
    api.delete("/assistants/asst_demo")
    api.close()
    again = Api(api.place)
    assert again.get("/assistants")["data"] == []
    again.close()


def test_a_step_of_the_schema_is_all_or_nothing(
    store_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Api(store_file).close()
    broken = (*schema.STEPS, ("CREATE TABLE extra (x)", "CREATE TABLE extra (x)"))
    with monkeypatch.context() as patch:
        patch.setattr(schema, "STEPS", broken)
        assert "already exists" in refusal(store_file)
    mended = (*schema.STEPS, ("CREATE TABLE extra (x)",))
    monkeypatch.setattr(schema, "STEPS", mended)
    Api(store_file).close()
    connection = sqlite3.connect(store_file)
    done = connection.execute("SELECT step FROM migrations ORDER BY step").fetchall()
    assert done == [(step,) for step in range(1, len(mended) + 1)]
    connection.close()


def test_importing_costs_little() -> None:
    code = (
        "import sys, openai_cli.engine\n"
        "print(sorted({'httpx', 'pydantic', 'sqlite3'} & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout == "[]\n"


def test_link_to_a_store_that_is_yet_to_be_made(tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    link.symlink_to(tmp_path / "elsewhere" / "real.db")
    open_transport(f"local:{link}", {}).close()
    assert (tmp_path / "elsewhere" / "real.db").is_file()
    assert link.is_symlink()
    link.unlink()
    link.symlink_to(link)
    assert "is not a regular file" in refusal(link)


def test_working_directory_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    with pytest.raises(StoreError, match=r"The working directory, which holds 'x.db', is gone\."):
        open_transport("local:x.db", {})
    open_transport(f"local:{tmp_path}/x.db", {}).close()


@pytest.mark.slow
def test_full_disk_on_the_command_line(openai: Shell) -> None:
    assert openai("--base-url", "local:x.db", *ASK).code == 0
    long = "word " * 20_000
    limited = (
        "import resource, subprocess, sys; "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000)); "
        "sys.exit(subprocess.run(sys.argv[1:]).returncode)"
    )
    words = [OPENAI, "--base-url", "local:x.db", *ASK[:-1], long]
    full = subprocess.run(
        [sys.executable, "-c", limited, *words],
        cwd=openai.folder,
        env=openai.environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert full.returncode == 3
    store = openai.folder / "x.db"
    assert full.stderr.startswith(f"error: The store {store} cannot ")
    assert len(full.stderr.splitlines()) == 1
    again = openai("--base-url", "local:x.db", *ASK, "--format", "text")
    assert (again.code, again.out, again.err) == (0, "Hi\n", "")


def test_tables_have_the_columns_of_the_records(api: Api) -> None:
    """A new column needs a field of its record and a step of the schema: neither alone will do."""
    connection = sqlite3.connect(api.place)
    for table in (Assistants, Threads, Messages, Runs, Steps, IdempotencyRecords):
        found = {
            name: (kind, bool(not_null))
            for _, name, kind, not_null, *_ in connection.execute(
                f"PRAGMA table_info({table._name})"
            )
        }
        assert set(found) == set(table._record._fields)
        hints = get_type_hints(table._record)
        for name, (kind, not_null) in found.items():
            number = hints[name] in (int, int | None)
            assert kind == ("INTEGER" if name == "seq" else "BIGINT" if number else "TEXT"), name
            nullable = type(None) in get_args(hints[name])
            assert not_null == (not nullable and name != "seq"), name
    connection.close()


def test_flipped_bytes(tmp_path: Path) -> None:
    """Whatever is damaged: the command works, or says that the store does not, and the way on."""
    good, bad = tmp_path / "good.db", tmp_path / "bad.db"
    api = Api(good)
    for _ in range(6):
        api.run("some text " * 20)
    api.close()
    thread = _thread_in(good)
    content = good.read_bytes()
    draw = random.Random(7)
    codes: set[int] = set()
    for _ in range(40):
        for file in tmp_path.glob("bad.db*"):
            file.unlink()
        damaged = bytearray(content)
        for _ in range(draw.choice([1, 20, 200])):
            damaged[draw.randrange(len(damaged))] = draw.randrange(256)
        bad.write_bytes(damaged)
        bad.chmod(0o600)
        for words in (["local", "export"], ["--local", "beta:threads:messages", "list", thread]):
            result = run_inprocess(words, environ={"OPENAI_LOCAL_STORE": str(bad)})
            assert result.code in (0, 3, 4), result.err
            assert "is damaged" not in result.err or ".recover" in result.err
            codes.add(result.code)
    assert codes >= {0, 3}


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("messages", "content", "[{"),
        ("messages", "content", "{}"),
        ("messages", "metadata", b"\xff\xfe"),
        ("messages", "created_at", "yesterday"),
        ("threads", "metadata", "[]"),
    ],
)
def test_a_value_that_was_never_written(
    store_file: Path, table: str, column: str, value: object
) -> None:
    api = Api(store_file)
    api.run("some text")
    api.close()
    connection = sqlite3.connect(store_file)
    connection.execute(f"UPDATE {table} SET {column} = ?", [value])
    connection.commit()
    connection.close()
    result = run_inprocess(["local", "export"], environ={"OPENAI_LOCAL_STORE": str(store_file)})
    assert (result.code, "is damaged" in result.err) == (3, True), result.err
    assert f"the column {column} of {table}" in result.err
    assert ".recover" in result.err


def _thread_in(file: Path) -> str:
    connection = sqlite3.connect(file)
    found = connection.execute("SELECT id FROM threads").fetchone()[0]
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return str(found)
