"""Lists: order, cursors, windows, filters."""

from typing import Any

import pytest

from openai_cli.engine.clock import Clock
from tests.engine.support import BOTH_DOORS, Api, cases

pytestmark = [BOTH_DOORS, pytest.mark.both_databases]

COUNT = 7


@pytest.fixture
def thread(api: Api) -> str:
    """A thread with numbered messages, all written within a second or two."""
    messages = [{"role": "user", "content": str(number)} for number in range(COUNT)]
    return str(api.post("/threads", {"messages": messages})["id"])


def numbers(page: dict[str, Any]) -> list[int]:
    return [int(message["content"][0]["text"]["value"]) for message in page["data"]]


def test_defaults_are_descending_and_twenty(api: Api) -> None:
    messages = [{"role": "user", "content": str(number)} for number in range(21)]
    thread = api.post("/threads", {"messages": messages})["id"]
    page = api.get(f"/threads/{thread}/messages")
    assert numbers(page) == list(range(20, 0, -1))
    assert page["has_more"] is True
    assert (page["first_id"], page["last_id"]) == (page["data"][0]["id"], page["data"][-1]["id"])


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("limit", [1, 2, 3, COUNT, COUNT + 1])
def test_paging_forwards_and_backwards(api: Api, thread: str, order: str, limit: int) -> None:
    path = f"/threads/{thread}/messages"
    everything = list(range(COUNT)) if order == "asc" else list(range(COUNT))[::-1]
    seen: list[int] = []
    page = api.get(path, order=order, limit=limit)
    while True:
        seen += numbers(page)
        assert page["has_more"] == (len(seen) < len(everything))
        if not page["has_more"]:
            break
        page = api.get(path, order=order, limit=limit, after=page["last_id"])
    assert seen == everything
    back: list[int] = []
    last = api.get(path, order=order, limit=COUNT)["last_id"]
    page = api.get(path, order=order, limit=limit, before=last)
    while True:
        back = numbers(page) + back
        assert page["has_more"] == (len(back) < len(everything) - 1)
        if not page["has_more"]:
            break
        page = api.get(path, order=order, limit=limit, before=page["first_id"])
    assert back == everything[:-1]


def test_window_between_two_cursors(api: Api, thread: str) -> None:
    path = f"/threads/{thread}/messages"
    ids = [message["id"] for message in api.get(path, order="asc")["data"]]
    page = api.get(path, order="asc", after=ids[1], before=ids[5])
    assert (numbers(page), page["has_more"]) == ([2, 3, 4], False)
    page = api.get(path, order="desc", after=ids[5], before=ids[1], limit=2)
    assert (numbers(page), page["has_more"]) == ([4, 3], True)


def test_an_empty_parameter_counts_as_absent(api: Api, thread: str) -> None:
    path = f"/threads/{thread}/messages"
    empty = dict.fromkeys(("limit", "order", "after", "before", "run_id"), "")
    assert api.get(path, **empty) == api.get(path)
    assert numbers(api.get(path, **{**empty, "limit": ["", "2"], "order": "asc"})) == [0, 1]
    run = api.post(
        f"{path.removesuffix('/messages')}/runs?include[]=", {"assistant_id": "asst_demo"}
    )
    if api.served:
        api.stopped(run)
    steps = f"/threads/{thread}/runs/{run['id']}/steps"
    assert api.get(steps, **{"include[]": "", "after": ""}) == api.get(steps)
    refusal = api.refused("GET", path, params={"cursor": ""})
    assert refusal[2:] == ("cursor", "unknown_parameter")


def test_empty_page(api: Api, thread: str) -> None:
    path = f"/threads/{thread}/messages"
    last = api.get(path)["last_id"]
    page = api.get(path, after=last)
    assert page == {
        "object": "list",
        "data": [],
        "first_id": None,
        "last_id": None,
        "has_more": False,
    }


def test_cursor_on_a_deleted_message_still_works(api: Api, thread: str) -> None:
    path = f"/threads/{thread}/messages"
    third = api.get(path, order="asc")["data"][2]["id"]
    assert api.delete(f"{path}/{third}") == {
        "id": third,
        "object": "thread.message.deleted",
        "deleted": True,
    }
    assert numbers(api.get(path, order="asc", after=third)) == [3, 4, 5, 6]
    assert numbers(api.get(path, order="asc", before=third)) == [0, 1]
    assert api.refused("GET", f"{path}/{third}")[0] == 404


def test_unknown_cursor(api: Api, thread: str) -> None:
    other = api.post("/threads", {"messages": [{"role": "user", "content": "x"}]})["id"]
    stranger = api.get(f"/threads/{other}/messages")["first_id"]
    path = f"/threads/{thread}/messages"
    for name in ("after", "before"):
        message = f"Invalid '{name}': no message with id '{stranger}' in this list."
        refusal = api.refused("GET", path, params={name: stranger})
        assert refusal == (400, message, name, "invalid_value")


@pytest.mark.parametrize("case", cases("refused_queries"))
def test_refused_queries(api: Api, thread: str, case: dict[str, Any]) -> None:
    refusal = api.refused("GET", f"/threads/{thread}/messages", params=case["query"])
    assert refusal == (400, case["message"], case["param"], case["code"])


def test_messages_of_one_run(api: Api) -> None:
    run = api.run("first")
    path = f"/threads/{run['thread_id']}"
    api.post(f"{path}/messages", {"role": "user", "content": "second"})
    second = api.post(f"{path}/runs", {"assistant_id": "asst_demo"})
    page = api.get(f"{path}/messages", run_id=second["id"])
    assert [message["content"][0]["text"]["value"] for message in page["data"]] == ["second"]
    assert page["data"][0]["run_id"] == second["id"]
    runs = api.get(f"{path}/runs")
    assert [one["id"] for one in runs["data"]] == [second["id"], run["id"]]


def test_order_survives_a_clock_that_is_set_back(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    run = api.run("question")
    monkeypatch.setattr(Clock, "now", lambda _: run["created_at"] - 3600)
    path = f"/threads/{run['thread_id']}"
    api.post(f"{path}/messages", {"role": "user", "content": "again"})
    again = api.post(f"{path}/runs", {"assistant_id": "asst_demo"})
    assert again["status"] == "completed"
    assert api.texts(run["thread_id"]) == ["question", "question", "again", "again"]


def test_assistants_are_listed(api: Api) -> None:
    made = [api.post("/assistants", {"model": "echo", "name": str(n)})["id"] for n in range(3)]
    page = api.get("/assistants", order="asc")
    assert [one["id"] for one in page["data"]] == ["asst_demo", *made]
    api.delete(f"/assistants/{made[0]}")
    assert [one["id"] for one in api.get("/assistants")["data"]] == [
        made[2],
        made[1],
        "asst_demo",
    ]


def test_steps_take_include(api: Api) -> None:
    run = api.run("x")
    path = f"/threads/{run['thread_id']}/runs/{run['id']}/steps"
    wanted = {"include[]": "step_details.tool_calls[*].file_search.results[*].content"}
    assert api.get(path, **wanted) == api.get(path)
    assert api.refused("GET", path, params={"include[]": "all"})[2:] == (
        "include[0]",
        "invalid_value",
    )
