"""Handlers for run steps."""

from openai_cli.engine import serialize
from openai_cli.engine.handlers import EngineRequest, lookup, pagination
from openai_cli.engine.store import StepRecord, Transaction
from openai_cli.engine.strict_json import JsonObject


def retrieve(tx: Transaction, request: EngineRequest) -> JsonObject:
    """One step."""
    ids = request.ids
    step = lookup.step(tx, ids["thread_id"], ids["run_id"], ids["step_id"])
    return serialize.step(step, request.query["include"])


def list_(tx: Transaction, request: EngineRequest) -> JsonObject:
    """A page of a run's steps."""
    run = lookup.run(tx, request.ids["thread_id"], request.ids["run_id"])

    def show(step: StepRecord) -> JsonObject:
        return serialize.step(step, request.query["include"])

    return pagination.page(tx.steps, "step", show, request.query, run_id=run.id)
