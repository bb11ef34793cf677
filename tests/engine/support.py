"""What the engine's tests share: a client that reads like the API, and the API's schemas."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from openai_cli.engine import open_transport
from openai_cli.engine.store_place import StorePlace
from tests.support.http import PLAIN
from tests.support.openapi import schema_errors

DATA = Path(__file__).parent.parent / "data" / "engine"
KINDS = {
    "assistant": "AssistantObject",
    "thread": "ThreadObject",
    "thread.message": "MessageObject",
    "thread.run": "RunObject",
    "thread.run.step": "RunStepObject",
    "thread.message.delta": "MessageDeltaObject",
    "thread.run.step.delta": "RunStepDeltaObject",
    "assistant.deleted": "DeleteAssistantResponse",
    "thread.deleted": "DeleteThreadResponse",
    "thread.message.deleted": "DeleteMessageResponse",
}
BOTH_DOORS = pytest.mark.parametrize("api", ["in process", "served"], indirect=True)
"""For modules whose tests must hold whichever way the engine is reached."""
FUNCTION = {"type": "function", "function": {"name": "look_up"}}


def cases(name: str) -> list[dict[str, Any]]:
    """The cases of one data file."""
    lines = (DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def check(value: dict[str, Any]) -> dict[str, Any]:
    """Assert that an object, list or error has everything the API description requires."""
    if "error" in value:
        schema = "ErrorResponse"
    elif value["object"] == "list":
        for item in value["data"]:
            check(item)
        assert set(value) == {"object", "data", "first_id", "last_id", "has_more"}
        return value
    else:
        schema = KINDS[value["object"]]
    assert schema_errors(value, schema) == []
    return value


def parse_frames(text: str) -> list[tuple[str, Any]]:
    """Server-sent events as (name, object); every object is checked, the end is required."""
    assert text.endswith("event: done\ndata: [DONE]\n\n")
    found = []
    for frame in text.removesuffix("\n\n").split("\n\n"):
        name, data = frame.split("\n")[-2:]  # a server of many has ids before them
        assert name.startswith("event: ")
        assert data.startswith("data: ")
        payload = data.removeprefix("data: ")
        value = payload if payload == "[DONE]" else check(json.loads(payload))
        found.append((name.removeprefix("event: "), value))
    return found


class Api:
    """A client of one store; every answer is checked against the API description."""

    def __init__(
        self, place: StorePlace, environ: dict[str, str] | None = None, *, url: str = ""
    ) -> None:
        """Open the store in this process, or ask the server at `url` that serves it."""
        self.place = place
        self.served = bool(url)
        if url:
            self.client = httpx.Client(base_url=url, timeout=60, **PLAIN)
            return
        self.environ = environ or {}
        self.warnings: list[str] = []
        self.transport = open_transport(f"local:{place}", self.environ, self.warnings.append)
        self.client = httpx.Client(base_url="http://local", transport=self.transport, **PLAIN)

    def close(self) -> None:
        self.client.close()

    def ask(self, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        response = self.client.request(method, path, json=body, **more)
        assert response.headers["x-request-id"].startswith("req_")
        if response.headers["content-type"] == "application/json":
            check(response.json())
        return response

    def get(self, path: str, **query: Any) -> Any:
        response = self.ask("GET", path, params=query)
        assert response.status_code == 200, response.text
        return response.json()

    def post(self, path: str, body: Any = None, **more: Any) -> Any:
        """The answer; a run that is queued by it is waited for, whichever door was taken."""
        response = self.ask("POST", path, {} if body is None else body, **more)
        assert response.status_code == 200, response.text
        answer = response.json()
        if self.served and path.endswith(("/runs", "/submit_tool_outputs")):
            return self.stopped(answer)
        return answer

    def stopped(self, run: dict[str, Any]) -> Any:
        """The run once nobody works on it any more."""
        while run["status"] in ("queued", "in_progress", "cancelling"):
            time.sleep(0.02)
            run = self.get(f"/threads/{run['thread_id']}/runs/{run['id']}")
        return run

    def delete(self, path: str) -> Any:
        response = self.ask("DELETE", path)
        assert response.status_code == 200, response.text
        return response.json()

    def refused(self, method: str, path: str, body: Any = None, **more: Any) -> tuple[Any, ...]:
        """Status, message, param and code of a refusal."""
        response = self.ask(method, path, body, **more)
        error = response.json()["error"]
        assert error["type"] == "invalid_request_error"
        return response.status_code, error["message"], error["param"], error["code"]

    def stream(self, path: str, body: dict[str, Any]) -> list[tuple[str, Any]]:
        response = self.client.post(path, json={**body, "stream": True})
        assert response.status_code == 200, response.text
        assert response.headers["content-type"] == "text/event-stream"
        return parse_frames(response.text)

    @contextmanager
    def streaming(self, path: str, body: dict[str, Any]) -> Iterator[Iterator[tuple[str, Any]]]:
        """Events one by one, while the run runs."""
        with self.client.stream("POST", path, json={**body, "stream": True}) as response:
            yield one_by_one(response)

    def run(self, text: str, **fields: Any) -> Any:
        return self.post("/threads/runs", ask(text, **fields))

    def submit(self, run: Any, output: str = "done") -> Any:
        """Give this output to each call that a run waits for; the run as it is then."""
        assert run["status"] == "requires_action", run["last_error"]
        calls = run["required_action"]["submit_tool_outputs"]["tool_calls"]
        told = [{"tool_call_id": call["id"], "output": output} for call in calls]
        path = f"/threads/{run['thread_id']}/runs/{run['id']}/submit_tool_outputs"
        return self.post(path, {"tool_outputs": told})

    def run_stream(self, text: str, **fields: Any) -> list[tuple[str, Any]]:
        return self.stream("/threads/runs", ask(text, **fields))

    def texts(self, thread_id: str) -> list[str]:
        """The thread's texts, oldest first."""
        page = self.get(f"/threads/{thread_id}/messages", order="asc", limit=100)
        return [
            "".join(block["text"]["value"] for block in message["content"])
            for message in page["data"]
        ]


def one_by_one(response: httpx.Response) -> Iterator[tuple[str, Any]]:
    """The events as they come; comments are passed over."""
    rest = b""
    for chunk in response.iter_bytes():
        *frames, rest = (rest + chunk).split(b"\n\n")
        for frame in frames:
            if not frame.startswith(b":"):
                name, data = frame.decode().split("\n")[-2:]
                payload = data.removeprefix("data: ")
                value = payload if payload == "[DONE]" else check(json.loads(payload))
                yield name.removeprefix("event: "), value
    assert rest == b""


def ask(text: str, **fields: Any) -> dict[str, Any]:
    """The body of a create-and-run with one user message, for the demo assistant."""
    thread = {"messages": [{"role": "user", "content": text}]}
    return {"assistant_id": "asst_demo", "thread": thread, **fields}


def names(events: list[tuple[str, Any]]) -> list[str]:
    """The event names, without `thread.`, and with a run of deltas as one."""
    found: list[str] = []
    for name, _ in events:
        short = name.removeprefix("thread.")
        if not (short.endswith("delta") and found and found[-1] == short):
            found.append(short)
    return found
