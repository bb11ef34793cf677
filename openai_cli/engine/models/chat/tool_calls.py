"""Assembles function calls from pieces.

Index, id and name identify a call. Each may be missing, repeated in every piece, shared by all
calls, or new in every piece; `_continues` decides which call a piece belongs to.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from openai_cli.engine.ids import new_id
from openai_cli.engine.models.chat import provider_fields
from openai_cli.engine.models.model_events import (
    ItemKept,
    ModelEvent,
    ToolCallDelta,
    ToolCallStarted,
)
from openai_cli.engine.models.upstream.fields import text_of
from openai_cli.engine.strict_json import JsonObject, dumps


@dataclass
class _Call:
    """One call; pieces of its arguments wait until its name is known."""

    given_id: str
    index: Any
    name: str = ""
    call_id: str = ""
    pieces: list[str] = field(default_factory=list)
    fields: JsonObject = field(default_factory=dict)
    """Fields to send back with the call; see `provider_fields`."""
    chunk: int = 0
    """The number of the chunk with its last piece."""
    ids_vary: bool = False

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    @property
    def is_whole(self) -> bool:
        """Whether the arguments so far are a complete JSON object."""
        text = self.text.rstrip()
        if not text.endswith("}"):
            return False
        try:
            json.loads(text)
        except (ValueError, RecursionError):
            return False
        return True


@dataclass(frozen=True)
class _Piece:
    """One entry of `tool_calls`."""

    index: Any
    given_id: str
    name: str
    text: str


class ToolCallAssembler:
    """The function calls of one answer."""

    def __init__(self) -> None:
        self._calls: list[_Call] = []
        self._by_index: dict[int, _Call] = {}
        self._chunk = 0

    def __bool__(self) -> bool:
        return bool(self._calls)

    def kept(self) -> Iterator[ItemKept]:
        """The provider fields of the calls to store with the run."""
        for call in self._calls:
            if call.fields:
                yield provider_fields.kept_of_call(call.call_id, call.fields)

    @property
    def nameless(self) -> bool:
        """Whether a call arrived without a function name."""
        # A server that generates an id for each piece may end with an empty piece.
        missing = [call for call in self._calls if not call.name]
        return any(call.text.strip() for call in missing) or len(missing) == len(self._calls) > 0

    def take(self, entries: Sequence[JsonObject]) -> Iterator[ModelEvent]:
        """Take the `tool_calls` of one chunk."""
        self._chunk += 1
        for entry in entries:
            piece = _piece(entry)
            call = self._find(piece)
            repeated = call.given_id == piece.given_id != "" and piece.text == call.text
            yield from self._add(call, piece.name, "" if repeated and call.is_whole else piece.text)
            call.chunk = self._chunk
            provider_fields.take_of_call(call.fields, entry)

    def take_whole(self, entries: Sequence[JsonObject]) -> Iterator[ModelEvent]:
        """Take the `tool_calls` of a complete message: add what the pieces did not contain."""
        if not self._calls:
            yield from self.take(entries)
            return
        for place, entry in enumerate(entries):
            piece = _piece(entry)
            by_id = [
                one for one in self._calls if piece.given_id and one.given_id == piece.given_id
            ]
            if not by_id and place >= len(self._calls):
                yield from self.take([entry])
                continue
            call = by_id[0] if len(by_id) == 1 else self._calls[min(place, len(self._calls) - 1)]
            so_far = call.text
            rest = piece.text[len(so_far) :] if piece.text.startswith(so_far) else ""
            yield from self._add(call, piece.name, rest)
            provider_fields.take_of_call(call.fields, entry)

    def _add(self, call: _Call, name: str, text: str) -> Iterator[ModelEvent]:
        begins = bool(name and not call.name)
        if begins:
            call.name, call.call_id = name, self._free_id(call.given_id)
            yield ToolCallStarted(call.call_id, "function", name)
            if call.text:
                yield ToolCallDelta(call.call_id, call.text)
        if text:
            call.pieces.append(text)
            if call.name:
                yield ToolCallDelta(call.call_id, text)

    def _find(self, piece: _Piece) -> _Call:
        """The call that a piece belongs to, or a new one."""
        known = self._candidate(piece)
        if known is None or not self._continues(known, piece):
            known = _Call(piece.given_id, piece.index)
            self._calls.append(known)
        elif piece.given_id and not known.given_id:
            known.given_id = piece.given_id
        elif piece.given_id != known.given_id and piece.given_id:
            known.ids_vary = True
        if isinstance(piece.index, int):
            self._by_index[piece.index] = known
        return known

    def _candidate(self, piece: _Piece) -> _Call | None:
        """The one call that a piece may continue: by index, else by id, else the latest."""
        of_index = self._by_index.get(piece.index) if isinstance(piece.index, int) else None
        of_id = [call for call in self._calls if piece.given_id and call.given_id == piece.given_id]
        if of_index is not None:
            # One index for all calls: the id distinguishes them.
            return of_id[-1] if of_id and not piece.name else of_index
        if of_id:
            return of_id[-1]
        return self._calls[-1] if self._calls and not isinstance(piece.index, int) else None

    def _continues(self, known: _Call, piece: _Piece) -> bool:
        """Whether a piece continues a call; otherwise it begins another one."""
        other_id = bool(piece.given_id and known.given_id and piece.given_id != known.given_id)
        if not known.name:
            return not (other_id and known.chunk == self._chunk)
        if not piece.name:
            # A nameless piece can begin another call only after a complete call.
            return not (other_id and known.is_whole)
        if piece.name != known.name or known.chunk == self._chunk:
            return False  # a chunk has each call only once
        if piece.given_id and piece.given_id == known.given_id:
            return piece.index == known.index or not (known.is_whole and piece.text)
        # The same function without an id, or with a new one: another call, or another piece?
        if not known.is_whole:
            return True
        return not piece.text and (known.ids_vary or not piece.given_id)

    def _free_id(self, given_id: str) -> str:
        """The server's id, or a generated one if it is missing or already used."""
        taken = {call.call_id for call in self._calls}
        return given_id if given_id and given_id not in taken else new_id("call")


def _piece(entry: JsonObject) -> _Piece:
    function = entry.get("function")
    function = function if isinstance(function, dict) else {}
    arguments = function.get("arguments")
    text = dumps(arguments) if isinstance(arguments, dict | list) else text_of(arguments)
    return _Piece(entry.get("index"), text_of(entry.get("id")), text_of(function.get("name")), text)
