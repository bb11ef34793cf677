"""What may be moved in: assistants, threads and messages, checked field by field."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from openai_cli.engine import refusals
from openai_cli.engine.handlers import messages
from openai_cli.engine.strict_json import JsonObject
from openai_cli.engine.transfer.import_parser import ImportItem, ImportProblem, is_page
from openai_cli.engine.validation import bodies, checks
from openai_cli.engine.validation.checks import Check, array, either, nullable, record, tagged, text

Kind = Literal["assistant", "thread", "message"]

_PREFIXES: dict[Kind, str] = {"assistant": "asst", "thread": "thread", "message": "msg"}
_OBJECTS: dict[str, Kind] = {
    "assistant": "assistant",
    "thread": "thread",
    "thread.message": "message",
}
_DEFAULTS = {"temperature": 1, "top_p": 1, "response_format": "auto"}
"""What an assistant shows where nothing was set; it must not become a setting of its own."""
_LATEST = 10**11
"""A time beyond this is not in seconds."""


@dataclass(frozen=True)
class ImportRecord:
    """One object to be moved in; `fields` are the columns that it says something about."""

    kind: Kind
    place: str
    id: str
    fields: Mapping[str, Any]


def _time(value: Any, path: str) -> None:
    checks.number(0, _LATEST)(value, path)


_text_block: Check = either(
    "one of a string or an object",
    (str, text()),
    (dict, record({"value": text(), "annotations": array(record({}))}, ["value"])),
)
_content = either(
    "one of a string or array of objects",
    (str, text()),
    (
        list,
        array(
            tagged(
                {
                    "text": record({"text": _text_block}, ["text"]),
                    "refusal": record({"refusal": text()}, ["refusal"]),
                    "image_url": bodies.IMAGE_URL,
                    "image_file": bodies.IMAGE_FILE,
                }
            )
        ),
    ),
)
_common: dict[str, Check] = {
    "id": text(),
    "object": checks.anything,
    "created_at": nullable(_time),
    "metadata": checks.metadata,
}
_REASONS = ("content_filter", "max_tokens", "run_cancelled", "run_expired", "run_failed")
_FIELDS: dict[Kind, dict[str, Check]] = {
    "assistant": {
        **_common,
        **bodies.ASSISTANT_FIELDS,
        "tool_resources": bodies.TOOL_RESOURCES,
    },
    "thread": {
        **_common,
        "tool_resources": bodies.TOOL_RESOURCES,
        "messages": checks.anything,
    },
    "message": {
        **_common,
        "thread_id": nullable(text()),
        "role": checks.word("user", "assistant"),
        "content": _content,
        "attachments": nullable(array(bodies.ATTACHMENT)),
        "assistant_id": nullable(text()),
        "run_id": nullable(text()),
        "status": nullable(checks.word("completed", "incomplete")),
        "incomplete_details": nullable(record({"reason": checks.word(*_REASONS)}, ["reason"])),
        "completed_at": nullable(_time),
        "incomplete_at": nullable(_time),
    },
}
_REQUIRED: dict[Kind, tuple[str, ...]] = {
    "assistant": ("id", "model"),
    "thread": ("id",),
    "message": ("id", "thread_id", "role", "content"),
}


def read_item(item: ImportItem) -> Iterator[ImportRecord | ImportProblem]:
    """What an object holds, a thread's messages behind it; or everything wrong with it."""
    kind = _kind(item.value)
    if kind is None:
        message = "neither an assistant nor a thread nor a message, going by its object and id"
        yield ImportProblem(item.place, message)
        return
    yield from _read(kind, item, "", _REQUIRED[kind])
    if kind == "thread":
        yield from _read_messages(item)


def _kind(value: JsonObject) -> Kind | None:
    said = value.get("object")
    if said is not None:
        return _OBJECTS.get(said) if isinstance(said, str) else None
    found = str(value.get("id"))
    return next((kind for kind, start in _PREFIXES.items() if found.startswith(f"{start}_")), None)


def _read(
    kind: Kind, item: ImportItem, path: str, required: tuple[str, ...]
) -> Iterator[ImportRecord | ImportProblem]:
    wrong = list(checks.problems(item.value, _FIELDS[kind], required, path))
    prefix = f"{path}." if path else ""
    starts = {"id": _PREFIXES[kind], **({"thread_id": "thread"} if kind == "message" else {})}
    for field, start in starts.items():
        found = item.value.get(field)
        if isinstance(found, str) and not found.startswith(start):
            wrong.append(refusals.wrong_prefix(prefix + field, found, start).message)
    if wrong:
        yield from (ImportProblem(item.place, message) for message in wrong)
    else:
        columns = _COLUMNS[kind](item.value)
        yield ImportRecord(kind, item.place, item.value.get("id") or "", columns)


def _read_messages(item: ImportItem) -> Iterator[ImportRecord | ImportProblem]:
    given = item.value.get("messages")
    if isinstance(given, dict) and is_page(given):
        given = given["data"]
    if given is not None and not isinstance(given, list):
        wrong = refusals.wrong_type("messages", "an array", checks.describe(given))
        yield ImportProblem(item.place, wrong.message)
        return
    for index, message in enumerate(given or []):
        path = f"messages[{index}]"
        if not isinstance(message, dict):
            wrong = refusals.wrong_type(path, "an object", checks.describe(message))
            yield ImportProblem(item.place, wrong.message)
            continue
        said = message.get("thread_id") or item.value.get("id")
        if said != item.value.get("id"):
            yield ImportProblem(item.place, f"{path}.thread_id: '{said}' is another thread")
        whole = ImportItem(item.place, {**message, "thread_id": said})
        yield from _read("message", whole, path, ("role", "content"))


def _assistant(value: JsonObject) -> JsonObject:
    settings = {
        name: found
        for name, found in value.items()
        if name in _FIELDS["assistant"]
        and name not in ("id", "object", "created_at")
        and found not in (None, [], {})
        and found != _DEFAULTS.get(name)
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
        "thread_id": value["thread_id"],
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
    told = {name: int(time) for name, time in times.items() if time is not None}
    if status == "completed" and not told and "created_at" in columns:
        told = {"completed_at": columns["created_at"]}
    return {**columns, **told}


_COLUMNS = {"assistant": _assistant, "thread": _thread, "message": _message}


def _dated(value: JsonObject) -> JsonObject:
    created = value.get("created_at")
    return {} if created is None else {"created_at": int(created)}
