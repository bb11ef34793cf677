"""What operates a server asks it, and servers and workers apart."""

import signal
import threading
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from openai_cli.engine.serve import probes
from openai_cli.engine.serve.limits import ServerLimits
from openai_cli.engine.store_place import DatabaseUrl
from openai_cli.errors import StoreError
from tests.engine.serve.support import Running, Served
from tests.engine.support import Api, ask
from tests.support.http import PLAIN
from tests.support.postgres import PostgresServer
from tests.support.shell import Shell
from tests.support.waiting import until

Serve = Callable[..., Served]
Start = Callable[..., Running]
AskAt = Callable[[str], Api]


def figures(text: str) -> dict[str, float]:
    """The lines of an exposition, without comments."""
    pairs = (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, value in pairs}


def get(url: str, path: str, **options: Any) -> httpx.Response:
    return httpx.get(url.removesuffix("/v1") + path, **options, **PLAIN)


PROBES = {"/healthz": "up\n", "/readyz": "ready\n"}


@pytest.mark.parametrize("path", PROBES)
def test_probes_need_neither_key_nor_name(running: Start, path: str) -> None:
    answer = get(running(key="k").url, path, headers={"Host": "10.1.2.3"})
    assert (answer.status_code, answer.text) == (200, PROBES[path])
    assert answer.headers["cache-control"] == "no-store"
    assert get(running().url, path, headers={"Host": "10.1.2.3"}).status_code == 200


def test_figures_need_what_requests_need(running: Start) -> None:
    url = running(key="k").url
    assert get(url, "/metrics").status_code == 401
    assert get(url, "/metrics", headers={"Authorization": "Bearer k"}).status_code == 200
    page = {"Origin": "http://example.com"}
    assert get(running().url, "/metrics", headers=page).status_code == 403


@pytest.mark.parametrize("path", [*PROBES, "/metrics"])
def test_ways_to_ask(running: Start, path: str) -> None:
    url = running().url
    answer = httpx.post(url.removesuffix("/v1") + path, **PLAIN)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
    assert httpx.head(url.removesuffix("/v1") + path, trust_env=False).status_code == 200
    assert httpx.get(url + path, **PLAIN).status_code == 404


@pytest.mark.both_databases(always=True)
def test_metrics(running: Start, ask_at: AskAt) -> None:
    service = running()
    api = ask_at(service.url)
    api.run("Hi")
    until(lambda: service.runs)
    with api.streaming("/threads/runs", ask("never said\n!slow 60")) as events:
        run = next(data for name, data in events if name == "thread.run.in_progress")
        answer = get(service.url, "/metrics")
        assert answer.headers["content-type"].startswith("text/plain; version=")
        found = figures(answer.text)
        api.post(f"/threads/{run['thread_id']}/runs/{run['id']}/cancel")
    assert found["openai_local_store_up"] == 1
    assert found['openai_local_runs{status="in_progress"}'] == 1
    assert found['openai_local_runs{status="queued"}'] == 0
    assert 0 <= found['openai_local_oldest_run_seconds{status="in_progress"}'] < 60
    assert found['openai_local_run_seconds_count{status="completed"}'] == 1
    asked = 'operation="beta:threads create-and-run"'
    assert found[f'openai_local_requests_total{{{asked},status="200"}}'] == 1
    assert found[f"openai_local_request_seconds_count{{{asked}}}"] == 1
    assert found["openai_local_streams"] == 1
    assert found["openai_local_connections"] >= 2
    assert found["openai_local_runs_here"] == 1
    answered = 'backend="echo",outcome="completed"'
    assert found[f"openai_local_model_seconds_count{{{answered}}}"] == 1
    assert found['openai_local_model_first_seconds_count{backend="echo"}'] == 1
    assert found["process_open_fds"] > 0


def test_outcomes_of_answers_are_told_apart(running: Start, ask_at: AskAt) -> None:
    service = running()
    api = ask_at(service.url)
    api.run("!fail")
    run = api.ask("POST", "/threads/runs", ask("never said\n!slow 60")).json()
    path = f"/threads/{run['thread_id']}/runs/{run['id']}"
    until(lambda: api.get(path)["status"] == "in_progress")
    api.post(f"{path}/cancel")
    until(lambda: len(service.runs) == 2)
    found = figures(get(service.url, "/metrics").text)
    for outcome in ("server_error", "cancelled"):
        answered = f'backend="echo",outcome="{outcome}"'
        assert found[f"openai_local_model_seconds_count{{{answered}}}"] == 1
    assert [report.status for report in service.runs] == ["failed", "cancelled"]


def test_paths_that_lead_nowhere_are_counted_as_one(running: Start) -> None:
    url = running().url
    for path in ("/a", "/b", "/v1/c"):
        assert get(url, path).status_code == 404
    found = figures(get(url, "/metrics").text)
    assert found['openai_local_requests_total{operation="none",status="404"}'] == 3
    assert sum(name.startswith("openai_local_requests_total") for name in found) == 1


def test_a_store_that_is_away_is_not_ready(running: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    service = running()

    def away(*_: object) -> None:
        raise StoreError("away")

    monkeypatch.setattr(service.store, "read", away)
    answer = get(service.url, "/readyz")
    assert (answer.status_code, answer.text) == (503, "the store cannot be used\n")
    assert get(service.url, "/healthz").status_code == 200
    found = figures(get(service.url, "/metrics").text)
    assert found["openai_local_store_up"] == 0
    assert not any(name.startswith("openai_local_runs{") for name in found)
    monkeypatch.undo()


def test_a_store_that_hangs_holds_up_no_probe(
    running: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither does it keep the server from saying that it is alive."""
    service, over = running(), threading.Event()
    monkeypatch.setattr(probes, "_PATIENCE", 0.05)
    monkeypatch.setattr(service.store, "reach", over.wait)
    for _ in range(3):
        assert get(service.url, "/readyz").text == "the store cannot be used\n"
    assert get(service.url, "/healthz").status_code == 200
    over.set()
    until(lambda: get(service.url, "/readyz").status_code == 200)


def test_all_connections_at_work(running: Start, ask_at: AskAt) -> None:
    service = running(limits=ServerLimits(connections=1))
    root = service.url.removesuffix("/v1")
    with httpx.Client(base_url=root, **PLAIN) as client:
        answer = client.get("/readyz")
        assert (answer.status_code, answer.text) == (503, "no room for connections\n")
        assert client.get("/healthz").status_code == 200


@pytest.mark.both_databases
def test_draining(serve: Serve, ask_at: AskAt) -> None:
    """Told to stop, it says that it is not ready, and answers as long as others may not know."""
    served = serve("--drain", "1000")
    api = ask_at(served.url)
    assert get(served.url, "/readyz").text == "ready\n"
    served.process.send_signal(signal.SIGTERM)
    until(lambda: get(served.url, "/readyz").text == "stopping\n")
    assert get(served.url, "/readyz").status_code == 503
    assert get(served.url, "/healthz").status_code == 200
    assert api.run("Still answered")["status"] == "completed"
    assert served.stop() == 0, "a second signal ends it"


def test_it_stops_once_it_has_drained(serve: Serve) -> None:
    served = serve("--drain", "1")
    assert served.stop() == 0


def test_without_the_extra(running: Start, ask_at: AskAt) -> None:
    service = running(measured=False)
    answer = get(service.url, "/metrics")
    assert answer.status_code == 404
    assert answer.json()["error"]["message"] == "This server lacks the extra 'metrics'."
    assert get(service.url, "/readyz").status_code == 200
    assert ask_at(service.url).run("Hi")["status"] == "completed"


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("serve --workers 0", "--workers: 0 leaves runs to other machines, which needs a store in"),
        ("serve --workers many", "--workers: "),
        ("worker", "--store: must be a postgresql:// URL"),
        ("worker --store postgresql://h/x --workers 0", "--workers: must be at least 1"),
        ("worker --store postgresql://h/x --host ::1", "--host: needs --port"),
        ("worker --store postgresql://h/x --port many", "--port: expected a whole number"),
        ("worker --store postgresql://h/x --port 0 --host ::", "--host: :: can be reached from"),
    ],
)
@pytest.mark.in_process
def test_what_is_refused(openai: Shell, words: str, problem: str) -> None:
    done = openai(f"local {words}")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"error: {problem}")
    assert done.err.endswith("; not started\n")


@pytest.mark.slow
@pytest.mark.needs("postgres")
def test_a_worker_that_is_watched(openai: Shell, postgres: PostgresServer, ask_at: AskAt) -> None:
    """The times of models are those of workers, which answer nothing else."""
    place = DatabaseUrl(postgres.new_database())
    front = Served(openai, "--store", place.url, "--workers", "0")
    worker = Served(openai, "--store", place.url, command="worker")
    assert ask_at(front.url).run("Hi")["status"] == "completed"
    assert get(worker.url, "/readyz").text == "ready\n"
    answered = 'openai_local_model_seconds_count{backend="echo",outcome="completed"}'
    assert figures(get(worker.url, "/metrics").text)[answered] == 1
    assert answered not in figures(get(front.url, "/metrics").text)
    answer = get(worker.url, "/v1/assistants")
    assert answer.status_code == 404
    assert answer.json()["error"]["message"] == "This is a worker: servers answer requests."
    assert (front.stop(), worker.stop()) == (0, 0)


@pytest.mark.slow
@pytest.mark.needs("postgres")
def test_a_front_and_a_worker_apart(openai: Shell, postgres: PostgresServer, ask_at: AskAt) -> None:
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
