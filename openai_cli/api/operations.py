"""The operations of the tool, one declaration each."""

from __future__ import annotations

from openai_cli.api.operation import Operation

_MODELS = "openai_cli.api.models"

RESOURCES = {
    "beta:assistants": "Assistants: a model with instructions and tools",
    "beta:threads": "Threads: conversations",
    "beta:threads:runs": "Runs: executions of an assistant on a thread",
    "beta:threads:runs:steps": "Steps: the messages and tool calls of a run, in order",
    "beta:threads:messages": "Messages of a thread",
}

OPERATIONS = (
    Operation(
        resource="beta:assistants",
        command="create",
        summary="Create an assistant",
        method="POST",
        path="/assistants",
        model=f"{_MODELS}.assistants:CreateAssistant",
    ),
    Operation(
        resource="beta:assistants",
        command="retrieve",
        summary="Fetch an assistant",
        method="GET",
        path="/assistants/{assistant_id}",
        model=f"{_MODELS}.assistants:RetrieveAssistant",
    ),
    Operation(
        resource="beta:assistants",
        command="update",
        summary="Change an assistant",
        method="POST",
        path="/assistants/{assistant_id}",
        model=f"{_MODELS}.assistants:UpdateAssistant",
    ),
    Operation(
        resource="beta:assistants",
        command="list",
        summary="List the assistants",
        method="GET",
        path="/assistants",
        model=f"{_MODELS}.assistants:ListAssistants",
        pages=True,
    ),
    Operation(
        resource="beta:assistants",
        command="delete",
        summary="Delete an assistant",
        method="DELETE",
        path="/assistants/{assistant_id}",
        model=f"{_MODELS}.assistants:RetrieveAssistant",
    ),
    Operation(
        resource="beta:threads",
        command="create",
        summary="Create a thread",
        method="POST",
        path="/threads",
        model=f"{_MODELS}.threads:CreateThread",
    ),
    Operation(
        resource="beta:threads",
        command="retrieve",
        summary="Fetch a thread",
        method="GET",
        path="/threads/{thread_id}",
        model=f"{_MODELS}.threads:RetrieveThread",
    ),
    Operation(
        resource="beta:threads",
        command="update",
        summary="Change a thread",
        method="POST",
        path="/threads/{thread_id}",
        model=f"{_MODELS}.threads:UpdateThread",
    ),
    Operation(
        resource="beta:threads",
        command="delete",
        summary="Delete a thread",
        method="DELETE",
        path="/threads/{thread_id}",
        model=f"{_MODELS}.threads:RetrieveThread",
    ),
    Operation(
        resource="beta:threads",
        command="create-and-run",
        summary="Create a thread and run an assistant on it, in one request",
        method="POST",
        path="/threads/runs",
        model=f"{_MODELS}.threads:CreateThreadAndRun",
        streams=True,
        answers_run=True,
        continues_run=True,
        has_fallback=True,
        takes_lines=True,
    ),
    Operation(
        resource="beta:threads:runs",
        command="create",
        summary="Run an assistant on a thread",
        method="POST",
        path="/threads/{thread_id}/runs",
        model=f"{_MODELS}.runs:CreateRun",
        streams=True,
        answers_run=True,
        continues_run=True,
    ),
    Operation(
        resource="beta:threads:runs",
        command="retrieve",
        summary="Fetch a run",
        method="GET",
        path="/threads/{thread_id}/runs/{run_id}",
        model=f"{_MODELS}.runs:RetrieveRun",
        answers_run=True,
    ),
    Operation(
        resource="beta:threads:runs",
        command="update",
        summary="Change a run's metadata",
        method="POST",
        path="/threads/{thread_id}/runs/{run_id}",
        model=f"{_MODELS}.runs:UpdateRun",
    ),
    Operation(
        resource="beta:threads:runs",
        command="list",
        summary="List the runs of a thread",
        method="GET",
        path="/threads/{thread_id}/runs",
        model=f"{_MODELS}.runs:ListRuns",
        pages=True,
    ),
    Operation(
        resource="beta:threads:runs",
        command="cancel",
        summary="Cancel a run",
        method="POST",
        path="/threads/{thread_id}/runs/{run_id}/cancel",
        model=f"{_MODELS}.runs:RetrieveRun",
        bodiless=True,
    ),
    Operation(
        resource="beta:threads:runs",
        command="submit-tool-outputs",
        summary="Submit the tool outputs that a run waits for",
        method="POST",
        path="/threads/{thread_id}/runs/{run_id}/submit_tool_outputs",
        model=f"{_MODELS}.runs:SubmitToolOutputs",
        streams=True,
        answers_run=True,
        continues_run=True,
    ),
    Operation(
        resource="beta:threads:runs:steps",
        command="retrieve",
        summary="Fetch a step of a run",
        method="GET",
        path="/threads/{thread_id}/runs/{run_id}/steps/{step_id}",
        model=f"{_MODELS}.runs:RetrieveStep",
    ),
    Operation(
        resource="beta:threads:runs:steps",
        command="list",
        summary="List the steps of a run",
        method="GET",
        path="/threads/{thread_id}/runs/{run_id}/steps",
        model=f"{_MODELS}.runs:ListSteps",
        pages=True,
    ),
    Operation(
        resource="beta:threads:messages",
        command="create",
        summary="Add a message to a thread",
        method="POST",
        path="/threads/{thread_id}/messages",
        model=f"{_MODELS}.messages:CreateMessage",
    ),
    Operation(
        resource="beta:threads:messages",
        command="retrieve",
        summary="Fetch a message",
        method="GET",
        path="/threads/{thread_id}/messages/{message_id}",
        model=f"{_MODELS}.messages:RetrieveMessage",
    ),
    Operation(
        resource="beta:threads:messages",
        command="update",
        summary="Change a message's metadata",
        method="POST",
        path="/threads/{thread_id}/messages/{message_id}",
        model=f"{_MODELS}.messages:UpdateMessage",
    ),
    Operation(
        resource="beta:threads:messages",
        command="list",
        summary="List the messages of a thread",
        method="GET",
        path="/threads/{thread_id}/messages",
        model=f"{_MODELS}.messages:ListMessages",
        pages=True,
    ),
    Operation(
        resource="beta:threads:messages",
        command="delete",
        summary="Delete a message",
        method="DELETE",
        path="/threads/{thread_id}/messages/{message_id}",
        model=f"{_MODELS}.messages:RetrieveMessage",
    ),
)


def operation_named(name: str) -> Operation:
    """The operation with this name; it must exist."""
    return next(operation for operation in OPERATIONS if operation.name == name)


def main_operation() -> Operation:
    """The main operation of the tool."""
    return operation_named("beta:threads create-and-run")


def commands_of(resource: str) -> dict[str, Operation]:
    """The commands of a resource by name, in declared order."""
    return {op.command: op for op in OPERATIONS if op.resource == resource}
