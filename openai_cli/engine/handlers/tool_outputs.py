"""Handler for tool outputs, which continue a waiting run."""

from collections.abc import Sequence

from openai_cli.engine import refusals
from openai_cli.engine.handlers import EngineRequest, StartedRun, lookup
from openai_cli.engine.refusals import RefusalError
from openai_cli.engine.runs import lifecycle, stream_events
from openai_cli.engine.store import RunRecord, StepRecord, Transaction
from openai_cli.engine.strict_json import JsonObject


def submit(tx: Transaction, request: EngineRequest) -> StartedRun:
    """Accept the outputs of all calls together, and queue the run again."""
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
        owner=request.new_owner(),
        heartbeat_at=request.now,
    )
    if queued is None:
        raise refusals.outputs_not_awaited(run.status)
    beginning = [stream_events.of_step("completed", step), stream_events.of_run("queued", queued)]
    limit = request.models.max_tool_turns
    return StartedRun(queued, model, bool(request.body.get("stream")), beginning, limit)


def _fill(tx: Transaction, run: RunRecord, outputs: Sequence[JsonObject], now: int) -> StepRecord:
    """Write the outputs into the waiting step, and complete it."""
    waiting = [step for step in tx.steps.all(run_id=run.id) if step.status == "in_progress"]
    if len(waiting) != 1:
        raise RefusalError("The run has no step that waits for tool outputs.", status=500)
    by_call = {output["tool_call_id"]: output.get("output", "") for output in outputs}
    calls = [
        call | {"function": call["function"] | {"output": by_call[call["id"]]}}
        for call in waiting[0].details["tool_calls"]
    ]
    details = {"type": "tool_calls", "tool_calls": calls}
    ended = lifecycle.step_end("completed", now)
    return tx.steps.update(waiting[0].id, **ended, details=details)
