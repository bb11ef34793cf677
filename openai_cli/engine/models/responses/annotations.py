"""Converts annotations of the Responses API to the shape of the Assistants API."""

from typing import Any

from openai_cli.engine.strict_json import JsonObject


def translated(annotation: JsonObject, text: str) -> JsonObject | None:
    """The annotation, with offsets inside `text`; None for a kind without a counterpart.

    Citations name a position instead of a span, so their span is empty.
    """
    file_id = annotation.get("file_id")
    kind = annotation.get("type")
    if not isinstance(file_id, str):
        return None
    if kind == "file_citation":
        return _annotation("file_citation", file_id, text, annotation.get("index"), None)
    if kind == "file_path":
        return _annotation("file_path", file_id, text, annotation.get("index"), None)
    if kind == "container_file_citation":
        start, end = annotation.get("start_index"), annotation.get("end_index")
        return _annotation("file_path", file_id, text, start, end)
    return None


def _annotation(kind: str, file_id: str, text: str, start: Any, end: Any) -> JsonObject:
    first = _clipped(start, text, 0)
    last = max(first, _clipped(end, text, first))
    return {
        "type": kind,
        "text": text[first:last],
        "start_index": first,
        "end_index": last,
        kind: {"file_id": file_id},
    }


def _clipped(place: Any, text: str, default: int) -> int:
    return min(max(place, 0), len(text)) if isinstance(place, int) else default
