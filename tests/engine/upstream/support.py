"""What an upstream says: Chat Completions chunks, Responses events, and how they misbehave."""

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tests.support.server import Reply, Server

DONE = b"data: [DONE]\n\n"
COUNTED = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}


Behaviour = Callable[[Any], Reply]
"""A server as a function: its answer to the JSON of a request, None if it has no body."""


class Upstream(Server):
    """A scripted model API that notices when its client hangs up.

    It answers from `replies`, or as `behave` says.
    """

    def __init__(self) -> None:
        super().__init__()
        self.behave: Behaviour | None = None
        self.hung_up = threading.Event()
        self._http.handle_error = lambda *_: self.hung_up.set()

    def next_reply(self) -> Reply:
        if self.behave is None:
            return super().next_reply()
        return self.behave(self.last.json if self.last.content else None)

    @property
    def bodies(self) -> list[Any]:
        return [seen.json for seen in self.seen]


def data(value: Any) -> bytes:
    """One event without a name."""
    return f"data: {json.dumps(value)}\n\n".encode()


def chunk(finish: str | None = None, **delta: Any) -> bytes:
    """One piece of a chat answer."""
    return data({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})


def called(call_id: str | None, name: str, arguments: str = "{}", index: int = 0) -> dict[str, Any]:
    """One whole function call of a chat answer."""
    function = {"name": name, "arguments": arguments}
    found = {"index": index, "type": "function", "function": function}
    return found if call_id is None else {**found, "id": call_id}


def usage(**counts: int) -> bytes:
    return data({"choices": [], "usage": counts or COUNTED})


def chat_message(text: str | None = None, finish: str = "stop", **more: Any) -> dict[str, Any]:
    """A whole chat answer, as it comes without streaming."""
    message = {"role": "assistant", "content": text, **more}
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return {"object": "chat.completion", "choices": [choice], "usage": COUNTED}


def chat_says(*texts: str, finish: str = "stop") -> Reply:
    """A well-behaved chat answer."""
    pieces = [chunk(role="assistant", content=""), *(chunk(content=text) for text in texts)]
    return Reply(chunks=[*pieces, chunk(finish), usage(), DONE])


def chat_calls(*calls: dict[str, Any], before: str = "") -> Reply:
    """A chat answer that asks for functions, perhaps after some words."""
    words = [chunk(content=before)] if before else []
    return Reply(chunks=[*words, chunk(tool_calls=list(calls)), chunk("tool_calls"), usage(), DONE])


def refusal(status: int, message: str, **fields: Any) -> Reply:
    """An error answer; header names among the fields use underscores."""
    headers = {name.replace("_", "-"): fields.pop(name) for name in list(fields) if "retry" in name}
    return Reply(status=status, body={"error": {"message": message, **fields}}, headers=headers)


def endless(piece: bytes, stop: threading.Event) -> Iterator[bytes]:
    """The same piece again and again, until the test is over."""
    while not stop.wait(0.02):
        yield piece


# Responses

_Event = dict[str, Any]


def message(text: str, item_id: str = "msg_up", **more: Any) -> dict[str, Any]:
    """A message item."""
    part = {"type": "output_text", "text": text, "annotations": [], **more}
    return {"type": "message", "id": item_id, "role": "assistant", "content": [part]}


def function_call(call_id: str, name: str, arguments: str = "{}") -> dict[str, Any]:
    return {
        "type": "function_call",
        "id": f"fc_{call_id}",
        "call_id": call_id,
        "name": name,
        "arguments": arguments,
        "status": "completed",
    }


def reasoning(secret: str | None = "sealed") -> dict[str, Any]:
    return {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": secret}


def item_events(index: int, item: dict[str, Any]) -> Iterator[_Event]:
    """How one output item streams."""
    at = {"output_index": index, "item_id": item["id"]}
    opened = {**item, "content": [], "arguments": "", "code": "", "status": "in_progress"}
    yield {"type": "response.output_item.added", "output_index": index, "item": opened}
    pieces = {
        "message": ("output_text", lambda: item["content"][0].get("text", "")),
        "function_call": ("function_call_arguments", lambda: item["arguments"]),
        "code_interpreter_call": ("code_interpreter_call_code", lambda: item["code"]),
    }
    if item["type"] in pieces:
        name, text = pieces[item["type"]]
        for piece in halves(text()):
            yield {"type": f"response.{name}.delta", **at, "content_index": 0, "delta": piece}
    yield {"type": "response.output_item.done", "output_index": index, "item": item}


def halves(text: str) -> list[str]:
    middle = len(text) // 2
    return [piece for piece in (text[:middle], text[middle:]) if piece]


def events(*values: _Event) -> list[bytes]:
    """Responses events on the wire, named as they are there."""
    return [f"event: {value['type']}\n".encode() + data(value) for value in values]


def answer_events(*items: dict[str, Any], status: str = "completed", **more: Any) -> list[_Event]:
    """The events of a whole Responses answer."""
    counted = {"input_tokens": 5, "output_tokens": 2, "total_tokens": 7}
    response = {"id": "resp_1", "status": status, "output": list(items), "usage": counted, **more}
    begun = {"type": "response.created", "response": {"id": "resp_1", "status": "in_progress"}}
    told = (event for index, item in enumerate(items) for event in item_events(index, item))
    return [begun, *told, {"type": f"response.{status}", "response": response}]


def answers(*items: dict[str, Any], **more: Any) -> Reply:
    """A well-behaved Responses answer."""
    return Reply(chunks=events(*answer_events(*items, **more)))


def wire(*chunks: bytes, cut: bool = False) -> Reply:
    """Chunks as they are; a cut answer ends without the end of its body."""
    return Reply(chunks=list(chunks), declared=0 if cut else None)


def named(items: Iterable[tuple[str, Any]], name: str) -> list[Any]:
    """The objects of all events of one name."""
    return [value for found, value in items if found == name]
