"""Text and calls that come twice, or under another place: told once, and all of it.

The ids name the server that a shape was seen at, or reported for.
"""

from typing import Any

import pytest

from tests.engine.support import FUNCTION, Api
from tests.engine.upstream.support import (
    DONE,
    Upstream,
    answer_events,
    answers,
    called,
    chat_message,
    chat_says,
    chunk,
    data,
    events,
    function_call,
    message,
    reasoning,
    wire,
)

LOOK = called("a", "look_up", '{"q": 1}')


def at(index: int, text: str, finish: str | None = None) -> bytes:
    """A piece under a choice index."""
    choice = {"index": index, "delta": {"content": text}, "finish_reason": finish}
    return data({"choices": [choice]})


def instead_of_delta(text: str, finish: str | None = None) -> bytes:
    """A piece as `message`."""
    return data({"choices": [{"message": {"content": text}, "finish_reason": finish}]})


@pytest.mark.parametrize(
    "chunks",
    [
        pytest.param(
            [chunk(content="Hel"), chunk(content="lo"), data(chat_message("Hello"))],
            id="MiniMax: the whole message at the end",
        ),
        pytest.param(
            [chunk(content="Hello"), chunk("stop"), data(chat_message("Hello"))],
            id="the whole message after the end",
        ),
        pytest.param(
            [chunk(content="Hel"), data(chat_message("Hello"))], id="the whole message has more"
        ),
        pytest.param(
            [chunk(content="Hello"), data(chat_message(" Hello \n"))],
            id="the whole message is trimmed otherwise",
        ),
        pytest.param([data(chat_message("Hello"))], id="only the whole message"),
        pytest.param(
            [instead_of_delta("Hel"), instead_of_delta("Hello", "stop")], id="messages that grow"
        ),
        pytest.param(
            [instead_of_delta("Hel"), instead_of_delta("lo", "stop")], id="messages as pieces"
        ),
        pytest.param(
            [chunk(content="Hello"), instead_of_delta(" Hello", "stop")],
            id="the whole message, without its object",
        ),
        pytest.param(
            [at(0, "Hel"), at(1, "lo"), at(2, "", "stop")],
            id="Foundry Local: the index counts the chunks",
        ),
        pytest.param([at(1, "Hel"), at(1, "lo", "stop")], id="the index is 1"),
    ],
)
def test_text_of_chat(chat: Api, upstream: Upstream, chunks: list[bytes]) -> None:
    upstream.reply(wire(*chunks, DONE))
    run = chat.run("Hi", model="m")
    assert run["status"] == "completed", run["last_error"]
    assert chat.texts(run["thread_id"]) == ["Hi", "Hello"]
    assert len(upstream.seen) == 1
    assert "n" not in upstream.last.json


@pytest.mark.parametrize(
    "chunks",
    [
        pytest.param(
            [chunk(tool_calls=[LOOK]), data(chat_message("", "tool_calls", tool_calls=[LOOK]))],
            id="MiniMax: whole calls at the end",
        ),
        pytest.param(
            [
                chunk(tool_calls=[called("a", "look_up", '{"q"')]),
                data(chat_message(None, "tool_calls", tool_calls=[LOOK])),
            ],
            id="the whole call has more",
        ),
        pytest.param(
            [
                chunk(tool_calls=[LOOK]),
                data(chat_message(None, "tool_calls", tool_calls=[{**LOOK, "id": "z"}])),
            ],
            id="under another id",
        ),
        pytest.param(
            [data(chat_message(None, "tool_calls", tool_calls=[LOOK]))], id="only the whole calls"
        ),
    ],
)
def test_calls_of_chat(chat: Api, upstream: Upstream, chunks: list[bytes]) -> None:
    upstream.reply(wire(*chunks, DONE), chat_says("Done"))
    run = chat.run("Hi", model="m", tools=[FUNCTION])
    assert asked_for(run) == [("a", '{"q": 1}')]
    chat.submit(run)
    _, calling, output = upstream.last.json["messages"]
    assert [call["id"] for call in calling["tool_calls"]] == [output["tool_call_id"]] == ["a"]


def test_a_call_that_only_the_whole_message_has(chat: Api, upstream: Upstream) -> None:
    both = [LOOK, called("b", "look_up", index=1)]
    last = data(chat_message(None, "tool_calls", tool_calls=both))
    upstream.reply(wire(chunk(tool_calls=[LOOK]), last, DONE))
    run = chat.run("Hi", model="m", tools=[FUNCTION])
    assert asked_for(run) == [("a", '{"q": 1}'), ("b", "{}")]


def asked_for(run: Any) -> list[tuple[str, str]]:
    """Id and arguments of the calls that a run waits for."""
    assert run["status"] == "requires_action", run["last_error"]
    return [
        (call["id"], call["function"]["arguments"])
        for call in run["required_action"]["submit_tool_outputs"]["tool_calls"]
    ]


def placed(told: list[dict[str, Any]], index: int | None) -> list[dict[str, Any]]:
    """The events with one place for all items."""
    return [{**one, "output_index": index} if "output_index" in one else one for one in told]


def renamed(item: dict[str, Any]) -> dict[str, Any]:
    """The item as a last snapshot has it under another id."""
    return {**item, "id": f"other_{item['id']}"}


THOUGHT, SAID, CALL = reasoning(), message("Hello"), function_call("a", "look_up", '{"q": 1}')


def snapshot(streamed: list[Any], last: list[Any]) -> list[dict[str, Any]]:
    """An answer whose last event shows other items than those that were streamed."""
    *begun, end = answer_events(*streamed)
    return [*begun, {**end, "response": {**end["response"], "output": last}}]


def with_new_ids(told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The events, each with an id that no other one has."""
    return [
        {**one, "item_id": f"id_{place}"} if "item_id" in one else one
        for place, one in enumerate(told)
    ]


RESPONSES = {
    "LiteLLM: one place for all items": placed(answer_events(THOUGHT, SAID, CALL), 0),
    "no places": placed(answer_events(THOUGHT, SAID, CALL), None),
    "LiteLLM: other ids in the end": snapshot(
        [THOUGHT, SAID, CALL], [renamed(THOUGHT), renamed(SAID), renamed(CALL)]
    ),
    "other ids and places in the end": snapshot(
        [THOUGHT, SAID, CALL], [renamed(SAID), renamed(CALL)]
    ),
    "one place, and other ids in the end": placed(
        snapshot([THOUGHT, SAID, CALL], [renamed(SAID), renamed(CALL), renamed(THOUGHT)]), 0
    ),
    "no ids in the end": snapshot(
        [SAID, CALL], [{key: one for key, one in SAID.items() if key != "id"}, CALL]
    ),
    "new ids in each event": with_new_ids(answer_events(THOUGHT, SAID, CALL)),
    "nothing in the end": snapshot([THOUGHT, SAID, CALL], []),
    "only the end": [answer_events(THOUGHT, SAID, CALL)[-1]],
    "the call only in the end": snapshot([THOUGHT, SAID], [THOUGHT, SAID, CALL]),
}


@pytest.mark.parametrize("told", RESPONSES.values(), ids=RESPONSES)
def test_items_of_responses(responses: Api, upstream: Upstream, told: list[Any]) -> None:
    upstream.reply(wire(*events(*told)), wire(*events(*answer_events(message("Done")))))
    run = responses.run("Hi", model="m", tools=[FUNCTION])
    assert asked_for(run) == [("a", '{"q": 1}')]
    assert responses.texts(run["thread_id"]) == ["Hi", "Hello"]
    assert responses.submit(run)["status"] == "completed"
    given_back = [
        (one["type"], one.get("content") or one.get("call_id") or "")
        for one in upstream.last.json["input"]
        if one["type"] != "reasoning"
    ]
    assert given_back == [
        ("message", "Hi"),
        ("message", "Hello"),
        ("function_call", "a"),
        ("function_call_output", "a"),
    ]


def test_calls_at_one_place_are_two(responses: Api, upstream: Upstream) -> None:
    first, second = function_call("a", "f"), function_call("b", "g")
    one, other = answer_events(first), answer_events(second)
    opened = [one[1], {**other[1], "output_index": 0}]
    rest = [*one[2:-1], *placed(other[2:-1], 0)]
    upstream.reply(wire(*events(one[0], *opened, *rest, answer_events(first, second)[-1])))
    run = responses.run("Hi", model="m", tools=[FUNCTION])
    assert asked_for(run) == [("a", "{}"), ("b", "{}")]


def test_an_id_that_two_calls_share(responses: Api, upstream: Upstream) -> None:
    first, second = function_call("a", "f"), {**function_call("a", "g"), "id": "fc_2"}
    upstream.reply(answers(first, second), answers(message("Done")))
    run = responses.run("Hi", model="m", tools=[FUNCTION])
    [(one, _), (other, _)] = asked_for(run)
    assert one == "a"
    assert other.startswith("call_")
    responses.submit(run)
    told = [item.get("call_id") for item in upstream.last.json["input"]]
    assert told == [None, one, other, one, other]


def test_two_messages_stay_two(responses: Api, upstream: Upstream) -> None:
    first, second = message("One", "msg_1"), message("Two", "msg_2")
    told = placed(snapshot([first, second], [renamed(first), renamed(second)]), 0)
    upstream.reply(wire(*events(*told)))
    run = responses.run("Hi", model="m")
    assert responses.texts(run["thread_id"]) == ["Hi", "One", "Two"]


def test_text_that_only_its_own_end_has(responses: Api, upstream: Upstream) -> None:
    begun, opened, _, _, _, end = answer_events(message("Hello"))
    where = {"output_index": 0, "item_id": "msg_up", "content_index": 0}
    whole = {"type": "response.output_text.done", **where, "text": "Hello"}
    upstream.reply(wire(*events(begun, opened, whole, {**end, "response": {}})))
    run = responses.run("Hi", model="m")
    assert responses.texts(run["thread_id"]) == ["Hi", "Hello"]
    assert len(upstream.seen) == 1
