"""Function calls: the run waits, outputs come in, the run goes on."""

from typing import Any

import pytest

from tests.engine.support import BOTH_DOORS, FUNCTION, Api, ask, names

pytestmark = BOTH_DOORS

CALLS = '!call look_up {"q": 1}\n!call look_up {"q": 2}'


def waiting(api: Api, text: str = CALLS, **fields: Any) -> tuple[str, dict[str, Any], list[str]]:
    """A run that waits: its path, the run, the ids of its calls."""
    run = api.run(text, tools=[FUNCTION], **fields)
    assert run["status"] == "requires_action"
    calls = run["required_action"]["submit_tool_outputs"]["tool_calls"]
    path = f"/threads/{run['thread_id']}/runs/{run['id']}"
    return path, run, [call["id"] for call in calls]


def outputs(*pairs: tuple[str, str]) -> dict[str, Any]:
    return {"tool_outputs": [{"tool_call_id": call, "output": output} for call, output in pairs]}


def test_submit_completes_the_run(api: Api) -> None:
    path, run, (first, second) = waiting(api)
    assert run["usage"] == {"prompt_tokens": 8, "completion_tokens": 4, "total_tokens": 12}
    assert api.get(path) == run
    done = api.post(f"{path}/submit_tool_outputs", outputs((second, "two"), (first, "one")))
    assert done["status"] == "completed"
    assert done["required_action"] is None
    assert done["usage"]["completion_tokens"] == 4 + 2
    assert api.texts(run["thread_id"])[-1] == "one\ntwo"
    steps = api.get(f"{path}/steps", order="asc")["data"]
    assert [step["type"] for step in steps] == ["tool_calls", "message_creation"]
    assert [call["function"]["output"] for call in steps[0]["step_details"]["tool_calls"]] == [
        "one",
        "two",
    ]
    assert api.get(f"{path}/steps/{steps[0]['id']}") == steps[0]


def test_submit_with_stream(api: Api) -> None:
    path, run, (first, second) = waiting(api)
    events = api.stream(f"{path}/submit_tool_outputs", outputs((first, "a"), (second, "b")))
    assert names(events) == [
        "run.step.completed",
        "run.queued",
        "run.in_progress",
        "run.step.created",
        "run.step.in_progress",
        "message.created",
        "message.in_progress",
        "message.delta",
        "message.completed",
        "run.step.completed",
        "run.completed",
        "done",
    ]
    old_step, queued = events[0][1], events[1][1]
    assert old_step["type"] == "tool_calls"
    assert old_step["completed_at"] is not None
    assert queued["usage"] is None
    assert queued["required_action"] is None
    assert queued["expires_at"] == run["expires_at"]


@pytest.mark.parametrize("kind", ["missing", "extra", "double", "none"])
def test_wrong_outputs_change_nothing(api: Api, kind: str) -> None:
    path, run, ids = waiting(api)
    given = {
        "missing": ids[1:],
        "extra": [*ids, "call_z"],
        "double": [ids[0], ids[0]],
        "none": [],
    }[kind]
    refusal = api.refused(
        "POST", f"{path}/submit_tool_outputs", outputs(*((one, "x") for one in given))
    )
    shown = [", ".join(f"'{one}'" for one in listed) for listed in (ids, given)]
    message = f"Expected tool outputs for call_ids [{shown[0]}], got [{shown[1]}]"
    assert refusal == (400, message, None, None)
    assert api.get(path) == run


def test_output_without_call_id(api: Api) -> None:
    path, run, _ = waiting(api)
    name = "tool_outputs[0].tool_call_id"
    assert api.refused(
        "POST", f"{path}/submit_tool_outputs", {"tool_outputs": [{"output": "x"}]}
    ) == (400, f"Missing required parameter: '{name}'.", name, "missing_required_parameter")
    assert api.get(path) == run


def test_outputs_for_a_run_that_does_not_wait(api: Api) -> None:
    run = api.run("done")
    path = f"/threads/{run['thread_id']}/runs/{run['id']}/submit_tool_outputs"
    message = 'Runs in status "completed" do not accept tool outputs.'
    assert api.refused("POST", path, outputs(("call_x", "x"))) == (400, message, None, None)


@pytest.mark.parametrize(
    ("choice", "name"),
    [({"type": "function", "function": {"name": "look_up"}}, "look_up"), ("required", "look_up")],
)
def test_a_forced_call_is_made_once(api: Api, choice: Any, name: str) -> None:
    path, run, (call,) = waiting(api, "Hello", tool_choice=choice)
    function = run["required_action"]["submit_tool_outputs"]["tool_calls"][0]["function"]
    assert function == {"name": name, "arguments": "{}"}
    done = api.post(f"{path}/submit_tool_outputs", outputs((call, "found")))
    assert done["status"] == "completed"
    assert done["tool_choice"] == choice
    assert api.texts(run["thread_id"]) == ["Hello", "found"]


def test_forbidden_calls_are_not_made(api: Api) -> None:
    run = api.run(f"Hello\n{CALLS}", tools=[FUNCTION], tool_choice="none")
    assert run["status"] == "completed"
    assert api.texts(run["thread_id"])[-1] == "Hello"


def test_output_may_be_left_out(api: Api) -> None:
    path, run, (call,) = waiting(api, "!call look_up not json")
    body = {"tool_outputs": [{"tool_call_id": call}]}
    assert api.post(f"{path}/submit_tool_outputs", body)["status"] == "completed"
    assert api.texts(run["thread_id"])[-1] == ""


def test_next_run_does_not_see_the_calls_of_the_last(api: Api) -> None:
    path, run, ids = waiting(api)
    api.post(f"{path}/submit_tool_outputs", outputs(*((one, "x") for one in ids)))
    thread = f"/threads/{run['thread_id']}"
    api.post(f"{thread}/messages", {"role": "user", "content": "And now?"})
    again = api.post(f"{thread}/runs", {"assistant_id": "asst_demo"})
    assert again["status"] == "completed"
    assert api.texts(run["thread_id"])[-1] == "And now?"


def test_refused_tool_choice(api: Api) -> None:
    named = {"type": "function", "function": {"name": "other"}}
    message = "Invalid 'tool_choice': 'other' is not among the tools of this run."
    body = ask("x", tools=[FUNCTION], tool_choice=named)
    assert api.refused("POST", "/threads/runs", body)[:2] == (400, message)
    message = "Invalid 'tool_choice': 'required' needs at least one tool."
    body = ask("x", tool_choice="required")
    assert api.refused("POST", "/threads/runs", body)[:2] == (400, message)


@pytest.mark.parametrize(
    "arguments", ['{"q":  1.50, "q": 2}', '{"a":"b"}', "[1,\t2]", "not json", '{"ü": "\\u00e9"}']
)
def test_arguments_are_passed_on_as_they_are(api: Api, arguments: str) -> None:
    path, run, (call,) = waiting(api, f"!call look_up {arguments}")
    (wanted,) = run["required_action"]["submit_tool_outputs"]["tool_calls"]
    assert wanted["function"]["arguments"] == arguments
    api.post(f"{path}/submit_tool_outputs", outputs((call, "done")))
    (step, *_) = api.get(f"{path}/steps", order="asc")["data"]
    assert step["step_details"]["tool_calls"][0]["function"]["arguments"] == arguments


def test_fail_after_the_outputs(api: Api) -> None:
    path, _, (call,) = waiting(api, "!call look_up\n!fail Out of paper.")
    failed = api.post(f"{path}/submit_tool_outputs", outputs((call, "found")))
    assert failed["status"] == "failed"
    assert failed["last_error"] == {"code": "server_error", "message": "Out of paper."}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("!repeat 2.5", "The directive '!repeat' needs a whole number from 0 to 100000."),
        ("!repeat 100001", "The directive '!repeat' needs a whole number from 0 to 100000."),
        ("!repeat", "The directive '!repeat' needs a whole number from 0 to 100000."),
        ("!slow soon", "The directive '!slow' needs a number from 0 to 86400."),
        ("!slow nan", "The directive '!slow' needs a number from 0 to 86400."),
        ("!call", "The directive '!call' needs a function name."),
    ],
)
def test_directives_that_cannot_be_obeyed(api: Api, line: str, message: str) -> None:
    run = api.run(f"Hello\n{line}")
    assert run["last_error"] == {"code": "invalid_prompt", "message": message}


@pytest.mark.parametrize("line", [" !fail", "!failure", "!Fail", "x !fail", "! fail", "!!fail"])
def test_lines_that_only_look_like_directives(api: Api, line: str) -> None:
    run = api.run(line)
    assert run["status"] == "completed"
    assert api.texts(run["thread_id"])[-1] == line


def test_only_the_last_user_message_directs(api: Api) -> None:
    said = [("user", "!fail"), ("user", "plain"), ("assistant", "!fail")]
    messages = [{"role": role, "content": text} for role, text in said]
    run = api.run("", thread={"messages": messages})
    assert run["status"] == "completed"
    assert api.texts(run["thread_id"])[-1] == "plain"


@pytest.mark.parametrize(("text", "words"), [("", 0), (" \n ", 0), ("a  b\n\nc", 3)])
def test_usage_counts_words(api: Api, text: str, words: int) -> None:
    usage = api.run(text, instructions="be brief")["usage"]
    wanted = {"prompt_tokens": words + 2, "completion_tokens": words, "total_tokens": 2 * words + 2}
    assert usage == wanted


def test_repeat(api: Api) -> None:
    run = api.run("a b\n!repeat 3")
    assert api.texts(run["thread_id"])[-1] == "a b\na b\na b"
    assert run["usage"]["completion_tokens"] == 6
