"""Steps of a run."""

from openai_cli.local import objects
from openai_cli.local.jsontext import JsonObject
from openai_cli.local.operations import Request, lists, lookup
from openai_cli.local.store import Step, Transaction
from openai_cli.local.validation import queries


def retrieve(tx: Transaction, request: Request) -> JsonObject:
    """One step."""
    queries.known(request.query, queries.INCLUDE)
    include = queries.include(request.query)
    ids = request.ids
    step = lookup.step(tx, ids["thread_id"], ids["run_id"], ids["step_id"])
    return objects.step(step, include)


def list_(tx: Transaction, request: Request) -> JsonObject:
    """A page of a run's steps."""
    parameters = queries.known(request.query, (*queries.WINDOW, *queries.INCLUDE))
    include = queries.include(request.query)
    run = lookup.run(tx, request.ids["thread_id"], request.ids["run_id"])

    def show(step: Step) -> JsonObject:
        return objects.step(step, include)

    return lists.page(tx.steps, "step", show, parameters, run_id=run.id)
