"""Every refusal: status, text, param and code, and that nothing was written."""

from typing import Any

import pytest

from openai_cli.engine.store import Store
from tests.engine.support import BOTH_DOORS, FUNCTION, Api, ask, cases
from tests.support.family import COMMANDS, Command

pytestmark = BOTH_DOORS
# The other refusals come before the store is asked.
both_databases = pytest.mark.both_databases

GONE = "A" * 24
USER = {"role": "user", "content": "Hi"}


def rows(api: Api) -> list[int]:
    store = Store(api.place)
    with store.read() as tx:
        tables = (tx.threads, tx.messages, tx.runs, tx.steps)
        counts = [len(table.all()) for table in tables]
    store.close()
    return counts


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (f"/assistants/asst_{GONE}", f"No assistant found with id 'asst_{GONE}'."),
        (f"/threads/thread_{GONE}", f"No thread found with id 'thread_{GONE}'."),
        (f"/threads/thread_{GONE}/messages", f"No thread found with id 'thread_{GONE}'."),
        (f"/threads/thread_{GONE}/runs", f"No thread found with id 'thread_{GONE}'."),
        (f"/threads/THREAD/runs/run_{GONE}", f"No run found with id 'run_{GONE}'."),
        (f"/threads/THREAD/runs/run_{GONE}/steps", f"No run found with id 'run_{GONE}'."),
        (f"/threads/THREAD/messages/msg_{GONE}", f"No message found with id 'msg_{GONE}'."),
        (
            f"/threads/THREAD/runs/RUN/steps/step_{GONE}",
            f"No run step found with id 'step_{GONE}'.",
        ),
    ],
)
def test_not_found(api: Api, path: str, message: str) -> None:
    run = api.run("x")
    path = path.replace("THREAD", run["thread_id"]).replace("RUN", run["id"])
    assert api.refused("GET", path) == (404, message, None, None)


@both_databases
def test_not_found_on_another_thread(api: Api) -> None:
    run, other = api.run("x"), api.run("y")
    thread = f"/threads/{other['thread_id']}"
    message = api.get(f"/threads/{run['thread_id']}/messages")["data"][0]
    step = api.get(f"/threads/{run['thread_id']}/runs/{run['id']}/steps")["data"][0]
    for path, text in (
        (f"{thread}/runs/{run['id']}", f"No run found with id '{run['id']}'."),
        (f"{thread}/messages/{message['id']}", f"No message found with id '{message['id']}'."),
        (
            f"{thread}/runs/{other['id']}/steps/{step['id']}",
            f"No run step found with id '{step['id']}'.",
        ),
    ):
        assert api.refused("GET", path) == (404, text, None, None)


@pytest.mark.parametrize(
    ("path", "param", "value", "prefix"),
    [
        ("/assistants/undefined", "assistant_id", "undefined", "asst"),
        ("/threads/undefined", "thread_id", "undefined", "thread"),
        ("/threads/run_x/messages", "thread_id", "run_x", "thread"),
        ("/threads/thread_x/runs/null", "run_id", "null", "run"),
        ("/threads/thread_x/messages/%20x", "message_id", " x", "msg"),
        ("/threads/thread_x/runs/run_x/steps/1", "step_id", "1", "step"),
        ("/threads/runs", "thread_id", "runs", "thread"),
    ],
)
def test_wrong_prefix(api: Api, path: str, param: str, value: str, prefix: str) -> None:
    message = f"Invalid '{param}': '{value}'. Expected an ID that begins with '{prefix}'."
    assert api.refused("GET", path) == (400, message, param, "invalid_value")


def test_unknown_url_and_method(api: Api) -> None:
    assert api.refused("GET", "/model") == (404, "Invalid URL (GET /model)", None, None)
    assert api.refused("PUT", "/threads", {})[:2] == (405, "Not allowed to PUT on /threads.")


@pytest.mark.parametrize(
    ("method", "path", "advice"),
    [
        ("POST", "/files", "--upstream-api responses"),
        ("GET", "/vector_stores/vs_1/files", "--upstream-api responses"),
        ("POST", "/chat/completions", "the models' server"),
        ("POST", "/responses", "the models' server"),
        ("POST", "/embeddings", "a server that supports this endpoint"),
    ],
)
def test_what_the_engine_does_not_have(api: Api, method: str, path: str, advice: str) -> None:
    status, message, *rest = api.refused(method, path, {} if method == "POST" else None)
    assert (status, rest) == (404, [None, None])
    assert message.startswith(f"Invalid URL ({method} {path}). This is the embedded engine of ")
    assert advice in message


@pytest.mark.parametrize(
    "content",
    [b"{", b"[1]", b"\xff", b'{"a": NaN}', b'{"a": 1e999}', b'{"a":"\\ud800"}', b"[" * 100_000],
)
def test_body_that_is_no_json_object(api: Api, content: bytes) -> None:
    response = api.client.post("/threads/runs", content=content)
    assert response.status_code == 400
    assert response.json()["error"]["message"].startswith("The body of the request ")


@pytest.mark.parametrize("case", cases("refused_runs"))
def test_refused_create_and_run(api: Api, case: dict[str, Any]) -> None:
    refusal = api.refused("POST", "/threads/runs", case["body"])
    assert refusal == (400, case["message"], case["param"], case["code"])
    assert rows(api) == [0, 0, 0, 0]


def image(role: str) -> dict[str, Any]:
    url = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    return {"messages": [{"role": role, "content": [url]}]}


ATTACHED = {**USER, "attachments": [{"file_id": "file-1", "tools": [{"type": "file_search"}]}]}
STORES = {"file_search": {"vector_stores": [{"file_ids": ["file-1"]}]}}


@pytest.mark.parametrize(
    ("fields", "field", "quoted"),
    [
        ({"tools": [{"type": "code_interpreter"}]}, "tools[0].type", ": 'code_interpreter'"),
        ({"tools": [FUNCTION, {"type": "file_search"}]}, "tools[1].type", ": 'file_search'"),
        ({"thread": {"messages": [ATTACHED]}}, "thread.messages[0].attachments", ""),
        ({"thread": image("assistant")}, "thread.messages[0].content[0].type", ": 'image_url'"),
    ],
)
def test_what_echo_cannot_carry(api: Api, fields: Any, field: str, quoted: str) -> None:
    message = f"'{field}'{quoted} is not supported by the echo backend."
    refusal = api.refused("POST", "/threads/runs", {"assistant_id": "asst_demo", **fields})
    assert refusal == (400, message, field, "unsupported_parameter")
    assert rows(api) == [0, 0, 0, 0]


@both_databases
def test_stored_messages_are_refused_too(api: Api) -> None:
    thread = api.post("/threads", {"messages": [USER, ATTACHED]})
    second = api.get(f"/threads/{thread['id']}/messages")["data"][0]
    field = f"message {second['id']}.attachments"
    refusal = api.refused("POST", f"/threads/{thread['id']}/runs", {"assistant_id": "asst_demo"})
    assert refusal[1:3] == (f"'{field}' is not supported by the echo backend.", field)


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/threads", {"tool_resources": STORES}, "tool_resources"),
        ("/threads/runs", ask("x", thread={"tool_resources": STORES}), "thread.tool_resources"),
        ("/assistants", {"model": "echo", "tool_resources": STORES}, "tool_resources"),
    ],
)
def test_vector_stores_are_not_made(api: Api, path: str, body: Any, field: str) -> None:
    field = f"{field}.file_search.vector_stores"
    message = f"'{field}' is not supported by the local engine."
    assert api.refused("POST", path, body) == (400, message, field, "unsupported_parameter")
    assert rows(api) == [0, 0, 0, 0]


@both_databases
def test_unknown_assistant_writes_nothing(api: Api) -> None:
    body = ask("x", assistant_id="asst_gone")
    message = "No assistant found with id 'asst_gone'."
    assert api.refused("POST", "/threads/runs", body) == (404, message, None, None)
    assert rows(api) == [0, 0, 0, 0]


@both_databases
def test_refusal_of_a_streamed_run_is_json(api: Api) -> None:
    response = api.ask("POST", "/threads/runs", ask("x", stream=True, assistant_id="asst_gone"))
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/json"


def test_assistant_bounds(api: Api) -> None:
    for name, most in (("name", 256), ("description", 512), ("instructions", 256_000)):
        assert api.post("/assistants", {"model": "echo", name: "x" * most})[name] == "x" * most
        refusal = api.refused("POST", "/assistants", {"model": "echo", name: "x" * (most + 1)})
        assert refusal[2:] == (name, "string_above_max_length")
    many = {"model": "echo", "tools": [FUNCTION] * 129}
    assert api.refused("POST", "/assistants", many)[2:] == ("tools", "array_above_max_length")
    assert api.refused("POST", "/assistants", {})[1] == "Missing required parameter: 'model'."


def test_body_where_none_belongs(api: Api) -> None:
    run = api.run("x")
    path = f"/threads/{run['thread_id']}/runs/{run['id']}/cancel"
    assert api.refused("POST", path, {"x": 1})[1] == "Unknown parameter: 'x'."


@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_an_unknown_query_parameter_is_refused_everywhere(api: Api, command: Command) -> None:
    """Before it is looked at what the path names, or at the body."""
    ids = {"assistant": "asst_x", "thread": "thread_x", "message": "msg_x", "run": "run_x"}
    names = {f"{kind}_id": name for kind, name in {**ids, "step": "step_x"}.items()}
    body = {"wrong": True} if command.method == "POST" else None
    refused = api.refused(command.method, f"{command.path.format(**names)}?strange=1", body)
    told = "Unknown parameter: 'strange'."
    assert refused == (400, told, "strange", "unknown_parameter")
