"""`Idempotency-Key`: a repeat gets the first answer and changes nothing."""

import threading
import time
from typing import Any

import pytest

from openai_cli.engine.store import Store
from tests.engine.support import FUNCTION, Api, ask, names, parse_frames

pytestmark = pytest.mark.both_databases

KEY = {"Idempotency-Key": "key-1"}


def threads(api: Api) -> int:
    store = Store(api.place)
    with store.read() as tx:
        count = len(tx.threads.all())
    store.close()
    return count


def test_repeat_of_a_run(api: Api) -> None:
    first = api.post("/threads/runs", ask("x"), headers=KEY)
    api.close()
    again = Api(api.place)
    assert again.post("/threads/runs", ask("x"), headers=KEY) == first
    assert threads(api) == 1
    again.close()


def test_first_answer_stays_though_the_run_went_on(api: Api) -> None:
    body = ask("!call look_up", tools=[FUNCTION])
    first = api.post("/threads/runs", body, headers=KEY)
    call = first["required_action"]["submit_tool_outputs"]["tool_calls"][0]["id"]
    path = f"/threads/{first['thread_id']}/runs/{first['id']}"
    outputs = {"tool_outputs": [{"tool_call_id": call, "output": "x"}]}
    done = api.post(f"{path}/submit_tool_outputs", outputs, headers={"Idempotency-Key": "2"})
    assert done["status"] == "completed"
    assert api.post("/threads/runs", body, headers=KEY) == first
    repeated = api.post(f"{path}/submit_tool_outputs", outputs, headers={"Idempotency-Key": "2"})
    assert repeated == done


@pytest.mark.parametrize("text", ["one two", "!call look_up", "!fail", "some words\n!length"])
def test_repeat_of_a_stream_tells_the_same_run(api: Api, text: str) -> None:
    body = ask(text, tools=[FUNCTION], stream=True)
    answers = [api.client.post("/threads/runs", json=body, headers=KEY) for _ in range(2)]
    first, second = (parse_frames(answer.text) for answer in answers)
    assert names(first) == names(second)
    whole = [[event for event in events if "delta" not in event[0]] for events in (first, second)]
    assert whole[0] == whole[1]
    assert threads(api) == 1


def test_repeat_of_a_streamed_submission(api: Api) -> None:
    run = api.run("!call look_up", tools=[FUNCTION])
    call = run["required_action"]["submit_tool_outputs"]["tool_calls"][0]["id"]
    path = f"/threads/{run['thread_id']}/runs/{run['id']}/submit_tool_outputs"
    body = {"tool_outputs": [{"tool_call_id": call, "output": "x"}], "stream": True}
    answers = [api.client.post(path, json=body, headers=KEY) for _ in range(2)]
    first, second = (parse_frames(answer.text) for answer in answers)
    assert names(first) == names(second)
    assert names(first)[:2] == ["run.step.completed", "run.queued"]


def test_repeat_of_other_requests(api: Api) -> None:
    thread = api.post("/threads", {"metadata": {"a": "b"}}, headers=KEY)
    assert api.post("/threads", {"metadata": {"a": "b"}}, headers=KEY) == thread
    message = {"role": "user", "content": "once"}
    path = f"/threads/{thread['id']}/messages"
    first = api.post(path, message, headers={"Idempotency-Key": "m"})
    assert api.post(path, message, headers={"Idempotency-Key": "m"}) == first
    assert api.texts(thread["id"]) == ["once"]


def test_key_of_another_request(api: Api) -> None:
    api.post("/threads", {}, headers=KEY)
    for path, body in (("/threads", {"metadata": {"a": "b"}}), ("/threads/runs", ask("x"))):
        refusal = api.refused("POST", path, body, headers=KEY)
        assert refusal == (
            400,
            "Invalid 'Idempotency-Key': it was first used with another request.",
            "Idempotency-Key",
            "invalid_value",
        )
    long = {"Idempotency-Key": "k" * 256}
    assert api.refused("POST", "/threads", {}, headers=long)[3] == "string_above_max_length"


def test_the_query_is_part_of_the_request(api: Api) -> None:
    path = f"/threads/{api.post('/threads')['id']}/runs"
    content = "step_details.tool_calls[*].file_search.results[*].content"
    body, query = {"assistant_id": "asst_demo"}, {"include[]": content}
    first = api.post(path, body, headers=KEY, params=query)
    assert api.post(path, body, headers=KEY, params=query) == first
    assert api.refused("POST", path, body, headers=KEY)[2] == "Idempotency-Key"
    assert len(api.get(path)["data"]) == 1


@pytest.mark.parametrize(("hours", "kept"), [(23, True), (25, False)])
def test_keys_are_kept_for_a_day(api: Api, hours: int, kept: bool) -> None:
    api.post("/threads", headers=KEY)
    store = Store(api.place)
    with store.write() as tx:
        tx.idempotency_records.update("key-1", created_at=int(time.time()) - hours * 3600)
    store.close()
    api.post("/threads", headers={"Idempotency-Key": "key-2"})
    answer = api.ask("POST", "/threads", {"metadata": {"another": "request"}}, headers=KEY)
    assert answer.status_code == (400 if kept else 200)


def test_refusals_are_not_kept(api: Api) -> None:
    body = {"model": "echo", "id": "asst_later"}
    missing = ask("x", assistant_id="asst_later")
    assert api.refused("POST", "/threads/runs", missing, headers=KEY)[0] == 404
    api.post("/assistants", body)
    assert api.post("/threads/runs", missing, headers=KEY)["status"] == "completed"


@pytest.mark.parametrize("stream", [False, True])
def test_repeats_at_the_same_moment_do_the_work_once(api: Api, stream: bool) -> None:
    body = ask("some words\n!slow 0.5", stream=stream)
    found: list[Any] = []

    def send() -> None:
        own = Api(api.place)
        answer = own.client.post("/threads/runs", json=body, headers=KEY)
        found.append(parse_frames(answer.text)[-2][1] if stream else answer.json())
        own.close()

    senders = [threading.Thread(target=send) for _ in range(4)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert len(found) == 4
    assert all(run == found[0] for run in found)
    assert found[0]["status"] == "completed"
    assert threads(api) == 1
