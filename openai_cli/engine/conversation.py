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
    """A place in the work on a thread: the run by the order of runs, and in it the step."""

    run: int
    step: float


class _Work(NamedTuple):
    """What a run did, besides its messages."""

    place: _Place
    time: int
    entry: StepRecord | RunRecord


class Conversation:
    """What there is to tell of a thread. Each call of `news` goes on where the last one ended.

    Times are whole seconds, and messages and steps are counted apart. So a message of a run has
    the place of the step that wrote it, and any other message comes before runs of its second.
    """

    def __init__(self, thread_id: str) -> None:
        self._thread_id = thread_id
        self._last_message: str | None = None
        self._last_run: str | None = None
        """The last run of which everything was told."""
        self._told: set[str] = set()
        """What was told of later runs."""

    def news(self, tx: Transaction, *, unfinished: bool) -> Iterator[Entry]:
        """What was not told yet, oldest first; what still changes only if `unfinished`."""
        work, places, ended = self._work(tx, unfinished=unfinished)
        for message in tx.messages.oldest_first(self._thread_id, self._last_message):
            place = places.get(message.id)
            while work and _comes_before(work[0], message, place):
                yield self._tell(work.popleft().entry)
            if message.status == "in_progress" and not unfinished:
                return
            self._last_message = message.id
            yield message
        while work:
            yield self._tell(work.popleft().entry)
        if ended:
            self._last_run = ended
            self._told.clear()

    def _work(
        self, tx: Transaction, *, unfinished: bool
    ) -> tuple[deque[_Work], dict[str, _Place], str | None]:
        """What runs did, the places of their messages, and the last run if all have ended."""
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
        return deque(one for one in found if _key(one.entry) not in self._told), places, ended

    def _tell(self, entry: StepRecord | RunRecord) -> Entry:
        self._told.add(_key(entry))
        return entry


def _key(entry: StepRecord | RunRecord) -> str:
    return f"{entry.id} {entry.status}" if isinstance(entry, RunRecord) else entry.id


def _comes_before(work: _Work, message: MessageRecord, place: _Place | None) -> bool:
    return work.place < place if place else work.time < message.created_at
