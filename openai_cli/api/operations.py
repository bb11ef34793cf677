"""The operations the tool offers, one declaration each."""

from __future__ import annotations

from openai_cli.api.operation import Operation

_MODELS = "openai_cli.api.models"

RESOURCES = {
    "beta:threads": "Threads: conversations that runs work on",
    "beta:threads:runs": "Runs: an assistant at work on a thread",
}

OPERATIONS = (
    Operation(
        resource="beta:threads",
        command="create-and-run",
        summary="Make a thread and run an assistant on it, in one request",
        method="POST",
        path="/threads/runs",
        model=f"{_MODELS}.threads:CreateThreadAndRun",
        streams=True,
        continues_run=True,
        examples=(
            'openai --local beta:threads create-and-run --assistant-id asst_demo --message "Hello"',
            "openai --local beta:threads create-and-run --assistant-id asst_demo "
            '--message "Hello" --format text',
            "openai --local beta:threads create-and-run --assistant-id asst_demo "
            '--message "Hello" --stream --format jsonl',
        ),
    ),
    Operation(
        resource="beta:threads:runs",
        command="retrieve",
        summary="Fetch one run of a thread",
        method="GET",
        path="/threads/{thread_id}/runs/{run_id}",
        model=f"{_MODELS}.threads:RetrieveRun",
        examples=(
            "openai beta:threads:runs retrieve thread_abc run_abc",
            "openai beta:threads:runs retrieve --thread-id thread_abc --run-id run_abc "
            "--transform status -r",
        ),
    ),
)

RUN_MESSAGES = Operation(
    resource="beta:threads:messages",
    command="list",
    summary="List the messages of a thread",
    method="GET",
    path="/threads/{thread_id}/messages",
    model="openai_cli.api.base:RequestModel",
)
"""Where `--format text` finds the reply of a run that has ended."""


def find_operation(resource: str, command: str) -> Operation | None:
    """The operation typed as `resource command`, if there is one."""
    matches = (op for op in OPERATIONS if (op.resource, op.command) == (resource, command))
    return next(matches, None)


def commands_of(resource: str) -> dict[str, Operation]:
    """The commands of a resource by name, in declared order."""
    return {op.command: op for op in OPERATIONS if op.resource == resource}
