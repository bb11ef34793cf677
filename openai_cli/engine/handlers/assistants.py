"""Handlers for assistants."""

from openai_cli.engine import serialize
from openai_cli.engine.handlers import EngineRequest, lookup, pagination
from openai_cli.engine.ids import new_id
from openai_cli.engine.refusals import RefusalError
from openai_cli.engine.runs.effective_settings import refuse_vector_stores
from openai_cli.engine.store import AssistantRecord, Transaction
from openai_cli.engine.strict_json import JsonObject


def create(tx: Transaction, request: EngineRequest) -> JsonObject:
    """Create an assistant, with the request's `id` if it has one."""
    settings = {name: value for name, value in request.body.items() if name != "id"}
    refuse_vector_stores(settings.get("tool_resources"), "tool_resources")
    assistant_id = request.body.get("id") or new_id("asst")
    lookup.check_prefix("id", assistant_id, "assistant")
    if tx.assistants.get_even_deleted(assistant_id) is not None:
        raise RefusalError(
            f"Invalid 'id': an assistant with id '{assistant_id}' exists or existed already.",
            param="id",
            code="invalid_value",
        )
    assistant = AssistantRecord(assistant_id, request.now, settings)
    tx.assistants.insert(assistant)
    return serialize.assistant(assistant)


def retrieve(tx: Transaction, request: EngineRequest) -> JsonObject:
    """One assistant."""
    return serialize.assistant(lookup.assistant(tx, request.ids["assistant_id"]))


def update(tx: Transaction, request: EngineRequest) -> JsonObject:
    """Replace the settings that the request names; null resets one to its default."""
    found = lookup.assistant(tx, request.ids["assistant_id"])
    refuse_vector_stores(request.body.get("tool_resources"), "tool_resources")
    if request.body:
        found = tx.assistants.update(found.id, settings=found.settings | request.body)
    return serialize.assistant(found)


def delete(tx: Transaction, request: EngineRequest) -> JsonObject:
    """Delete an assistant; its runs keep their own copy of the settings."""
    found = lookup.assistant(tx, request.ids["assistant_id"])
    tx.assistants.update(found.id, deleted_at=request.now)
    return serialize.deleted("assistant", found.id)


def list_(tx: Transaction, request: EngineRequest) -> JsonObject:
    """A page of all assistants."""
    return pagination.page(tx.assistants, "assistant", serialize.assistant, request.query)
