"""Two at once: what one has looked up stays until its end, and the other then sees the result."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from openai_cli.engine.clock import Clock
from openai_cli.engine.lease import LeaseLostError
from openai_cli.engine.runs import lifecycle
from openai_cli.engine.runs.expiry import expire_stale_runs
from openai_cli.engine.runs.recorder import Recorder
from openai_cli.engine.store import AssistantRecord, RunRecord, Store, Transaction
from openai_cli.engine.store_place import DatabaseUrl
from tests.engine.support import FUNCTION, Api, ask
from tests.support.postgres import PostgresServer

NOW = 1_700_000_000


class Meanwhile:
    """Lets somebody else come in the middle of a transaction."""

    def __init__(self, server: PostgresServer, place: DatabaseUrl) -> None:
        self._server = server
        self._database = place.url.partition("///")[2].partition("?")[0]
        self._pool = ThreadPoolExecutor(4)

    def waits(self, work: Callable[[], Any]) -> Future[Any]:
        """Begin this work, which must wait for a lock."""
        before = self._waiting()
        future = self._pool.submit(work)
        deadline = time.monotonic() + 30
        while self._waiting() == before:
            assert not future.done(), future.result()
            assert time.monotonic() < deadline
            time.sleep(0.01)
        return future

    def _waiting(self) -> int:
        found = self._server.execute(
            "SELECT count(*) FROM pg_stat_activity "
            f"WHERE wait_event_type = 'Lock' AND datname = '{self._database}'"
        )
        return int(found[0][0])


@pytest.fixture
def meanwhile(postgres: PostgresServer, place: DatabaseUrl) -> Meanwhile:
    return Meanwhile(postgres, place)


def thread_of(api: Api) -> str:
    return str(api.post("/threads")["id"])


def test_a_message_waits_for_the_run_that_is_being_created(
    api: Api, store: Store, meanwhile: Meanwhile
) -> None:
    thread = thread_of(api)
    with store.write() as tx:
        tx.threads.get(thread)
        body = {"role": "user", "content": "too late"}
        late = meanwhile.waits(lambda: api.refused("POST", f"/threads/{thread}/messages", body))
        tx.runs.insert(queued(thread))
    assert late.result()[1] == f"Can't add messages to {thread} while a run run_1 is active."


def test_a_run_waits_for_the_deletion_of_its_thread(
    api: Api, store: Store, meanwhile: Meanwhile
) -> None:
    thread = thread_of(api)
    with store.write() as tx:
        tx.threads.get(thread)
        body = {"assistant_id": "asst_demo"}
        late = meanwhile.waits(lambda: api.refused("POST", f"/threads/{thread}/runs", body))
        tx.threads.update(thread, deleted_at=NOW)
    assert late.result()[:2] == (404, f"No thread found with id '{thread}'.")


def test_two_runs_on_one_thread(api: Api, store: Store, meanwhile: Meanwhile) -> None:
    thread = thread_of(api)
    with store.write() as tx:
        tx.threads.get(thread)
        body = {"assistant_id": "asst_demo"}
        late = meanwhile.waits(lambda: api.refused("POST", f"/threads/{thread}/runs", body))
        tx.runs.insert(queued(thread))
    assert late.result()[1] == f"Thread {thread} already has an active run run_1."


def test_no_change_of_an_assistant_is_lost(api: Api, store: Store, meanwhile: Meanwhile) -> None:
    api.post("/assistants", {"model": "echo", "id": "asst_1"})
    with store.write() as tx:
        found = tx.assistants.get("asst_1")
        assert found is not None
        late = meanwhile.waits(lambda: api.post("/assistants/asst_1", {"description": "said"}))
        tx.assistants.update("asst_1", settings={**found.settings, "name": "named"})
    assert (late.result()["name"], late.result()["description"]) == ("named", "said")


def test_one_id_for_two_assistants(api: Api, store: Store, meanwhile: Meanwhile) -> None:
    body = {"model": "echo", "id": "asst_1"}
    with store.write() as tx:
        tx.assistants.insert(AssistantRecord("asst_1", NOW, {"model": "echo"}))
        late = meanwhile.waits(lambda: api.refused("POST", "/assistants", body))
    assert "exists or existed already" in late.result()[1]


def test_a_run_does_not_wait_for_others_with_its_assistant(api: Api, store: Store) -> None:
    with store.write() as tx:
        tx.assistants.get("asst_demo")
        assert api.run("x")["status"] == "completed"


def test_outputs_are_taken_once(api: Api, another: Api, store: Store, meanwhile: Meanwhile) -> None:
    run = api.post("/threads/runs", ask("!call look_up", tools=[FUNCTION]))
    (call,) = run["required_action"]["submit_tool_outputs"]["tool_calls"]
    outputs = {"tool_outputs": [{"tool_call_id": call["id"], "output": "x"}]}
    path = f"/threads/{run['thread_id']}/runs/{run['id']}/submit_tool_outputs"
    with store.write() as tx:
        tx.threads.get(run["thread_id"])
        both = [
            meanwhile.waits(lambda api=one: api.client.post(path, json=outputs))
            for one in (api, another)
        ]
    codes = sorted(one.result().status_code for one in both)
    assert codes == [200, 400]
    assert api.texts(run["thread_id"]) == ["!call look_up", "x"]


def test_a_cancellation_waits_for_the_end_of_its_run(
    api: Api, store: Store, meanwhile: Meanwhile
) -> None:
    run = begun(api, store)
    path = f"/threads/{run.thread_id}/runs/{run.id}/cancel"
    with store.write() as tx:
        tx.runs.get(run.id)
        late = meanwhile.waits(lambda: api.refused("POST", path))
        tx.runs.move(run.id, ("in_progress",), status="completed", owner=None)
    assert late.result()[1] == "Cannot cancel run with status 'completed'."


def test_a_worker_waits_for_the_expiry_of_its_run_and_then_writes_nothing(
    api: Api, store: Store, meanwhile: Meanwhile
) -> None:
    run = begun(api, store)
    recorder = Recorder(store, run, Clock(), at_once=True)
    with store.write() as tx:
        lifecycle.expire(tx, run, NOW)
        late = meanwhile.waits(lambda: list(recorder.ensure_message()))
    with pytest.raises(LeaseLostError):
        late.result()
    with store.read() as tx:
        assert tx.messages.all(run_id=run.id) == tx.steps.all(run_id=run.id) == []


def test_the_expiry_of_a_run_waits_for_what_its_worker_writes(
    api: Api, store: Store, meanwhile: Meanwhile
) -> None:
    run = begun(api, store, expires_at=NOW)
    recorder = Recorder(store, run, Clock(), at_once=False)
    list(recorder.ensure_message())
    with store.write() as tx:
        lifecycle.check_lease(tx, run)
        late = meanwhile.waits(lambda: expire_stale_runs(store, NOW))
        recorder.save(tx)
    late.result()
    with store.read() as tx:
        (message,) = tx.messages.all(run_id=run.id)
        (step,) = tx.steps.all(run_id=run.id)
    assert (message.status, step.status) == ("incomplete", "expired")


def test_what_waits_in_a_circle_is_done_again(store: Store, api: Api) -> None:
    """Of two transactions that wait for each other, the database ends one, or under load both."""
    threads = [thread_of(api) for _ in range(2)]
    meet = threading.Barrier(2)
    tries: list[str] = []

    def work(tx: Transaction, first: str, second: str) -> None:
        tries.append(first)
        tx.threads.get(first)
        if len(tries) <= 2:
            meet.wait(30)
        tx.threads.get(second)
        tx.threads.update(second, metadata={"by": first})

    with ThreadPoolExecutor(2) as pool:
        both = [
            pool.submit(store.transact, lambda tx, order=order: work(tx, *order))
            for order in (threads, threads[::-1])
        ]
    for one in both:
        one.result()
    assert len(tries) >= 3
    with store.read() as tx:
        assert all(thread.metadata for thread in tx.threads.all())


def queued(thread: str, **fields: Any) -> RunRecord:
    given = {"status": "queued", "expires_at": NOW + 10**9, **fields}
    settings: dict[str, Any] = {}
    return RunRecord("run_1", NOW, thread, "asst_demo", model="echo", settings=settings,
                     metadata={}, **given)  # fmt: skip


def begun(api: Api, store: Store, expires_at: int = NOW + 10**9) -> RunRecord:
    """A run that this process works on."""
    from openai_cli.engine.lease import new_lease_owner

    run = queued(
        thread_of(api), status="in_progress", expires_at=expires_at, owner=new_lease_owner()
    )
    with store.write() as tx:
        tx.runs.insert(run)
    return run
