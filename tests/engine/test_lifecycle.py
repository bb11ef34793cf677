"""How runs end: cancelled, expired, abandoned, orphaned; and what an active run locks."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from openai_cli.engine.runs import lifecycle, recorder
from openai_cli.engine.store import Store
from openai_cli.engine.store_place import StorePlace
from tests.engine.support import FUNCTION, Api, ask, names

pytestmark = pytest.mark.both_databases

WAITING = ask("!call look_up", tools=[FUNCTION])


def path_of(run: dict[str, Any]) -> str:
    return f"/threads/{run['thread_id']}/runs/{run['id']}"


def begin_stream(api: Api, text: str) -> Any:
    return api.streaming("/threads/runs", ask(text))


def expire(file: Path, run_id: str) -> None:
    """Let a run's time be over."""
    store = Store(file)
    with store.write() as tx:
        tx.runs.update(run_id, expires_at=int(time.time()))
    store.close()


def test_cancel_while_the_model_is_silent(api: Api) -> None:
    with begin_stream(api, "never said\n!slow 60") as events:
        run = next(data for name, data in events if name == "thread.run.in_progress")
        cancelling = api.post(f"{path_of(run)}/cancel")
        assert cancelling["status"] == "cancelling"
        assert cancelling["cancelled_at"] is None
        started = time.monotonic()
        rest = list(events)
        assert time.monotonic() - started < 2
    assert names(rest) == ["run.cancelling", "run.cancelled", "done"]
    final = api.get(path_of(run))
    assert final["status"] == "cancelled"
    assert final["cancelled_at"] is not None
    refusal = api.refused("POST", f"{path_of(run)}/cancel", {})
    assert refusal == (400, "Cannot cancel run with status 'cancelled'.", None, None)


def test_cancel_with_an_open_message(api: Api) -> None:
    with begin_stream(api, f"{'word ' * 600}\n!slow 60") as events:
        run = next(data for name, data in events if name == "thread.run.in_progress")
        said = next(data for name, data in events if name == "thread.message.delta")
        api.post(f"{path_of(run)}/cancel")
        rest = list(events)
    ends = ["message.incomplete", "run.step.cancelled", "run.cancelled", "done"]
    assert [name for name in names(rest) if name != "message.delta"] == ["run.cancelling", *ends]
    message = dict(rest)["thread.message.incomplete"]
    assert message["incomplete_details"] == {"reason": "run_cancelled"}
    deltas = [said, *(data for name, data in rest if name == "thread.message.delta")]
    text = "".join(delta["delta"]["content"][0]["text"]["value"] for delta in deltas)
    assert message["content"][0]["text"]["value"] == text
    assert api.get(f"/threads/{run['thread_id']}/messages/{message['id']}") == message


def test_cancel_before_the_run_begins(api: Api) -> None:
    with begin_stream(api, "Hello") as events:
        run = next(data for name, data in events if name == "thread.run.created")
        assert api.post(f"{path_of(run)}/cancel")["status"] == "cancelling"
        assert api.get(path_of(run))["status"] == "cancelled"
        assert names(list(events)) == ["run.queued", "run.cancelling", "run.cancelled", "done"]


def test_cancel_while_the_run_waits(api: Api) -> None:
    run = api.post("/threads/runs", WAITING)
    cancelling = api.post(f"{path_of(run)}/cancel")
    assert (cancelling["status"], cancelling["required_action"]) == ("cancelling", None)
    assert api.get(path_of(run))["status"] == "cancelled"
    (step,) = api.get(f"{path_of(run)}/steps")["data"]
    assert step["status"] == "cancelled"
    assert step["cancelled_at"] is not None


def test_cancel_is_not_held_up_by_a_reader_that_stalls(api: Api) -> None:
    with begin_stream(api, "one two three four\n!slow 2") as events:
        run = next(data for name, data in events if name == "thread.message.created")
        path = f"/threads/{run['thread_id']}/runs/{run['run_id']}"
        api.post(f"{path}/cancel")
        deadline = time.monotonic() + 5
        while api.get(path)["status"] != "cancelled":
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert names(list(events))[-2:] == ["run.cancelled", "done"]


def test_waiting_run_expires(api: Api) -> None:
    run = api.post("/threads/runs", WAITING)
    assert run["expires_at"] == run["created_at"] + lifecycle.LIFETIME
    expire(api.place, run["id"])
    expired = api.get(path_of(run))
    assert (expired["status"], expired["required_action"]) == ("expired", None)
    (step,) = api.get(f"{path_of(run)}/steps")["data"]
    assert step["status"] == "expired"
    assert step["expired_at"] is not None
    call = run["required_action"]["submit_tool_outputs"]["tool_calls"][0]["id"]
    body = {"tool_outputs": [{"tool_call_id": call, "output": "late"}]}
    message = 'Runs in status "expired" do not accept tool outputs.'
    assert api.refused("POST", f"{path_of(run)}/submit_tool_outputs", body)[1] == message
    assert api.post(f"/threads/{run['thread_id']}/messages", {"role": "user", "content": "x"})


def test_working_run_expires(api: Api) -> None:
    with begin_stream(api, f"{'word ' * 100}\n!slow 50") as events:
        message = next(data for name, data in events if name == "thread.message.in_progress")
        expire(api.place, message["run_id"])
        rest = names(list(events))
    ends = ["message.incomplete", "run.step.expired", "run.expired", "done"]
    assert [name for name in rest if name != "message.delta"] == ends


@pytest.mark.both_databases(never=True)  # in PostgreSQL, others may have taken the run over
def test_what_was_said_is_kept_if_the_run_expires_before_it_was_saved(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "_SAVE_EVERY", 60)
    answers: list[Any] = []
    run = threading.Thread(target=lambda: answers.append(api.run("so " * 100 + "\n!slow 50")))
    run.start()
    store = Store(api.place)
    while not (found := _working(store)):
        time.sleep(0.05)
    time.sleep(1)  # a word has been said by now
    expire(api.place, found)
    run.join()
    (answer,) = answers
    assert answer["status"] == "expired"
    (message, _) = api.get(f"/threads/{answer['thread_id']}/messages")["data"]
    assert message["incomplete_details"] == {"reason": "run_expired"}
    assert message["content"][0]["text"]["value"].startswith("so ")
    (step,) = api.get(f"{path_of(answer)}/steps")["data"]
    assert step["status"] == "expired"
    store.close()


def _working(store: Store) -> str | None:
    with store.read() as tx:
        return next((run.id for run in tx.runs.all() if run.status == "in_progress"), None)


def test_leaving_a_stream_cancels_the_run(api: Api) -> None:
    with begin_stream(api, f"{'word ' * 100}\n!slow 50") as events:
        message = next(data for name, data in events if name == "thread.message.in_progress")
        next(events)
        time.sleep(0.6)
        next(events)
    path = f"/threads/{message['thread_id']}"
    assert api.get(f"{path}/runs/{message['run_id']}")["status"] == "cancelled"
    stored = api.get(f"{path}/messages/{message['id']}")
    assert stored["status"] == "incomplete"
    assert stored["content"][0]["text"]["value"] == "word word "


def test_leaving_an_unread_stream_cancels_the_run(api: Api) -> None:
    with api.client.stream("POST", "/threads/runs", json=ask("x", stream=True)) as response:
        assert response.status_code == 200
    store = Store(api.place)
    with store.read() as tx:
        assert [run.status for run in tx.runs.all()] == ["cancelled"]
    store.close()


def test_ctrl_c_cancels_the_run(place: StorePlace) -> None:
    code = (
        "import os, httpx\n"
        "from openai_cli.engine import open_transport\n"
        f"transport = open_transport('local:{place}', {{}})\n"
        "client = httpx.Client(base_url='http://local', transport=transport, trust_env=False)\n"
        "print('ready', flush=True)\n"
        f"client.post('/threads/runs', json={ask('x' + chr(10) + '!slow 60')!r})\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    api = Api(place)
    run = wait_for_run(api, "in_progress")
    process.send_signal(2)
    _, errors = process.communicate(timeout=10)
    assert b"KeyboardInterrupt" in errors
    assert api.get(path_of(run))["status"] == "cancelled"
    api.close()


def wait_for_run(api: Api, status: str) -> dict[str, Any]:
    """The only run of the store, once it has this status."""
    deadline = time.monotonic() + 10
    store = Store(api.place)
    try:
        while time.monotonic() < deadline:
            with store.read() as tx:
                runs = tx.runs.all()
            if runs and runs[0].status == status:
                return api.get(f"/threads/{runs[0].thread_id}/runs/{runs[0].id}")
            time.sleep(0.02)
    finally:
        store.close()
    raise AssertionError(f"no run became {status}")


@pytest.fixture
def slow_process(place: StorePlace) -> subprocess.Popen[bytes]:
    """A process that has been working on a run for a moment."""
    code = (
        "import httpx, sys\n"
        "from openai_cli.engine import open_transport\n"
        f"transport = open_transport('local:{place}', {{}})\n"
        "client = httpx.Client(base_url='http://local', transport=transport, trust_env=False)\n"
        f"client.post('/threads/runs', json={ask('word ' * 1000 + chr(10) + '!slow 60')!r})\n"
    )
    return subprocess.Popen([sys.executable, "-c", code])


def test_run_of_a_killed_process_fails(
    place: StorePlace, slow_process: subprocess.Popen[bytes]
) -> None:
    api = Api(place)
    run = wait_for_run(api, "in_progress")
    time.sleep(1)
    slow_process.kill()
    slow_process.wait()
    failed = api.get(path_of(run))
    assert failed["status"] == "failed"
    assert failed["last_error"] == {"code": "server_error", "message": "worker stopped"}
    (step,) = api.get(f"{path_of(run)}/steps")["data"]
    assert step["status"] == "failed"
    messages = api.get(f"/threads/{run['thread_id']}/messages")["data"]
    assert messages[0]["status"] == "incomplete"
    assert messages[0]["incomplete_details"] == {"reason": "run_failed"}
    assert messages[0]["content"][0]["text"]["value"].startswith("word word ")
    api.close()


@pytest.mark.slow
def test_cancel_from_another_process(
    place: StorePlace, slow_process: subprocess.Popen[bytes]
) -> None:
    api = Api(place)
    run = wait_for_run(api, "in_progress")
    api.post(f"{path_of(run)}/cancel")
    assert slow_process.wait(timeout=5) == 0
    assert api.get(path_of(run))["status"] == "cancelled"
    api.close()


def test_a_thread_with_an_active_run_is_locked(api: Api) -> None:
    run = api.post("/threads/runs", WAITING)
    thread_id, run_id = run["thread_id"], run["id"]
    user = {"role": "user", "content": "x"}
    assert api.refused("POST", f"/threads/{thread_id}/messages", user) == (
        400,
        f"Can't add messages to {thread_id} while a run {run_id} is active.",
        None,
        None,
    )
    body = {"assistant_id": "asst_demo", "additional_messages": [user]}
    assert api.refused("POST", f"/threads/{thread_id}/runs", body) == (
        400,
        f"Thread {thread_id} already has an active run {run_id}.",
        None,
        None,
    )
    assert api.get(f"/threads/{thread_id}/messages")["data"][0]["role"] == "user"
    assert api.post(path_of(run), {"metadata": {"a": "b"}})["metadata"] == {"a": "b"}
    assert api.post(f"/threads/{thread_id}", {"metadata": {"c": "d"}})["metadata"] == {"c": "d"}


def test_deleting_a_thread_cancels_its_run(api: Api) -> None:
    run = api.post("/threads/runs", WAITING)
    thread = f"/threads/{run['thread_id']}"
    assert api.delete(thread)["deleted"] is True
    message = f"No thread found with id '{run['thread_id']}'."
    assert api.refused("GET", path_of(run)) == (404, message, None, None)
    store = Store(api.place)
    with store.read() as tx:
        assert [one.status for one in tx.runs.all()] == ["cancelled"]
    store.close()


def test_deleting_a_thread_ends_a_stream_on_it(api: Api) -> None:
    with begin_stream(api, "word word\n!slow 60") as events:
        run = next(data for name, data in events if name == "thread.run.in_progress")
        api.delete(f"/threads/{run['thread_id']}")
        assert names(list(events))[-2:] == ["run.cancelled", "done"]


def test_last_writer_loses(api: Api) -> None:
    """Cancels and completions race; each run ends exactly once, and says how."""

    def cancel_all(stop: threading.Event) -> None:
        other = Api(api.place)
        while not stop.is_set():
            store = Store(api.place)
            with store.read() as tx:
                runs = [run for run in tx.runs.all() if run.status in ("queued", "in_progress")]
            store.close()
            for run in runs:
                other.ask("POST", f"/threads/{run.thread_id}/runs/{run.id}/cancel", {})
        other.close()

    stop = threading.Event()
    thread = threading.Thread(target=cancel_all, args=(stop,))
    thread.start()
    try:
        for _ in range(30):
            events = api.run_stream("a few words to say here")
            final = next(data for name, data in reversed(events) if name != "done")
            stored = api.get(path_of(final))
            assert stored == final
            assert stored["status"] in ("completed", "cancelled")
    finally:
        stop.set()
        thread.join()


def test_pid_is_not_trusted_without_its_start_time() -> None:
    from openai_cli.engine.lease import is_alive, new_lease_owner

    host, pid, start, token = new_lease_owner().split("/")
    now = int(time.time())
    assert pid == str(os.getpid())
    assert is_alive(f"{host}/{pid}/{start}/{token}", None, now)
    assert not is_alive(f"{host}/{pid}/1{start}/{token}", now, now)
    assert is_alive(f"elsewhere/{pid}/{start}/{token}", now - 30, now)
    assert not is_alive(f"elsewhere/{pid}/{start}/{token}", now - 90, now)
