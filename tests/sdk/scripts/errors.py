"""Every refusal that the SDK can bring about, as the SDK raises it."""

from collections.abc import Callable
from typing import Any

import openai
from common import CALLS, DEMO, FUNCTION, KEY, URL, client, outputs_for, saying

api = client()
threads = api.beta.threads
GONE = "A" * 24
run = threads.create_and_run_poll(assistant_id=DEMO, thread=saying("Hi"))
thread = run.thread_id
other = threads.create().id


def raised(call: Callable[[], Any]) -> openai.APIStatusError:
    """The refusal that the call runs into."""
    try:
        answer = call()
    except openai.APIStatusError as error:
        return error
    raise AssertionError(f"not refused: {answer}")


def refused(
    call: Callable[[], Any],
    message: str,
    param: str | None = None,
    code: str | None = None,
    *,
    kind: type[openai.APIStatusError] = openai.BadRequestError,
) -> None:
    """Fail unless the call is refused in exactly these words."""
    error = raised(call)
    body: Any = error.body
    found = (type(error), body["message"], error.param, error.code, error.type)
    assert found == (kind, message, param, code, "invalid_request_error"), found
    assert (error.request_id or "").startswith("req_")
    assert message in str(error)


def missing(call: Callable[[], Any], what: str, name: str) -> None:
    refused(call, f"No {what} found with id '{name}'.", kind=openai.NotFoundError)


# Nothing there
messages, runs, steps = threads.messages, threads.runs, threads.runs.steps
lost = {prefix: f"{prefix}_{GONE}" for prefix in ("asst", "thread", "run", "msg", "step")}
missing(lambda: api.beta.assistants.retrieve(lost["asst"]), "assistant", lost["asst"])
missing(lambda: threads.create_and_run(assistant_id=lost["asst"]), "assistant", lost["asst"])
missing(lambda: threads.retrieve(lost["thread"]), "thread", lost["thread"])
missing(lambda: threads.delete(lost["thread"]), "thread", lost["thread"])
missing(lambda: runs.create(lost["thread"], assistant_id=DEMO), "thread", lost["thread"])
missing(lambda: runs.retrieve(lost["run"], thread_id=thread), "run", lost["run"])
missing(lambda: runs.retrieve(run.id, thread_id=other), "run", run.id)
missing(lambda: runs.cancel(lost["run"], thread_id=thread), "run", lost["run"])
missing(lambda: messages.retrieve(lost["msg"], thread_id=thread), "message", lost["msg"])
missing(
    lambda: steps.retrieve(lost["step"], thread_id=thread, run_id=run.id), "run step", lost["step"]
)
refused(
    lambda: api.get("/nowhere", cast_to=object),
    "Invalid URL (GET /nowhere)",
    kind=openai.NotFoundError,
)

# Ids of another kind
for name, prefix, call in (
    ("thread_id", "thread", lambda: threads.retrieve("undefined")),
    ("run_id", "run", lambda: runs.retrieve("undefined", thread_id=thread)),
    ("message_id", "msg", lambda: messages.retrieve("undefined", thread_id=thread)),
    ("step_id", "step", lambda: steps.retrieve("undefined", thread_id=thread, run_id=run.id)),
    ("assistant_id", "asst", lambda: api.beta.assistants.retrieve("undefined")),
    ("assistant_id", "asst", lambda: threads.create_and_run(assistant_id="undefined")),
):
    text = f"Invalid '{name}': 'undefined'. Expected an ID that begins with '{prefix}'."
    refused(call, text, name, "invalid_value")


def start(**fields: Any) -> Callable[[], Any]:
    return lambda: threads.create_and_run(assistant_id=DEMO, **fields)


# Bodies
refused(
    lambda: api.post("/threads/runs", body={}, cast_to=object),
    "Missing required parameter: 'assistant_id'.",
    "assistant_id",
    "missing_required_parameter",
)
refused(start(extra_body={"bogus": 1}), "Unknown parameter: 'bogus'.", "bogus", "unknown_parameter")
refused(
    start(temperature="hot"),
    "Invalid type for 'temperature': expected a number, but got a string instead.",
    "temperature",
    "invalid_type",
)
small, large = "below minimum value", "above maximum value"
for field, value, problem, expected, code in (
    ("temperature", 3, f"decimal {large}", "<= 2", "decimal_above_max_value"),
    ("top_p", -1, f"decimal {small}", ">= 0", "decimal_below_min_value"),
    ("max_prompt_tokens", 255, f"integer {small}", ">= 256", "integer_below_min_value"),
    ("max_completion_tokens", 1, f"integer {small}", ">= 256", "integer_below_min_value"),
):
    text = f"Invalid '{field}': {problem}. Expected a value {expected}, but got {value} instead."
    refused(start(**{field: value}), text, field, code)
refused(
    start(tools=[FUNCTION] * 21),
    "Invalid 'tools': array too long. Expected an array with maximum length 20, but got an array "
    "with length 21 instead.",
    "tools",
    "array_above_max_length",
)
too_much = raised(start(metadata={"k": "v" * 513}))
assert (too_much.status_code, too_much.code) == (400, "string_above_max_length"), too_much

# Lists
refused(
    lambda: messages.list(thread, limit=101),
    "Invalid 'limit': integer above maximum value. Expected a value <= 100, but got 101 instead.",
    "limit",
    "integer_above_max_value",
)
refused(
    lambda: messages.list(thread, limit=0),
    "Invalid 'limit': integer below minimum value. Expected a value >= 1, but got 0 instead.",
    "limit",
    "integer_below_min_value",
)
sideways: Any = "sideways"
refused(
    lambda: messages.list(thread, order=sideways),
    "Invalid value: 'sideways'. Supported values are: 'asc' and 'desc'.",
    "order",
    "invalid_value",
)
for cursor in ("after", "before"):
    refused(
        lambda cursor=cursor: messages.list(thread, **{cursor: f"msg_{GONE}"}),
        f"Invalid '{cursor}': no message with id 'msg_{GONE}' in this list.",
        cursor,
        "invalid_value",
    )

# What the model cannot carry; a stream is refused before it begins
for more in ({}, {"stream": True}):
    refused(
        start(tools=[{"type": "code_interpreter"}], **more),
        "'tools[0].type': 'code_interpreter' is not supported by the echo backend.",
        "tools[0].type",
        "unsupported_parameter",
    )

# States
waiting = threads.create_and_run_poll(assistant_id=DEMO, thread=saying(CALLS), tools=[FUNCTION])
place = {"thread_id": waiting.thread_id}
refused(
    lambda: runs.create(waiting.thread_id, assistant_id=DEMO),
    f"Thread {waiting.thread_id} already has an active run {waiting.id}.",
)
refused(
    lambda: messages.create(waiting.thread_id, role="user", content="Hi"),
    f"Can't add messages to {waiting.thread_id} while a run {waiting.id} is active.",
)
outputs = outputs_for(waiting)
first, second = (one["tool_call_id"] for one in outputs)
for given, got in (
    (outputs[1:], f"['{second}']"),
    ([*outputs, {"tool_call_id": "call_z", "output": ""}], f"['{first}', '{second}', 'call_z']"),
    ([outputs[0]] * 2, f"['{first}', '{first}']"),
):
    refused(
        lambda given=given: runs.submit_tool_outputs(waiting.id, tool_outputs=given, **place),
        f"Expected tool outputs for call_ids ['{first}', '{second}'], got {got}",
    )
refused(
    lambda: runs.submit_tool_outputs(waiting.id, tool_outputs=[{"output": "x"}], **place),
    "Missing required parameter: 'tool_outputs[0].tool_call_id'.",
    "tool_outputs[0].tool_call_id",
    "missing_required_parameter",
)
assert runs.retrieve(waiting.id, **place) == waiting
runs.cancel(waiting.id, **place)
refused(lambda: runs.cancel(waiting.id, **place), "Cannot cancel run with status 'cancelled'.")
refused(lambda: runs.cancel(run.id, thread_id=thread), "Cannot cancel run with status 'completed'.")
refused(
    lambda: runs.submit_tool_outputs(waiting.id, tool_outputs=outputs, **place),
    'Runs in status "cancelled" do not accept tool outputs.',
)

# Keys
for key, text in ((f"{KEY}x", "Incorrect API key provided."),):
    stranger = openai.OpenAI(base_url=URL, api_key=key)
    refused(
        lambda stranger=stranger: stranger.beta.threads.create(),
        text,
        None,
        "invalid_api_key",
        kind=openai.AuthenticationError,
    )
