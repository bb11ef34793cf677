"""Matches events to output items, for servers that number and name items inconsistently.

Observed: one index for all items, no indexes or ids at all, new ids in each event, and a final
snapshot whose items have other ids, indexes and order than the streamed ones.
"""

from collections.abc import Iterator

from openai_cli.engine.models.responses.output_items import OutputItem
from openai_cli.engine.models.upstream.fields import text_of
from openai_cli.engine.strict_json import JsonObject


class ItemMatcher:
    """The output items of one answer, in the order in which they began."""

    def __init__(self) -> None:
        self.items: list[OutputItem] = []
        self._places: dict[int, OutputItem] = {}
        self._ids: dict[str, OutputItem] = {}

    def add(self, raw: JsonObject, event: JsonObject, kind: str = "") -> OutputItem:
        """Add an item: from the event's object, or with the kind of its first piece."""
        taken = {item.call_id for item in self.items if item.call_id}
        item = OutputItem(raw or ({"type": kind} if kind else {}), taken)
        self.items.append(item)
        self._remember(item, raw, event)
        return item

    def of_piece(self, event: JsonObject, kind: str) -> OutputItem | None:
        """The item of this kind that a piece belongs to, or None."""
        item_id, place = text_of(event.get("item_id")), event.get("output_index")
        found = self._ids.get(item_id)
        if found is None and isinstance(place, int):
            found = self._places.get(place)
            if found is None:
                return None
        if found is not None and found.type == kind:
            return found
        latest = [item for item in self.items if item.type == kind]
        nowhere = not item_id and not isinstance(place, int)
        return latest[-1] if latest and (nowhere or not latest[-1].closed) else None

    def of_item(self, raw: JsonObject, event: JsonObject, *, begins: bool) -> OutputItem | None:
        """The existing item that this event begins or ends, or None."""
        found = self._named(raw)
        if found is None:
            found = self._at_place(event)
            if found is None or found.type != _kind(raw) or _is_another(found, raw, begins=begins):
                return None
        self._remember(found, raw, event)
        return found

    def in_snapshot(
        self, output: list[JsonObject]
    ) -> Iterator[tuple[OutputItem | None, JsonObject]]:
        """Each item of the last snapshot, with the matching streamed item or None."""
        pairs = [(self._named(raw), raw) for raw in output]
        known = {id(item) for item, _ in pairs if item is not None}
        for found, raw in pairs:
            kind = _kind(raw)
            rest = (item for item in self.items if item.type == kind and id(item) not in known)
            item = found or next(rest, None)
            if item is not None:
                known.add(id(item))
            yield item, raw

    def _named(self, raw: JsonObject) -> OutputItem | None:
        """The item with the same id or the same call."""
        found = self._ids.get(text_of(raw.get("id")))
        return found if found is not None and found.type == _kind(raw) else self._of_call(raw)

    def _at_place(self, event: JsonObject) -> OutputItem | None:
        place = event.get("output_index")
        if isinstance(place, int):
            return self._places.get(place)
        return self.items[-1] if self.items else None

    def _of_call(self, raw: JsonObject) -> OutputItem | None:
        """The call with this id, if it calls the same function."""
        call_id, name = text_of(raw.get("call_id")), raw.get("name")
        same = (
            item
            for item in self.items
            if call_id and item.call_id == call_id and item.raw.get("name") in (name, None, "")
        )
        return next(same, None)

    def _remember(self, item: OutputItem, raw: JsonObject, event: JsonObject) -> None:
        place = event.get("output_index")
        if isinstance(place, int):
            self._places[place] = item
        for name in (text_of(raw.get("id")), text_of(event.get("item_id"))):
            if name:
                self._ids[name] = item


def _kind(raw: JsonObject) -> str:
    return text_of(raw.get("type")) or "message"


def _is_another(found: OutputItem, raw: JsonObject, *, begins: bool) -> bool:
    """Whether items at the same index differ; ids may change with each event."""
    if not raw.get("id") or not found.raw.get("id"):
        return False
    calls = (text_of(raw.get("call_id")), text_of(found.raw.get("call_id")))
    return begins or found.closed or (all(calls) and calls[0] != calls[1])
