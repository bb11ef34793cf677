"""Reads a run as servers report it: ids, status, required function calls."""

from __future__ import annotations

from typing import Any, NamedTuple

from openai_cli.api.operation import Request, build_request, usable_id
from openai_cli.api.operations import operation_named
from openai_cli.api.statuses import WAITS_FOR_OUTPUTS

Run = dict[str, Any]

_IDS = ("id", "thread_id")


class RequiredCall(NamedTuple):
    """One function call that a run waits for; `arguments` is the model's JSON text."""

    id: str
    name: str
    arguments: str


def as_run(value: Any) -> Run | None:
    """The value if it is a run, else None; some servers leave out `object`."""
    if not (isinstance(value, dict) and "status" in value):
        return None
    return value if value.get("object", "thread.run") == "thread.run" else None


def with_ids_of(run: Run, earlier: Run) -> Run:
    """The run, with missing ids copied from an earlier answer about it."""
    missing = (key for key in _IDS if key in earlier and not usable_id(run.get(key)))
    return {**run, **{key: earlier[key] for key in missing}}


def has_ids(run: Run) -> bool:
    """Whether the run has the ids needed to fetch it."""
    return all(usable_id(run.get(key)) for key in _IDS)


def status_of(run: Run) -> str:
    """The status as text, whatever its type."""
    return str(run.get("status"))


def tool_calls(run: Run) -> list[RequiredCall]:
    """The calls that the run waits for, in the server's order; empty if it waits for none."""
    if status_of(run) != WAITS_FOR_OUTPUTS:
        return []
    action = run.get("required_action")
    outputs = action.get("submit_tool_outputs") if isinstance(action, dict) else None
    calls = outputs.get("tool_calls") if isinstance(outputs, dict) else None
    return [_call(c) for c in calls if isinstance(c, dict)] if isinstance(calls, list) else []


def _call(call: dict[str, Any]) -> RequiredCall:
    function = call.get("function")
    details = function if isinstance(function, dict) else {}
    arguments = details.get("arguments")
    return RequiredCall(
        id=_encodable(call.get("id", "")),
        name=_encodable(details.get("name", "")),
        arguments=arguments if isinstance(arguments, str) else "{}",
    )


def _encodable(value: object) -> str:
    """The value as text that UTF-8 can encode; lone surrogates from JSON are replaced."""
    return str(value).encode(errors="replace").decode()


def request_about(run: Run, command: str, **fields: Any) -> Request:
    """A request of `beta:threads:runs COMMAND` about this run."""
    operation = operation_named(f"beta:threads:runs {command}")
    return build_request(operation, {**_ids(run), **fields})


def request_for_messages(run: Run) -> Request:
    """The request for the run's messages, oldest first."""
    operation = operation_named("beta:threads:messages list")
    query = {"run_id": run["id"], "order": "asc", "limit": 100}
    return build_request(operation, {"thread_id": run["thread_id"], **query})


def _ids(run: Run) -> dict[str, Any]:
    return {"thread_id": run["thread_id"], "run_id": run["id"]}
