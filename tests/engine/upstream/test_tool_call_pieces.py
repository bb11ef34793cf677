"""Which call a piece belongs to: index, id and name in every combination that was reported."""

from typing import Any

import pytest

from tests.engine.support import FUNCTION, Api
from tests.engine.upstream.support import DONE, Upstream, chat_says, chunk, wire

Chunks = list[list[dict[str, Any]]]
X, Y = '{"x": 1}', '{"y": 2}'


def piece(
    index: int | None = None, call_id: str | None = None, name: str | None = None, text: Any = None
) -> dict[str, Any]:
    """One entry of `tool_calls`; None leaves a field out."""
    function = {"name": name, "arguments": text}
    found = {"index": index, "id": call_id}
    found["function"] = {key: one for key, one in function.items() if one is not None}
    return {key: one for key, one in found.items() if one is not None}


ONE_CALL: dict[str, Chunks] = {
    "the id in the first piece only": [
        [piece(0, "a", "f", "")],
        [piece(0, text='{"x"')],
        [piece(0, text=": 1}")],
    ],
    "id and name in each piece": [[piece(0, "a", "f", '{"x"')], [piece(0, "a", "f", ": 1}")]],
    "vLLM: empty ids and names afterwards": [
        [piece(0, "a", "f", "")],
        [piece(0, "", "", '{"x"')],
        [piece(0, "", "", ": 1}")],
    ],
    "a new id with each piece": [
        [piece(0, "a", "f", "")],
        [piece(0, "b", None, '{"x"')],
        [piece(0, "c", None, ": 1}")],
        [piece(0, "d", None, "")],
    ],
    "a new id with each piece, and the name": [
        [piece(0, "a", "f", "")],
        [piece(0, "b", "f", '{"x"')],
        [piece(0, "c", "f", ": 1}")],
        [piece(0, "d", "f", "")],
    ],
    "a new id with each piece, no index": [
        [piece(None, "a", "f", '{"x"')],
        [piece(None, "b", None, ": 1}")],
    ],
    "the name in a later piece": [[piece(0, "a", None, '{"x"')], [piece(0, "a", "f", ": 1}")]],
    "the name in the last piece": [[piece(0, "a", None, X)], [piece(0, None, "f")]],
    "the id in a later piece": [[piece(0, None, None, '{"x"')], [piece(0, "a", "f", ": 1}")]],
    "an index that counts the pieces": [
        [piece(0, "a", "f", '{"x"')],
        [piece(1, "a", "f", ": 1}")],
    ],
    "the whole call twice": [[piece(0, "a", "f", X)], [piece(0, "a", "f", X)]],
    "the end said once more": [[piece(0, "a", "f", X)], [piece(0, "a", "f", "")]],
    "the name again, no id": [
        [piece(0, "a", "f", "")],
        [piece(0, None, "f", '{"x"')],
        [piece(0, None, "f", ": 1}")],
    ],
    "arguments as an object": [[piece(0, "a", "f", {"x": 1})]],
}


@pytest.mark.parametrize("chunks", ONE_CALL.values(), ids=ONE_CALL)
def test_one_call(chat: Api, upstream: Upstream, chunks: Chunks) -> None:
    [(call_id, name, arguments)] = calls_of(chat, upstream, chunks)
    assert (call_id, name, arguments.replace(":1", ": 1")) == ("a", "f", X)


TWO_CALLS: dict[str, Chunks] = {
    "by index": [
        [piece(0, "a", "f", "")],
        [piece(1, "b", "f", "")],
        [piece(1, text=Y)],
        [piece(0, text=X)],
    ],
    "all in one chunk, all at 0": [[piece(0, "a", "f", X), piece(0, "b", "f", Y)]],
    "SGLang: all at 0, by id": [[piece(0, "a", "f", X)], [piece(0, "b", "f", Y)]],
    "vLLM: all at 0, new ids, then empty ones": [
        [piece(0, "a", "f", "")],
        [piece(0, "", None, '{"x"')],
        [piece(0, "", None, ": 1}")],
        [piece(0, "b", "f", "")],
        [piece(0, "", None, '{"y"')],
        [piece(0, "", None, ": 2}")],
    ],
    "all at 0, ids in each piece": [
        [piece(0, "a", "f", ""), piece(0, "b", "f", "")],
        [piece(0, "a", None, '{"x"'), piece(0, "b", None, '{"y"')],
        [piece(0, "a", None, ": 1}"), piece(0, "b", None, ": 2}")],
    ],
    "no index, by id": [
        [piece(None, "a", "f", "{")],
        [piece(None, "a", None, '"x": 1}')],
        [piece(None, "b", "f", Y)],
    ],
    "no index, no further ids": [
        [piece(None, "a", "f", '{"x"')],
        [piece(None, None, None, ": 1}")],
        [piece(None, "b", "f", '{"y"')],
        [piece(None, None, None, ": 2}")],
    ],
    "no index, whole": [[piece(None, "a", "f", X), piece(None, "b", "f", Y)]],
    "names that come after ids": [
        [piece(0, "a", None, ""), piece(1, "b", None, "")],
        [piece(0, None, "f", X), piece(1, None, "f", Y)],
    ],
}


@pytest.mark.parametrize("chunks", TWO_CALLS.values(), ids=TWO_CALLS)
def test_two_calls_of_one_function(chat: Api, upstream: Upstream, chunks: Chunks) -> None:
    assert calls_of(chat, upstream, chunks) == [("a", "f", X), ("b", "f", Y)]


NO_IDS: dict[str, Chunks] = {
    "none": [[piece(0, None, "f", X)], [piece(1, None, "g", Y)]],
    "none, and all at 0": [[piece(0, None, "f", X)], [piece(0, None, "g", Y)]],
    "none, and all at 0, in one chunk": [[piece(0, None, "f", X), piece(0, None, "g", Y)]],
    "none, in pieces at 0": [
        [piece(0, None, "f", '{"x"')],
        [piece(0, None, None, ": 1}")],
        [piece(0, None, "g", "")],
        [piece(0, None, None, Y)],
    ],
    "none, and no index": [[piece(None, None, "f", X)], [piece(None, None, "g", Y)]],
    "one for both": [[piece(0, "same", "f", X)], [piece(1, "same", "g", Y)]],
    "one for both, all at 0": [[piece(0, "same", "f", X)], [piece(0, "same", "g", Y)]],
}


@pytest.mark.parametrize("chunks", NO_IDS.values(), ids=NO_IDS)
def test_calls_without_ids_of_their_own(chat: Api, upstream: Upstream, chunks: Chunks) -> None:
    first, second = calls_of(chat, upstream, chunks)
    assert (first[1:], second[1:]) == (("f", X), ("g", Y))
    assert first[0] != second[0]


def calls_of(api: Api, upstream: Upstream, chunks: Chunks) -> list[tuple[str, str, str]]:
    """Id, name and arguments of each call; outputs go to the server under the same ids."""
    pieces = [chunk(tool_calls=entries) for entries in chunks]
    upstream.reply(wire(*pieces, chunk("tool_calls"), DONE), chat_says("Done"))
    run = api.run("Hi", model="m", tools=[FUNCTION])
    assert run["status"] == "requires_action", run["last_error"]
    asked = run["required_action"]["submit_tool_outputs"]["tool_calls"]
    assert api.submit(run)["status"] == "completed"
    _, calling, *outputs = upstream.last.json["messages"]
    ids = [call["id"] for call in asked]
    assert [call["id"] for call in calling["tool_calls"]] == ids
    assert [one["tool_call_id"] for one in outputs] == ids
    return [(call["id"], call["function"]["name"], call["function"]["arguments"]) for call in asked]
