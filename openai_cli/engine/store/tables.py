"""The tables of the store, and the statements for a single table: portable SQL.

As in `record_table`, names in statements come from this package, and values are always bound.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from openai_cli.engine.lease import new_claim
from openai_cli.engine.store.database import Connection
from openai_cli.engine.store.record_table import PAGE_SIZE, RecordTable, Window
from openai_cli.engine.store.records import (
    ACTIVE,
    AssistantRecord,
    IdempotencyRecord,
    MessageRecord,
    RunRecord,
    StepRecord,
    ThreadRecord,
)


class Assistants(RecordTable[AssistantRecord]):
    """Assistants."""

    _name = "assistants"
    _record = AssistantRecord


class Threads(RecordTable[ThreadRecord]):
    """Threads."""

    _name = "threads"
    _record = ThreadRecord

    def ids_newest_first(self) -> list[str]:
        """The ids of all threads."""
        where = " AND ".join(self._alive)
        statement = f"SELECT id FROM threads WHERE {where} ORDER BY created_at DESC, seq DESC"  # noqa: S608
        return [row[0] for row in self._execute(statement, [])]


class Steps(RecordTable[StepRecord]):
    """Run steps."""

    _name = "steps"
    _record = StepRecord


class StaleCandidate(NamedTuple):
    """The fields of an active run that decide whether it is stale."""

    run_id: str
    expires_at: int
    owner: str | None
    heartbeat_at: int | None


class Backlog(NamedTuple):
    """The number of runs with a status, and the creation time of the oldest one."""

    status: str
    runs: int
    oldest: int


_IS_UNCLAIMED = "status = 'queued' AND owner IS NULL"
# Literals and not bound values, so that the planner can use the partial indexes.
_IS_ACTIVE = "status IN ({})".format(", ".join(f"'{status}'" for status in ACTIVE))
_HAS_FILES = "(replace(content, 'image_', '') <> content OR length(attachments) > 2)"


class Runs(RecordTable[RunRecord]):
    """Runs, which change status only by compare-and-set."""

    _name = "runs"
    _record = RunRecord

    def move(
        self, run_id: str, allowed: Sequence[str], *, owned_by: str | None = None, **changes: Any
    ) -> RunRecord | None:
        """Change a run if its status is one of `allowed` (and its owner is `owned_by`).

        Returns the changed run, or None if the condition does not hold.
        """
        conditions = [f"status IN ({', '.join('?' for _ in allowed)})"]
        values = list(allowed)
        if owned_by is not None:
            conditions.append("owner = ?")
            values.append(owned_by)
        return self._change(run_id, changes, conditions, values)

    def active(self, thread_id: str) -> RunRecord | None:
        """The run that locks this thread; its row is locked as in `get`."""
        found = self._select(["thread_id = ?", _IS_ACTIVE], [thread_id], self._connection.row_lock)
        return found[0] if found else None

    def stale_candidates(self, now: int, quiet_since: int, alive: str) -> list[StaleCandidate]:
        """Active runs that have expired, or that have had no heartbeat since `quiet_since`.

        Runs whose owner begins with `alive` are this process's own and need no heartbeat.
        """
        rows = self._execute(
            "SELECT id, expires_at, owner, heartbeat_at FROM runs "  # noqa: S608
            f"WHERE {_IS_ACTIVE} "
            "AND (expires_at <= ? "
            "OR (owner IS NOT NULL AND heartbeat_at <= ? AND substr(owner, 1, ?) <> ?))",
            [now, quiet_since, len(alive), alive],
        )
        return [StaleCandidate(*row) for row in rows]

    def claim(self, limit: int, now: int) -> list[RunRecord]:
        """Claim queued runs without an owner, oldest first; each gets a new owner.

        Runs that another transaction is claiming are skipped.
        """
        lock = f"{self._connection.row_lock} SKIP LOCKED"
        order = f"ORDER BY created_at, seq LIMIT ? {lock}"
        found = self._select([_IS_UNCLAIMED], [limit], order)
        return [self.update(run.id, owner=new_claim(), heartbeat_at=now) for run in found]

    def backlog(self) -> list[Backlog]:
        """The runs that have not ended, by status."""
        rows = self._execute(
            "SELECT status, count(*), min(created_at) FROM runs "  # noqa: S608
            f"WHERE {_IS_ACTIVE} GROUP BY status",
            [],
        )
        return [Backlog(*row) for row in rows]

    def many(self, run_ids: Sequence[str]) -> dict[str, RunRecord]:
        """The existing runs among these, by id."""
        marks = ", ".join("?" for _ in run_ids)
        return {run.id: run for run in self._select([f"id IN ({marks})"], run_ids)}

    def beat(self, run_id: str, owner: str, now: int) -> bool:
        """Record the owner's heartbeat; False if the run now has another owner."""
        conditions = ["id = ?", "owner = ?"]
        return self._update(conditions, [run_id, owner], {"heartbeat_at": now}).rowcount > 0


class Messages(RecordTable[MessageRecord]):
    """Messages; imported ones may be older than messages stored before them."""

    _name = "messages"
    _record = MessageRecord
    _order = ("created_at", "seq")

    def time_of_next(self, thread_id: str, now: int) -> int:
        """The time for the next message: `now`, but not before the last message's time.

        Lists are ordered by time; if the clock was set back, an answer must still come last.
        """
        (last,) = self._execute(
            "SELECT max(created_at) FROM messages WHERE thread_id = ? AND deleted_at IS NULL",
            [thread_id],
        ).fetchone()
        return now if last is None else max(now, self._value("created_at", last))

    def newest_first(self, thread_id: str, page_size: int = PAGE_SIZE) -> Iterator[MessageRecord]:
        """The messages of a thread, newest first; pages are read on demand."""
        page = self.page(Window(page_size), thread_id=thread_id)
        yield from page.items
        while page.has_more:
            page = self.page(Window(page_size, after=page.items[-1].id), thread_id=thread_id)
            yield from page.items

    def with_files(self, thread_id: str) -> list[MessageRecord]:
        """The messages of a thread with attachments or images, oldest first.

        Uses a partial index. Images are recognized by a word in the JSON, so a message whose text
        contains this word is also returned.
        """
        conditions, values = self._where({"thread_id": thread_id})
        return self._select([*conditions, _HAS_FILES], values, f"ORDER BY {', '.join(self._order)}")


class IdempotencyRecords(RecordTable[IdempotencyRecord]):
    """Stored answers, for repeated requests with the same key."""

    _name = "first_answers"
    _record = IdempotencyRecord

    def forget_before(self, time: int) -> None:
        """Delete answers older than `time`."""
        self._execute("DELETE FROM first_answers WHERE created_at < ?", [time])


STREAM_END = "event: done\ndata: [DONE]\n\n"
"""The last event of a stream."""


class Part(NamedTuple):
    """One stream of a run: the numbers of its first and its latest event."""

    first: int
    last: int
    is_over: bool


class Events:
    """The events of streamed runs; only a shared store has them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def append(self, run_id: str, last: int, frames: Sequence[str]) -> None:
        """Add events after number `last`."""
        for number, frame in enumerate(frames, last + 1):
            self._connection.execute(
                "INSERT INTO events (run_id, number, frame) VALUES (?, ?, ?)",
                [run_id, number, frame],
            )

    def last(self, run_id: str) -> int:
        """The number of the run's last event; 0 if there are none."""
        (found,) = self._connection.execute(
            "SELECT max(number) FROM events WHERE run_id = ?", [run_id]
        ).fetchone()
        return found or 0

    def last_part(self, run_id: str) -> Part | None:
        """The current or latest stream of a run; None if there are no events.

        A run that waits for tool outputs ends a stream, and continues in another one.
        """
        rows = self._connection.execute(
            "SELECT number FROM events WHERE run_id = ? AND frame = ? ORDER BY number DESC LIMIT 2",
            [run_id, STREAM_END],
        )
        ends = [row[0] for row in rows]
        last = self.last(run_id)
        if not last:
            return None
        is_over = ends[:1] == [last]
        before = ends[is_over : is_over + 1] or [0]
        return Part(before[0] + 1, last, is_over)

    def after(self, run_id: str, number: int, limit: int) -> list[tuple[int, str]]:
        """The events of a run after this number."""
        rows = self._connection.execute(
            "SELECT number, frame FROM events WHERE run_id = ? AND number > ? "
            "ORDER BY number LIMIT ?",
            [run_id, number, limit],
        )
        return [(row[0], row[1]) for row in rows]

    def forget_before(self, time: int) -> None:
        """Delete events older than `time`."""
        self._connection.execute("DELETE FROM events WHERE created_at < ?", [time])
