"""Tool outputs: what a waiting run is given to go on."""

from collections.abc import Sequence

from openai_cli.local import refusals
from openai_cli.local.errors import ApiError
from openai_cli.local.jsontext import JsonObject
from openai_cli.local.operations import Request, Started, lookup
from openai_cli.local.runs import events, lifecycle
from openai_cli.local.store import Run, Step, Transaction


def submit(tx: Transaction, request: Request) -> Started:
    """Take the outputs of all calls at once, and queue the run again."""
    run = lookup.run(tx, request.ids["thread_id"], request.ids["run_id"])
    outputs: list[JsonObject] = request.body["tool_outputs"]
    if run.status != "requires_action" or run.required_action is None:
        raise refusals.outputs_not_awaited(run.status)
    calls = run.required_action["submit_tool_outputs"]["tool_calls"]
    expected = [call["id"] for call in calls]
    got = [output["tool_call_id"] for output in outputs]
    if sorted(expected) != sorted(got):
        raise refusals.wrong_outputs(expected, got)
    model = request.models.pick(run.model)
    step = _fill(tx, run, outputs, request.now)
    queued = tx.runs.move(
        run.id,
        ("requires_action",),
        status="queued",
        required_action=None,
        usage=None,
        owner=request.owner,
        heartbeat_at=request.now,
    )
    if queued is None:
        raise refusals.outputs_not_awaited(run.status)
    beginning = [events.of_step("completed", step), events.of_run("queued", queued)]
    return Started(queued, model, bool(request.body.get("stream")), beginning)


def _fill(tx: Transaction, run: Run, outputs: Sequence[JsonObject], now: int) -> Step:
    """Write the outputs into the step that waits for them, and complete it."""
    waiting = [step for step in tx.steps.all(run_id=run.id) if step.status == "in_progress"]
    if len(waiting) != 1:
        raise ApiError("The run has no step that waits for tool outputs.", status=500)
    by_call = {output["tool_call_id"]: output.get("output", "") for output in outputs}
    calls = [
        call | {"function": call["function"] | {"output": by_call[call["id"]]}}
        for call in waiting[0].details["tool_calls"]
    ]
    details = {"type": "tool_calls", "tool_calls": calls}
    return lifecycle.close_step(tx, waiting[0].id, "completed", now, details=details)
