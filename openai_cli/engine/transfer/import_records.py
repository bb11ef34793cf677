"""Checks the objects of an import.

The objects are answers of the API: unset fields may be null, as SDKs print them, and limits for
requests are not checked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import ValidationError

from openai_cli.api.base import RequestModel
from openai_cli.api.check import Path, path_text
from openai_cli.api.models.assistants import AssistantSettings
from openai_cli.engine import refusals
from openai_cli.engine.handlers import messages
from openai_cli.engine.ids import PREFIXES
from openai_cli.engine.model_errors import describe, refusal_of
from openai_cli.engine.refusals import RefusalError
from openai_cli.engine.serialize import DEFAULTS
from openai_cli.engine.strict_json import JsonObject
from openai_cli.engine.transfer.import_models import (
    ImportedAssistant,
    ImportedMessage,
    ImportedThread,
    ThreadMessage,
)
from openai_cli.engine.transfer.import_parser import ImportItem, ImportProblem, is_page

Kind = Literal["assistant", "thread", "message"]

_KINDS: dict[str, Kind] = {
    "assistant": "assistant",
    "thread": "thread",
    "thread.message": "message",
}
"""Kinds by the objects' `object` field."""
_MODELS: dict[Kind, type[RequestModel]] = {
    "assistant": ImportedAssistant,
    "thread": ImportedThread,
    "message": ImportedMessage,
}


@dataclass(frozen=True)
class ImportRecord:
    """One object to import; `fields` are the columns to set."""

    kind: Kind
    place: str
    id: str
    fields: Mapping[str, Any]


def read_item(item: ImportItem) -> Iterator[ImportRecord | ImportProblem]:
    """The object, followed by its messages if it is a thread; or all its problems."""
    kind = _kind(item.value)
    if kind is None:
        message = "not an assistant, thread or message, judging by its object and id"
        yield ImportProblem(item.place, message)
        return
    yield from _read(kind, item, _MODELS[kind])
    if kind == "thread":
        yield from _read_messages(item)


def _kind(value: JsonObject) -> Kind | None:
    said = value.get("object")
    if said is not None:
        return _KINDS.get(said) if isinstance(said, str) else None
    found = str(value.get("id"))
    return next((kind for kind in _MODELS if found.startswith(f"{PREFIXES[kind]}_")), None)


def _read(
    kind: Kind, item: ImportItem, model: type[RequestModel], path: Path = ()
) -> Iterator[ImportRecord | ImportProblem]:
    # A null at the top level means that the field is not set.
    given = {name: found for name, found in item.value.items() if found is not None}
    wrong: list[RefusalError] = []
    value: JsonObject = {}
    try:
        checked = model.model_validate(given)
        value = checked.model_dump(by_alias=True, exclude_unset=True, exclude_none=True)
    except ValidationError as error:
        wrong += [refusal_of(detail, path) for detail in error.errors(include_url=False)]
    for name, found in given.items():
        if name not in model.model_fields and found not in ("", [], {}):
            wrong.append(refusals.unknown(path_text((*path, name))))
    for name, prefix in (("id", PREFIXES[kind]), ("thread_id", PREFIXES["thread"])):
        found = given.get(name) if name in model.model_fields else None
        if isinstance(found, str) and not found.startswith(prefix):
            wrong.append(refusals.wrong_prefix(path_text((*path, name)), found, prefix))
    if wrong:
        yield from (ImportProblem(item.place, refusal.message) for refusal in wrong)
    else:
        yield ImportRecord(kind, item.place, value.get("id", ""), _COLUMNS[kind](value))


def _read_messages(item: ImportItem) -> Iterator[ImportRecord | ImportProblem]:
    given = item.value.get("messages")
    if isinstance(given, dict) and is_page(given):
        given = given["data"]
    if given is not None and not isinstance(given, list):
        wrong = refusals.wrong_type("messages", "an array", describe(given))
        yield ImportProblem(item.place, wrong.message)
        return
    for index, message in enumerate(given or []):
        path = ("messages", index)
        if not isinstance(message, dict):
            wrong = refusals.wrong_type(path_text(path), "an object", describe(message))
            yield ImportProblem(item.place, wrong.message)
            continue
        said = message.get("thread_id") or item.value.get("id")
        if said != item.value.get("id"):
            yield ImportProblem(
                item.place, f"{path_text(path)}.thread_id: '{said}' is another thread"
            )
            continue
        whole = ImportItem(item.place, {**message, "thread_id": said})
        yield from _read("message", whole, ThreadMessage, path)


def _assistant(value: JsonObject) -> JsonObject:
    settings = {
        name: found
        for name, found in value.items()
        if name in (*AssistantSettings.model_fields, "model")
        and found not in ([], {})
        and found != DEFAULTS.get(name)
    }
    return {**_dated(value), "settings": settings}


def _thread(value: JsonObject) -> JsonObject:
    resources = value.get("tool_resources") or {}
    kept = {tool: found for tool, found in resources.items() if found}
    return {**_dated(value), "metadata": value.get("metadata") or {}, "tool_resources": kept}


def _message(value: JsonObject) -> JsonObject:
    details = value.get("incomplete_details")
    status = value.get("status") or ("incomplete" if details else "completed")
    columns = {
        **_dated(value),
        "thread_id": value.get("thread_id"),
        "role": value["role"],
        "status": status,
        "content": messages.content(value["content"]),
        "attachments": value.get("attachments") or [],
        "metadata": value.get("metadata") or {},
        "assistant_id": value.get("assistant_id"),
        "run_id": value.get("run_id"),
        "incomplete_reason": details["reason"] if details else None,
    }
    times = {name: value.get(name) for name in ("completed_at", "incomplete_at")}
    known = {name: int(time) for name, time in times.items() if time is not None}
    if status == "completed" and not known and "created_at" in columns:
        known = {"completed_at": columns["created_at"]}
    return {**columns, **known}


_COLUMNS = {"assistant": _assistant, "thread": _thread, "message": _message}


def _dated(value: JsonObject) -> JsonObject:
    created = value.get("created_at")
    return {} if created is None else {"created_at": int(created)}
