"""Handlers for runs: create, read, update, list and cancel."""

from collections.abc import Mapping

from openai_cli.engine import refusals, serialize
from openai_cli.engine.handlers import (
    EngineRequest,
    StartedRun,
    lookup,
    messages,
    pagination,
    threads,
)
from openai_cli.engine.ids import new_id
from openai_cli.engine.models import Model
from openai_cli.engine.models.hosted_tools import dropped_names, without_tools
from openai_cli.engine.runs import effective_settings, lifecycle, prompt_builder, stream_events
from openai_cli.engine.store import RunRecord, ThreadRecord, Transaction
from openai_cli.engine.strict_json import JsonObject


def create_with_thread(tx: Transaction, request: EngineRequest) -> StartedRun:
    """A new thread and a run on it."""
    body = request.body
    _check_assistant_id(body)
    thread, first = threads.begin(tx, body.get("thread") or {}, request.now, "thread")
    fields = {message.id: f"thread.messages[{index}]" for index, message in enumerate(first)}
    run, model = _start(tx, request, thread, fields, [])
    beginning = stream_events.of_created_run(run, thread)
    limit = request.models.max_tool_turns
    return StartedRun(run, model, bool(body.get("stream")), beginning, limit)


def create(tx: Transaction, request: EngineRequest) -> StartedRun:
    """Create a run on a thread without an active run."""
    _check_assistant_id(request.body)
    thread = lookup.thread(tx, request.ids["thread_id"])
    active = tx.runs.active(thread.id)
    if active is not None:
        raise refusals.run_on_locked_thread(thread.id, active.id)
    fields = {
        messages.append(tx, thread.id, one, request.now).id: f"additional_messages[{index}]"
        for index, one in enumerate(request.body.get("additional_messages") or [])
    }
    run, model = _start(tx, request, thread, fields, request.query["include"])
    beginning = stream_events.of_created_run(run)
    limit = request.models.max_tool_turns
    return StartedRun(run, model, bool(request.body.get("stream")), beginning, limit)


def retrieve(tx: Transaction, request: EngineRequest) -> JsonObject:
    """One run."""
    return serialize.run(lookup.run(tx, request.ids["thread_id"], request.ids["run_id"]))


def update(tx: Transaction, request: EngineRequest) -> JsonObject:
    """Change a run's metadata."""
    run = lookup.run(tx, request.ids["thread_id"], request.ids["run_id"])
    if "metadata" in request.body:
        run = tx.runs.update(run.id, metadata=request.body["metadata"] or {})
    return serialize.run(run)


def list_(tx: Transaction, request: EngineRequest) -> JsonObject:
    """A page of a thread's runs."""
    thread = lookup.thread(tx, request.ids["thread_id"])
    return pagination.page(tx.runs, "run", serialize.run, request.query, thread_id=thread.id)


def cancel(tx: Transaction, request: EngineRequest) -> JsonObject:
    """Request cancellation; the answer shows the run as `cancelling`."""
    run = lookup.run(tx, request.ids["thread_id"], request.ids["run_id"])
    cancelling = lifecycle.request_cancel(tx, run, request.now)
    if cancelling is None:
        raise refusals.cannot_cancel(run.status)
    return serialize.run(cancelling)


def _check_assistant_id(body: JsonObject) -> None:
    lookup.check_prefix("assistant_id", body["assistant_id"])


def _start(
    tx: Transaction,
    request: EngineRequest,
    thread: ThreadRecord,
    fields: Mapping[str, str],
    include: list[str],
) -> tuple[RunRecord, Model]:
    """Store a queued run, unless its model's backend does not support the request."""
    body = request.body
    effective_settings.refuse_vector_stores(body.get("tool_resources"), "tool_resources")
    # Runs that start at the same time with one assistant must not wait for each other.
    assistant = lookup.assistant(tx, body["assistant_id"], lock=False)
    name = body.get("model") or assistant.settings["model"]
    model = request.models.pick(name)
    run = RunRecord(
        id=new_id("run"),
        created_at=request.now,
        thread_id=thread.id,
        assistant_id=assistant.id,
        status="queued",
        model=name,
        settings=effective_settings.merge(assistant.settings, body, include),
        metadata=body.get("metadata") or {},
        expires_at=request.now + lifecycle.LIFETIME,
        owner=request.new_owner(),
        heartbeat_at=request.now,
    )
    tx.runs.insert(run)
    unsupported = list(model.refuse(prompt_builder.prepare_to_refuse(tx, run, fields)))
    drops = request.models.drops_unsupported_tools
    for found in unsupported:
        if not (drops and found.of_hosted_tools):
            raise refusals.unsupported(found.field, found.value, found.lack, model.backend)
    if unsupported:
        run = tx.runs.update(run.id, settings=without_tools(run.settings, unsupported))
        names = dropped_names(unsupported)
        request.models.warn(f"{run.id} omits {names}: not supported by the {model.backend} backend")
    return run, model
