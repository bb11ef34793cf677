"""Function calls that come in pieces, from servers that leave out or repeat this and that."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from openai_cli.engine.ids import new_id
from openai_cli.engine.models.model_events import ModelEvent, ToolCallDelta, ToolCallStarted
from openai_cli.engine.models.upstream.fields import text_of
from openai_cli.engine.strict_json import JsonObject, dumps


@dataclass
class _Call:
    """One call; pieces of its arguments wait until its name is known."""

    given_id: str
    call_id: str = ""
    waiting: list[str] = field(default_factory=list)


class ToolCallAssembler:
    """The function calls of one answer."""

    def __init__(self) -> None:
        self._calls: list[_Call] = []
        self._by_index: dict[int, _Call] = {}

    @property
    def nameless(self) -> bool:
        """Whether a call has come without the name of its function."""
        return any(not call.call_id for call in self._calls)

    def take(self, entry: JsonObject) -> Iterator[ModelEvent]:
        """Take one entry of `tool_calls`."""
        function = entry.get("function")
        function = function if isinstance(function, dict) else {}
        name, text = text_of(function.get("name")), _arguments(function.get("arguments"))
        call = self._find(entry.get("index"), text_of(entry.get("id")), name)
        if name and not call.call_id:
            call.call_id = self._free_id(call.given_id)
            yield ToolCallStarted(call.call_id, "function", name)
            waiting, call.waiting = call.waiting, []
            for piece in waiting:
                yield ToolCallDelta(call.call_id, piece)
        if text and call.call_id:
            yield ToolCallDelta(call.call_id, text)
        elif text:
            call.waiting.append(text)

    def _find(self, index: Any, given_id: str, name: str) -> _Call:
        """The call that an entry belongs to: by index, else by id, else the latest one."""
        if isinstance(index, int):
            known = self._by_index.get(index)
            # Some servers give every call the index 0; the id tells them apart.
            same = known is not None and (not given_id or known.given_id in ("", given_id))
        else:
            by_id = [call for call in self._calls if given_id and call.given_id == given_id]
            known = by_id[0] if by_id else (self._calls[-1] if self._calls else None)
            same = bool(by_id) or (known is not None and not given_id and not name)
        if known is None or not same:
            known = _Call(given_id)
            self._calls.append(known)
        elif given_id and not known.call_id:
            known.given_id = given_id
        if isinstance(index, int):
            self._by_index[index] = known
        return known

    def _free_id(self, given_id: str) -> str:
        """The server's id; one of ours if it gave none, or one that another call has."""
        taken = {call.call_id for call in self._calls}
        return given_id if given_id and given_id not in taken else new_id("call")


def _arguments(value: Any) -> str:
    return dumps(value) if isinstance(value, dict | list) else text_of(value)
