"""The operations the tool offers, one declaration each."""

from __future__ import annotations

from openai_cli.api.operation import Operation

_MODELS = "openai_cli.api.models"
_LOCAL_RUN = "openai --local beta:threads create-and-run --assistant-id asst_demo"

RESOURCES = {
    "beta:assistants": "Assistants: a model with instructions and tools",
    "beta:threads": "Threads: conversations that runs work on",
    "beta:threads:runs": "Runs: an assistant at work on a thread",
    "beta:threads:runs:steps": "Steps: what a run did, one after another",
    "beta:threads:messages": "Messages of a thread",
}

OPERATIONS = (
    Operation(
        resource="beta:assistants",
        command="create",
        summary="Make an assistant",
        method="POST",
        path="/assistants",
        model=f"{_MODELS}.assistants:CreateAssistant",
        examples=("openai --local beta:assistants create --model echo --name Parrot",),
    ),
    Operation(
        resource="beta:assistants",
        command="retrieve",
        summary="Fetch an assistant",
        method="GET",
        path="/assistants/{assistant_id}",
        model=f"{_MODELS}.assistants:RetrieveAssistant",
        examples=("openai --local beta:assistants retrieve asst_demo",),
    ),
    Operation(
        resource="beta:assistants",
        command="update",
        summary="Change an assistant",
        method="POST",
        path="/assistants/{assistant_id}",
        model=f"{_MODELS}.assistants:UpdateAssistant",
        examples=("openai --local beta:assistants update asst_demo --metadata team=core",),
    ),
    Operation(
        resource="beta:assistants",
        command="list",
        summary="List the assistants",
        method="GET",
        path="/assistants",
        model=f"{_MODELS}.assistants:ListAssistants",
        pages=True,
        examples=("openai --local beta:assistants list --transform id -r",),
    ),
    Operation(
        resource="beta:assistants",
        command="delete",
        summary="Delete an assistant",
        method="DELETE",
        path="/assistants/{assistant_id}",
        model=f"{_MODELS}.assistants:RetrieveAssistant",
        examples=("openai beta:assistants delete asst_abc",),
    ),
    Operation(
        resource="beta:threads",
        command="create",
        summary="Make a thread",
        method="POST",
        path="/threads",
        model=f"{_MODELS}.threads:CreateThread",
        examples=('openai --local beta:threads create --message "Hello" --metadata team=core',),
    ),
    Operation(
        resource="beta:threads",
        command="retrieve",
        summary="Fetch a thread",
        method="GET",
        path="/threads/{thread_id}",
        model=f"{_MODELS}.threads:RetrieveThread",
        examples=("openai beta:threads retrieve thread_abc",),
    ),
    Operation(
        resource="beta:threads",
        command="update",
        summary="Change a thread",
        method="POST",
        path="/threads/{thread_id}",
        model=f"{_MODELS}.threads:UpdateThread",
        examples=("openai beta:threads update thread_abc --metadata team=core",),
    ),
    Operation(
        resource="beta:threads",
        command="delete",
        summary="Delete a thread",
        method="DELETE",
        path="/threads/{thread_id}",
        model=f"{_MODELS}.threads:RetrieveThread",
        examples=("openai beta:threads delete thread_abc",),
    ),
    Operation(
        resource="beta:threads",
        command="create-and-run",
        summary="Make a thread and run an assistant on it, in one request",
        method="POST",
        path="/threads/runs",
        model=f"{_MODELS}.threads:CreateThreadAndRun",
        streams=True,
        answers_run=True,
        continues_run=True,
        examples=(
            f'{_LOCAL_RUN} --message "Hello"',
            f'{_LOCAL_RUN} --message "Hello" --format text',
            f'{_LOCAL_RUN} --message "Hello" --stream --format jsonl',
        ),
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
        examples=("openai beta:threads:runs create thread_abc --assistant-id asst_abc --stream",),
    ),
    Operation(
        resource="beta:threads:runs",
        command="retrieve",
        summary="Fetch a run",
        method="GET",
        path="/threads/{thread_id}/runs/{run_id}",
        model=f"{_MODELS}.runs:RetrieveRun",
        answers_run=True,
        examples=(
            "openai beta:threads:runs retrieve thread_abc run_abc --wait",
            "openai beta:threads:runs retrieve thread_abc run_abc --transform status -r",
        ),
    ),
    Operation(
        resource="beta:threads:runs",
        command="update",
        summary="Change a run's metadata",
        method="POST",
        path="/threads/{thread_id}/runs/{run_id}",
        model=f"{_MODELS}.runs:UpdateRun",
        examples=("openai beta:threads:runs update thread_abc run_abc --metadata team=core",),
    ),
    Operation(
        resource="beta:threads:runs",
        command="list",
        summary="List the runs of a thread",
        method="GET",
        path="/threads/{thread_id}/runs",
        model=f"{_MODELS}.runs:ListRuns",
        pages=True,
        examples=("openai beta:threads:runs list thread_abc --order asc",),
    ),
    Operation(
        resource="beta:threads:runs",
        command="cancel",
        summary="Stop a run",
        method="POST",
        path="/threads/{thread_id}/runs/{run_id}/cancel",
        model=f"{_MODELS}.runs:RetrieveRun",
        bodiless=True,
        examples=("openai beta:threads:runs cancel thread_abc run_abc",),
    ),
    Operation(
        resource="beta:threads:runs",
        command="submit-tool-outputs",
        summary="Give a run the outputs it waits for",
        method="POST",
        path="/threads/{thread_id}/runs/{run_id}/submit_tool_outputs",
        model=f"{_MODELS}.runs:SubmitToolOutputs",
        streams=True,
        answers_run=True,
        continues_run=True,
        examples=(
            "openai beta:threads:runs submit-tool-outputs thread_abc run_abc "
            "--tool-output '{tool_call_id: call_abc, output: sunny}'",
        ),
    ),
    Operation(
        resource="beta:threads:runs:steps",
        command="retrieve",
        summary="Fetch a step of a run",
        method="GET",
        path="/threads/{thread_id}/runs/{run_id}/steps/{step_id}",
        model=f"{_MODELS}.runs:RetrieveStep",
        examples=("openai beta:threads:runs:steps retrieve thread_abc run_abc step_abc",),
    ),
    Operation(
        resource="beta:threads:runs:steps",
        command="list",
        summary="List the steps of a run",
        method="GET",
        path="/threads/{thread_id}/runs/{run_id}/steps",
        model=f"{_MODELS}.runs:ListSteps",
        pages=True,
        examples=("openai beta:threads:runs:steps list thread_abc run_abc",),
    ),
    Operation(
        resource="beta:threads:messages",
        command="create",
        summary="Add a message to a thread",
        method="POST",
        path="/threads/{thread_id}/messages",
        model=f"{_MODELS}.messages:CreateMessage",
        examples=('openai beta:threads:messages create thread_abc --role user --content "Hello"',),
    ),
    Operation(
        resource="beta:threads:messages",
        command="retrieve",
        summary="Fetch a message",
        method="GET",
        path="/threads/{thread_id}/messages/{message_id}",
        model=f"{_MODELS}.messages:RetrieveMessage",
        examples=("openai beta:threads:messages retrieve thread_abc msg_abc --format text",),
    ),
    Operation(
        resource="beta:threads:messages",
        command="update",
        summary="Change a message's metadata",
        method="POST",
        path="/threads/{thread_id}/messages/{message_id}",
        model=f"{_MODELS}.messages:UpdateMessage",
        examples=("openai beta:threads:messages update thread_abc msg_abc --metadata team=core",),
    ),
    Operation(
        resource="beta:threads:messages",
        command="list",
        summary="List the messages of a thread",
        method="GET",
        path="/threads/{thread_id}/messages",
        model=f"{_MODELS}.messages:ListMessages",
        pages=True,
        examples=("openai beta:threads:messages list thread_abc --order asc --format text",),
    ),
    Operation(
        resource="beta:threads:messages",
        command="delete",
        summary="Delete a message",
        method="DELETE",
        path="/threads/{thread_id}/messages/{message_id}",
        model=f"{_MODELS}.messages:RetrieveMessage",
        examples=("openai beta:threads:messages delete thread_abc msg_abc",),
    ),
)


def operation_named(name: str) -> Operation:
    """The operation typed as `name`, which is known to be one."""
    return next(operation for operation in OPERATIONS if operation.name == name)


def main_operation() -> Operation:
    """The one that the tool is there for first of all."""
    return operation_named("beta:threads create-and-run")


def find_operation(resource: str, command: str) -> Operation | None:
    """The operation typed as `resource command`, if there is one."""
    matches = (op for op in OPERATIONS if (op.resource, op.command) == (resource, command))
    return next(matches, None)


def commands_of(resource: str) -> dict[str, Operation]:
    """The commands of a resource by name, in declared order."""
    return {op.command: op for op in OPERATIONS if op.resource == resource}
