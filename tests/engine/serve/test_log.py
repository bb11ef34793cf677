"""`--log-format json`: what a server and a worker say, one object a line."""

import json
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from openai_cli.engine.store_place import DatabaseUrl
from tests.engine.serve.support import Served, talk
from tests.engine.support import Api, ask
from tests.support.http import PLAIN
from tests.support.postgres import PostgresServer
from tests.support.shell import Shell
from tests.support.waiting import until

Serve = Callable[..., Served]
AskAt = Callable[[str], Api]
KEY = "sk-never-to-be-seen-0123456789"


def lines_of(served: Served) -> list[dict[str, Any]]:
    """What the server has said, once it is stopped; each line has a time and a level."""
    assert served.stop() == 0
    lines = [json.loads(line) for line in served.said.decode("ascii").splitlines()]
    for line in lines:
        assert datetime.fromisoformat(line.pop("time")).tzinfo is not None
        assert line["level"] in ("info", "warning", "error")
    return lines


def test_requests_and_runs(serve: Serve, ask_at: AskAt) -> None:
    served = serve("--log-format", "json")
    api = ask_at(served.url)
    run = api.ask("POST", "/threads/runs", ask("!fail"))
    api.stopped(run.json())
    api.stream("/threads/runs", {**ask("Hi")})
    first, *lines = lines_of(served)
    assert first["message"].startswith("serving ")
    begun = next(line for line in lines if line.get("request_id") == run.headers["x-request-id"])
    seconds = begun.pop("seconds")
    assert 0 <= seconds < 60
    assert begun == {
        "level": "info",
        "message": "POST /v1/threads/runs",
        "request_id": run.headers["x-request-id"],
        "operation": "beta:threads create-and-run",
        "method": "POST",
        "path": "/v1/threads/runs",
        "status": 200,
        "run_id": run.json()["id"],
    }
    polled = [line for line in lines if line.get("operation") == "beta:threads:runs retrieve"]
    assert {line["run_id"] for line in polled} == {run.json()["id"]}
    failed, done = (line for line in lines if line["message"].startswith("run "))
    assert (failed["level"], failed["status"]) == ("warning", "failed")
    assert failed["run_id"] == run.json()["id"]
    assert failed["error"]["code"] == "server_error"
    assert (done["level"], done["status"], "error" in done) == ("info", "completed", False)
    assert any(line.get("run_id") == done["run_id"] and "operation" in line for line in lines)


@pytest.mark.slow
def test_refusals(serve: Serve) -> None:
    env = {"OPENAI_LOCAL_SERVER_KEY": KEY, "OPENAI_LOCAL_UPSTREAM_KEY": KEY}
    served = serve("--log-format", "json", "--require-key", env=env)
    wrong = {"Authorization": f"Bearer {KEY}x"}
    httpx.get(f"{served.url}/assistants?key={KEY}", headers=wrong, **PLAIN)
    httpx.get(f"{served.url}/%E2%80%AE/{'x' * 2000}", **PLAIN)
    talk(served.url, b'GET /v1/"quoted\\ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
    _, *lines = lines_of(served)
    assert [line["status"] for line in lines] == [401, 401, 401]
    assert [line.get("operation") for line in lines] == ["beta:assistants list", None, None]
    assert len(lines[1]["path"]) < 1000
    assert lines[2]["path"] == '/v1/"quoted\\'
    assert KEY.encode() not in served.said


@pytest.mark.slow
@pytest.mark.parametrize("words", [[], ["--debug"]])
def test_probes_are_told_with_debug_only(serve: Serve, words: list[str]) -> None:
    served = serve("--log-format", "json", *words)
    for path in ("/healthz", "/readyz", "/metrics"):
        assert httpx.get(served.url.removesuffix("/v1") + path, **PLAIN).status_code == 200
    _, *lines = lines_of(served)
    assert [line["operation"] for line in lines] == ["probe"] * (3 if words else 0)


@pytest.mark.slow
def test_notes_and_warnings(serve: Serve, ask_at: AskAt) -> None:
    env = {"OPENAI_LOCAL_SERVER_KEY": KEY}
    served = serve("--log-format", "json", "--grace", "0", env=env)
    run = ask_at(served.url).ask("POST", "/threads/runs", ask("never said\n!slow 60")).json()
    lines = lines_of(served)
    notes = [line for line in lines if line["level"] == "info" and "status" not in line]
    assert notes[0]["message"].startswith("OPENAI_LOCAL_SERVER_KEY is set but not required")
    assert {
        "level": "warning",
        "message": "1 runs were still active and were marked as failed",
    } in (lines)
    (failed,) = (line for line in lines if line["message"] == "run failed")
    assert failed["run_id"] == run["id"]
    assert failed["error"]["message"] == "The server was stopped."


@pytest.mark.slow
def test_text_is_as_ever(serve: Serve, ask_at: AskAt) -> None:
    served = serve("--log-format", "TEXT")
    ask_at(served.url).run("Hi")
    assert served.stop() == 0
    assert served.said.count(b"\n") == 1
    assert served.said.startswith(b"note: serving ")


@pytest.mark.slow
def test_debug_tells_of_runs_too(serve: Serve, ask_at: AskAt) -> None:
    served = serve("--debug")
    run = ask_at(served.url).run("Hi")
    assert served.stop() == 0
    assert f"{run['id']} completed 0.".encode() in served.said


@pytest.mark.in_process
def test_no_such_format(openai: Shell) -> None:
    done = openai("local serve --port 0 --log-format yaml")
    assert (done.code, done.out) == (2, "")
    assert '--log-format: expected one of text, json, found "yaml"' in done.err


def test_a_fault_is_one_line(serve: Serve, store_file: Path) -> None:
    """With --debug, where it happened is a field of it."""
    served = serve("--log-format", "json", "--debug")
    with closing(sqlite3.connect(store_file)) as connection:
        connection.execute("DROP TABLE assistants")
    answer = httpx.get(f"{served.url}/assistants", **PLAIN)
    assert answer.status_code == 500
    _, line = lines_of(served)
    assert (line["level"], line["status"]) == ("error", 500)
    assert line["request_id"] == answer.headers["x-request-id"]
    assert line["error"]["code"] == "StoreError"
    assert line["trace"].startswith("Traceback ")


@pytest.mark.slow
@pytest.mark.needs("postgres")
def test_a_worker(openai: Shell, postgres: PostgresServer, ask_at: AskAt) -> None:
    place = DatabaseUrl(postgres.new_database())
    front = Served(openai, "--store", place.url, "--workers", "0", "--log-format", "json")
    words = ("--store", place.url, "--log-format", "json")
    worker = openai.start("local", "worker", *words, stderr=-1)
    api = ask_at(front.url)
    run = api.run("Hi")
    path = f"/threads/{run['thread_id']}/runs/{run['id']}"
    until(lambda: api.get(path)["status"] == "completed")
    worker.send_signal(signal.SIGTERM)
    assert worker.stderr is not None
    with worker.stderr:
        first, line = map(json.loads, worker.stderr.read().splitlines())
    assert worker.wait(30) == 0
    assert first["message"].startswith("working on the runs in ")
    assert (line["message"], line["run_id"]) == ("run completed", run["id"])
    assert not [line for line in lines_of(front) if line["message"].startswith("run ")]


@pytest.mark.slow
@pytest.mark.needs("postgres")
def test_a_database_that_goes_and_comes_back(openai: Shell) -> None:
    """Only what the server says itself is in its log; it lives, and is not ready meanwhile."""
    database = PostgresServer()
    served = Served(openai, "--store", database.new_database(), "--log-format", "json")
    root = served.url.removesuffix("/v1")
    with httpx.Client(base_url=root, **PLAIN) as client:
        assert client.get("/readyz").status_code == 200
        database.stop()
        assert client.get("/readyz").status_code == 503
        assert client.get("/healthz").status_code == 200
        assert "openai_local_store_up 0.0" in client.get("/metrics").text
        database.start()
        until(lambda: client.get("/readyz").status_code == 200)
    assert lines_of(served)
    database.close()
