"""Assistants."""

from openai_cli.local import objects
from openai_cli.local.errors import ApiError
from openai_cli.local.ids import new_id
from openai_cli.local.jsontext import JsonObject
from openai_cli.local.operations import Request, lists, lookup
from openai_cli.local.runs.settings import refuse_vector_stores
from openai_cli.local.store import Assistant, Transaction
from openai_cli.local.validation import queries


def create(tx: Transaction, request: Request) -> JsonObject:
    """A new assistant; under the `id` it had elsewhere, if the request gives one."""
    settings = {name: value for name, value in request.body.items() if name != "id"}
    refuse_vector_stores(settings.get("tool_resources"), "tool_resources")
    assistant_id = request.body.get("id") or new_id("asst")
    lookup.check_prefix("id", assistant_id)
    if tx.assistants.trace(assistant_id) is not None:
        raise ApiError(
            f"Invalid 'id': an assistant with id '{assistant_id}' exists or existed already.",
            param="id",
            code="invalid_value",
        )
    assistant = Assistant(assistant_id, request.now, settings)
    tx.assistants.insert(assistant)
    return objects.assistant(assistant)


def retrieve(tx: Transaction, request: Request) -> JsonObject:
    """One assistant."""
    return objects.assistant(lookup.assistant(tx, request.ids["assistant_id"]))


def update(tx: Transaction, request: Request) -> JsonObject:
    """Change the settings that the request names; each as a whole, null back to its default."""
    found = lookup.assistant(tx, request.ids["assistant_id"])
    refuse_vector_stores(request.body.get("tool_resources"), "tool_resources")
    if request.body:
        found = tx.assistants.update(found.id, settings=found.settings | request.body)
    return objects.assistant(found)


def delete(tx: Transaction, request: Request) -> JsonObject:
    """Remove an assistant; runs that it has started keep its settings."""
    found = lookup.assistant(tx, request.ids["assistant_id"])
    tx.assistants.update(found.id, deleted_at=request.now)
    return objects.deleted("assistant", found.id)


def list_(tx: Transaction, request: Request) -> JsonObject:
    """A page of all assistants."""
    parameters = queries.known(request.query, queries.WINDOW)
    return lists.page(tx.assistants, "asst", objects.assistant, parameters)
