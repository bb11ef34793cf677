"""What operates a server asks it, and servers and workers apart."""

import json
import signal
from collections.abc import Callable

import pytest

from openai_cli.engine.store_place import DatabaseUrl
from tests.engine.serve.support import Running, Served, until
from tests.engine.support import Api, ask
from tests.support.postgres import PostgresServer
from tests.support.shell import Shell

Serve = Callable[..., Served]
Start = Callable[..., Running]


def figures(text: str) -> dict[str, float]:
    """The lines of an exposition, without comments."""
    pairs = (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, value in pairs}


def test_probes_need_neither_key_nor_name(running: Start, ask_at: Callable[[str], Api]) -> None:
    service = running(key="k")
    client = ask_at(service.url.removesuffix("/v1")).client
    for path, said in (("/healthz", "up\n"), ("/readyz", "ready\n")):
        answer = client.get(path, headers={"Host": "10.1.2.3"})
        assert (answer.status_code, answer.text) == (200, said)
    assert client.get("/metrics").status_code == 401
    assert client.post("/healthz").status_code == 401


@pytest.mark.both_databases(always=True)
def test_metrics(running: Start, ask_at: Callable[[str], Api]) -> None:
    api = ask_at(running().url)
    api.run("Hi")
    with api.streaming("/threads/runs", ask("never said\n!slow 60")) as events:
        run = next(data for name, data in events if name == "thread.run.in_progress")
        answer = api.client.get(api.client.base_url.join("/metrics"))
        assert answer.headers["content-type"].startswith("text/plain; version=")
        found = figures(answer.text)
        api.post(f"/threads/{run['thread_id']}/runs/{run['id']}/cancel")
    assert found['openai_local_runs{status="in_progress"}'] == 1
    assert found['openai_local_runs{status="queued"}'] == 0
    assert 0 <= found['openai_local_oldest_run_seconds{status="in_progress"}'] < 60
    assert found['openai_local_run_seconds_count{status="completed"}'] == 1
    assert found['openai_local_requests_total{method="POST",status="200"}'] == 1
    assert found["openai_local_request_seconds_count"] >= 2


def test_a_store_that_is_away_is_not_ready(
    running: Start, ask_at: Callable[[str], Api], monkeypatch: pytest.MonkeyPatch
) -> None:
    from openai_cli.errors import StoreError

    service = running()
    client = ask_at(service.url.removesuffix("/v1")).client

    def away(*_: object) -> None:
        raise StoreError("away")

    monkeypatch.setattr(service.store, "read", away)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.text) == (503, "the store cannot be used\n")
    assert client.get("/healthz").status_code == 200
    monkeypatch.undo()


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("serve --workers 0", "--workers: 0 leaves runs to other machines, which needs a store in"),
        ("serve --workers many", "--workers: "),
        ("serve --log xml", '--log: expected text or json, found "xml"'),
        ("worker", "--store: must be a postgresql:// URL"),
        ("worker --store postgresql://h/x --workers 0", "--workers: must be at least 1"),
    ],
)
@pytest.mark.in_process
def test_what_is_refused(openai: Shell, words: str, problem: str) -> None:
    done = openai(f"local {words}")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"error: {problem}")
    assert done.err.endswith("; not started\n")


@pytest.mark.needs("postgres")
def test_a_front_and_a_worker_apart(
    openai: Shell, postgres: PostgresServer, ask_at: Callable[[str], Api]
) -> None:
    place = DatabaseUrl(postgres.new_database())
    front = Served(openai, "--store", place.url, "--workers", "0")
    api = ask_at(front.url)
    run = api.ask("POST", "/threads/runs", ask("Hi")).json()
    worker = openai.start("local", "worker", "--store", place.url, stderr=-1)
    assert worker.stderr is not None
    assert worker.stderr.readline() == f"note: working on the runs in {place}\n".encode()
    assert api.stopped(run)["status"] == "completed"
    slow = api.ask("POST", "/threads/runs", ask("said\n!slow 0.5")).json()
    path = f"/threads/{slow['thread_id']}/runs/{slow['id']}"
    until(lambda: api.get(path)["status"] == "in_progress")
    worker.send_signal(signal.SIGTERM)
    with worker.stderr:
        assert (worker.wait(30), worker.stderr.read()) == (0, b"")
    assert api.get(path)["status"] == "completed"
    assert front.stop() == 0


def test_a_log_of_objects(serve: Serve, ask_at: Callable[[str], Api]) -> None:
    served = serve("--log", "json")
    api = ask_at(served.url)
    answer = api.client.get("/assistants/asst_none%0A")
    assert served.stop() == 0
    ready, line = served.said.decode().splitlines()
    assert ready == f"note: serving {api.place} at {served.url}"
    said = json.loads(line)
    assert said.pop("time").endswith("+00:00")
    assert said.pop("seconds") >= 0
    assert said == {
        "level": "info",
        "event": "request",
        "method": "GET",
        "path": "/v1/assistants/asst_none%0A",
        "status": 404,
        "request_id": answer.headers["x-request-id"],
    }
