"""A thread in the order of events: messages, tool calls, and runs that did not complete."""

import math
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from openai_cli.engine.store import ACTIVE, MessageRecord, RunRecord, StepRecord, Transaction

Entry = MessageRecord | StepRecord | RunRecord
"""A message, a step of tool calls, or a run that did not complete."""

_STILL_AT_WORK = ("queued", "in_progress", "cancelling")


class _Place(NamedTuple):
    """A position in a thread: the sequence numbers of the run and of its step."""

    run: int
    step: float


class _Work(NamedTuple):
    """A step of tool calls, or the end of a run that did not complete."""

    place: _Place
    time: int
    entry: StepRecord | RunRecord


class Conversation:
    """The entries of a thread, in order. Each call of `news` continues where the last one ended.

    Times are whole seconds, and messages and steps have separate sequence numbers. Therefore a
    message of a run is placed at the step that wrote it, and other messages come before the runs
    of the same second.
    """

    def __init__(self, thread_id: str) -> None:
        self._thread_id = thread_id
        self._last_message: str | None = None
        self._last_run: str | None = None
        """The last run whose entries have all been returned."""
        self._returned: set[str] = set()
        """Keys of the returned entries of later runs."""

    def news(self, tx: Transaction, *, unfinished: bool) -> Iterator[Entry]:
        """New entries, oldest first; entries that may still change only if `unfinished`."""
        work, places, ended = self._work(tx, unfinished=unfinished)
        for message in tx.messages.oldest_first(self._thread_id, self._last_message):
            place = places.get(message.id)
            while work and _comes_before(work[0], message, place):
                yield self._mark_returned(work.popleft().entry)
            if message.status == "in_progress" and not unfinished:
                return
            self._last_message = message.id
            yield message
        while work:
            yield self._mark_returned(work.popleft().entry)
        if ended:
            self._last_run = ended
            self._returned.clear()

    def _work(
        self, tx: Transaction, *, unfinished: bool
    ) -> tuple[deque[_Work], dict[str, _Place], str | None]:
        """Steps and ends of runs, the places of messages, and the last run if all have ended."""
        found: deque[_Work] = deque()
        places: dict[str, _Place] = {}
        ended = None
        for run in tx.runs.oldest_first(self._thread_id, self._last_run):
            for step in tx.steps.all(run_id=run.id):
                place = _Place(run.seq, step.seq)
                if step.type == "message_creation":
                    places[step.details["message_creation"]["message_id"]] = place
                elif unfinished or step.status != "in_progress":
                    found.append(_Work(place, run.created_at, step))
            if run.status != "completed" and (unfinished or run.status not in _STILL_AT_WORK):
                found.append(_Work(_Place(run.seq, math.inf), run.created_at, run))
            ended = run.id if run.status not in ACTIVE else None
        return deque(one for one in found if _key(one.entry) not in self._returned), places, ended

    def _mark_returned(self, entry: StepRecord | RunRecord) -> Entry:
        self._returned.add(_key(entry))
        return entry


def _key(entry: StepRecord | RunRecord) -> str:
    return f"{entry.id} {entry.status}" if isinstance(entry, RunRecord) else entry.id


def _comes_before(work: _Work, message: MessageRecord, place: _Place | None) -> bool:
    return work.place < place if place else work.time < message.created_at
