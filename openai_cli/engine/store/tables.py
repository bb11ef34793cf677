"""The statements of the store: portable SQL, derived from the records.

Names in a statement come from the records and from this package (hence the `noqa: S608`); values
are always bound.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar, Generic, NamedTuple

from openai_cli.engine.lease import new_claim
from openai_cli.engine.store.database import Connection, Cursor, DamagedRowError
from openai_cli.engine.store.records import (
    ACTIVE,
    AssistantRecord,
    IdempotencyRecord,
    MessageRecord,
    R,
    RunRecord,
    StepRecord,
    ThreadRecord,
    column_types,
    json_columns,
)
from openai_cli.engine.strict_json import dumps, loads

PAGE_SIZE = 50
"""Rows of a thread that are read at once."""


class Window(NamedTuple):
    """The part of a list that is requested; `after` and `before` are ids, both exclusive."""

    limit: int = 20
    descending: bool = True
    after: str | None = None
    before: str | None = None


class RecordPage(NamedTuple, Generic[R]):
    """One page of a list, in the order asked for."""

    items: list[R]
    has_more: bool


class UnknownCursorError(Exception):
    """The id given as `after` or `before` is not in the list."""

    def __init__(self, name: str, value: str) -> None:
        super().__init__(f"{name}={value}")
        self.name = name
        self.value = value


StoredRow = Sequence[Any]
"""The columns of a row in the order of its record's fields, JSON as text; `seq` is the last."""


class RecordTable(Generic[R]):
    """The table of one kind of record. Deleted rows stay, because cursors may point at them, but
    are never returned.
    """

    _name: ClassVar[str]
    _record: ClassVar[Any]
    _columns: ClassVar[tuple[str, ...]]
    _json: ClassVar[frozenset[str]]
    _types: ClassVar[dict[str, tuple[type, ...]]]
    _order: ClassVar[tuple[str, ...]] = ("seq",)

    def __init_subclass__(cls) -> None:
        cls._columns = cls._record._fields
        cls._json = json_columns(cls._record)
        cls._types = column_types(cls._record)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._alive = ["deleted_at IS NULL"] if "deleted_at" in self._columns else []

    def insert(self, record: R, *, unless_there: bool = False) -> None:
        """Insert a row; the store assigns `seq`. `unless_there`: one with its id is left alone."""
        values = {name: getattr(record, name) for name in self._columns if name != "seq"}
        marks = ", ".join("?" for _ in values)
        conflict = "ON CONFLICT (id) DO NOTHING" if unless_there else ""
        self._execute(
            f"INSERT INTO {self._name} ({', '.join(values)}) "  # noqa: S608
            f"VALUES ({marks}) {conflict}",
            self._encode(values),
        )

    def get(self, record_id: str, *, lock: bool = True, **scope: str) -> R | None:
        """The row with this id that is not deleted and in the scope (such as `thread_id=…`).

        In a write transaction nobody else can change it until the end, unless `lock` is false.
        """
        order = self._connection.row_lock if lock else ""
        found = self._select(*self._where({"id": record_id, **scope}), order)
        return found[0] if found else None

    def hold(self, record_id: str) -> None:
        """Keep others from changing the row until the end of a write transaction."""
        if self._connection.row_lock:
            self.get_even_deleted(record_id)

    def get_even_deleted(self, record_id: str) -> R | None:
        """The row with this id, even if it is deleted; locked as by `get`."""
        found = self._select(["id = ?"], [record_id], self._connection.row_lock)
        return found[0] if found else None

    def all(self, **scope: str) -> list[R]:
        """All living rows in the scope, in the order of their creation."""
        return self._select(*self._where(scope), order=f"ORDER BY {', '.join(self._order)}")

    def count(self, **scope: str) -> int:
        """The number of living rows in the scope."""
        conditions, values = self._where(scope)
        where = " AND ".join(conditions) or "1 = 1"
        statement = f"SELECT COUNT(*) FROM {self._name} WHERE {where}"  # noqa: S608
        return int(self._execute(statement, values).fetchone()[0])

    def newest(self, **scope: str) -> R | None:
        """The last living row of the scope by time; None if there is none."""
        found = self.page(Window(limit=1), **scope).items
        return found[0] if found else None

    def oldest_first(self, thread_id: str, after: str | None = None) -> Iterator[R]:
        """The rows of a thread, or those after this one, read page by page as they are taken."""
        has_more = True
        while has_more:
            window = Window(PAGE_SIZE, descending=False, after=after)
            items, has_more = self.page(window, thread_id=thread_id)
            yield from items
            after = items[-1].id if items else after

    def update(self, record_id: str, **changes: Any) -> R:
        """Change columns of one row and return the row as it is now."""
        self._update(["id = ?"], [record_id], changes)
        return self._select(["id = ?"], [record_id])[0]

    def page(self, window: Window, **scope: str) -> RecordPage[R]:
        """One page of the scope.

        Raises:
            UnknownCursorError: `after` or `before` names no row, living or deleted, of the scope.
        """
        conditions, values = self._where(scope)
        for name, cursor, towards_old in (
            ("after", window.after, window.descending),
            ("before", window.before, not window.descending),
        ):
            if cursor is not None:
                conditions.append(f"(created_at, seq) {'<' if towards_old else '>'} (?, ?)")
                values.extend(self._place(name, cursor, scope))
        backwards = window.before is not None and window.after is None
        descending = window.descending is not backwards
        direction = "DESC" if descending else "ASC"
        order = f"ORDER BY created_at {direction}, seq {direction} LIMIT ?"
        found = self._select(conditions, [*values, window.limit + 1], order)
        items = found[: window.limit]
        if backwards:
            items.reverse()
        return RecordPage(items, has_more=len(found) > window.limit)

    # Rows as they are stored, for copies

    @property
    def name(self) -> str:
        """The name of the table."""
        return self._name

    def stored_after(self, seq: int, limit: int) -> list[StoredRow]:
        """The rows that come next in the order of insertion, deleted or not."""
        rows = self._execute(
            f"SELECT {', '.join(self._columns)} FROM {self._name} "  # noqa: S608
            "WHERE seq > ? ORDER BY seq LIMIT ?",
            [seq, limit],
        )
        return [tuple(row) for row in rows]

    def store(self, rows: Sequence[StoredRow]) -> None:
        """Insert rows as another store has them."""
        marks = f"({', '.join('?' for _ in self._columns)})"
        self._execute(
            f"INSERT INTO {self._name} ({', '.join(self._columns)}) "  # noqa: S608
            f"VALUES {', '.join(marks for _ in rows)}",
            [value for row in rows for value in row],
        )

    def go_on_from_last(self) -> None:
        """Let the next row come after those that were stored with their `seq`."""
        self._connection.go_on_from_last(self._name)

    def remove(self, record_id: str) -> None:
        """Remove a row that nothing points at."""
        self._execute(f"DELETE FROM {self._name} WHERE id = ?", [record_id])  # noqa: S608

    # Statements

    def _place(self, name: str, cursor: str, scope: dict[str, str]) -> tuple[int, int]:
        conditions = ["id = ?", *(f"{column} = ?" for column in scope)]
        found = self._select(conditions, [cursor, *scope.values()])
        if not found:
            raise UnknownCursorError(name, cursor)
        return found[0].created_at, found[0].seq

    def _where(self, scope: dict[str, str]) -> tuple[list[str], list[Any]]:
        return [*(f"{column} = ?" for column in scope), *self._alive], list(scope.values())

    def _select(self, conditions: Iterable[str], values: Sequence[Any], order: str = "") -> list[R]:
        where = " AND ".join(conditions) or "1 = 1"
        rows = self._execute(
            f"SELECT {', '.join(self._columns)} FROM {self._name} "  # noqa: S608
            f"WHERE {where} {order}",
            values,
        )
        return [self._decode(row) for row in rows]

    def _update(self, conditions: Iterable[str], values: Sequence[Any], changes: Any) -> int:
        assignments = ", ".join(f"{column} = ?" for column in changes)
        where = " AND ".join(conditions)
        statement = f"UPDATE {self._name} SET {assignments} WHERE {where}"  # noqa: S608
        return self._execute(statement, [*self._encode(changes), *values]).rowcount

    def _execute(self, statement: str, values: Sequence[Any]) -> Cursor:
        return self._connection.execute(statement, values)

    def _encode(self, values: dict[str, Any]) -> list[Any]:
        return [
            dumps(value) if name in self._json and value is not None else value
            for name, value in values.items()
        ]

    def _decode(self, row: Sequence[Any]) -> R:
        """The record of a row of all columns, in their order."""
        record: R = self._record._make(map(self._value, self._columns, row))
        return record

    def _value(self, column: str, stored: Any) -> Any:
        """What a column holds. Raises DamagedRowError."""
        value = stored
        if column in self._json and stored is not None:
            try:
                value = loads(stored)
            except (ValueError, TypeError, RecursionError):
                value = ...
        if not isinstance(value, self._types[column]):
            raise DamagedRowError(f"the column {column} of {self._name} holds what cannot be read")
        return value


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
    """How many runs have a status, and when the oldest of them was created."""

    status: str
    runs: int
    oldest: int


_IS_UNCLAIMED = "status = 'queued' AND owner IS NULL"
# Spelt out, not bound: only then may the planner use the indexes of just these rows.
_IS_ACTIVE = "status IN ({})".format(", ".join(f"'{status}'" for status in ACTIVE))
_HAS_FILES = "(replace(content, 'image_', '') <> content OR length(attachments) > 2)"


class Runs(RecordTable[RunRecord]):
    """Runs, which change status only by compare-and-set."""

    _name = "runs"
    _record = RunRecord

    def move(
        self, run_id: str, allowed: Sequence[str], *, owned_by: str | None = None, **changes: Any
    ) -> RunRecord | None:
        """Change a run if its status is one of `allowed` (and it is owned by `owned_by`).

        Returns the run as it is now, or None if somebody else was faster.
        """
        conditions = ["id = ?", f"status IN ({', '.join('?' for _ in allowed)})"]
        values = [run_id, *allowed]
        if owned_by is not None:
            conditions.append("owner = ?")
            values.append(owned_by)
        if not self._update(conditions, values, changes):
            return None
        return self.get(run_id)

    def active(self, thread_id: str) -> RunRecord | None:
        """The run that locks this thread; it is locked as by `get`."""
        found = self._select(["thread_id = ?", _IS_ACTIVE], [thread_id], self._connection.row_lock)
        return found[0] if found else None

    def stale_candidates(self, now: int, quiet_since: int) -> list[StaleCandidate]:
        """Active runs that have expired, or whose process has been quiet since then."""
        rows = self._execute(
            "SELECT id, expires_at, owner, heartbeat_at FROM runs "  # noqa: S608
            f"WHERE {_IS_ACTIVE} "
            "AND (expires_at <= ? OR (owner IS NOT NULL AND heartbeat_at <= ?))",
            [now, quiet_since],
        )
        return [StaleCandidate(*row) for row in rows]

    def claim(self, limit: int, now: int) -> list[RunRecord]:
        """Take queued runs that nobody works on, oldest first; each gets a new owner.

        Those that another process is just taking are passed over.
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
        """Those of these runs that there are, by their ids."""
        marks = ", ".join("?" for _ in run_ids)
        return {run.id: run for run in self._select([f"id IN ({marks})"], run_ids)}

    def beat(self, run_id: str, owner: str, now: int) -> bool:
        """Record the owner's heartbeat; False if the run has another owner by now."""
        conditions = ["id = ?", "owner = ?"]
        return self._update(conditions, [run_id, owner], {"heartbeat_at": now}) > 0


class Messages(RecordTable[MessageRecord]):
    """Messages; imported ones may be older than messages stored before them."""

    _name = "messages"
    _record = MessageRecord
    _order = ("created_at", "seq")

    def time_of_next(self, thread_id: str, now: int) -> int:
        """Now, or the last message's time if the clock has been set back since.

        Lists are ordered by time first, and an answer must not come before its question.
        """
        (last,) = self._execute(
            "SELECT max(created_at) FROM messages WHERE thread_id = ? AND deleted_at IS NULL",
            [thread_id],
        ).fetchone()
        return now if last is None else max(now, self._value("created_at", last))

    def newest_first(self, thread_id: str, page_size: int = PAGE_SIZE) -> Iterator[MessageRecord]:
        """The messages of a thread from its end, read page by page as they are taken."""
        page = self.page(Window(page_size), thread_id=thread_id)
        yield from page.items
        while page.has_more:
            page = self.page(Window(page_size, after=page.items[-1].id), thread_id=thread_id)
            yield from page.items

    def with_files(self, thread_id: str) -> list[MessageRecord]:
        """The messages of a thread that hold attachments or images, oldest first.

        They have an index of their own; a message whose text contains the word that images are
        recognized by may be among those found.
        """
        conditions, values = self._where({"thread_id": thread_id})
        return self._select([*conditions, _HAS_FILES], values, f"ORDER BY {', '.join(self._order)}")


class IdempotencyRecords(RecordTable[IdempotencyRecord]):
    """Answers kept for repeats of a request."""

    _name = "first_answers"
    _record = IdempotencyRecord

    def forget_before(self, time: int) -> None:
        """Drop answers older than `time`."""
        self._execute("DELETE FROM first_answers WHERE created_at < ?", [time])


STREAM_END = "event: done\ndata: [DONE]\n\n"
"""The last event of a stream."""


class Part(NamedTuple):
    """One stream of a run: the numbers of its first event, and of its end if that is there."""

    first: int
    end: int | None


class Events:
    """The events of streamed runs, which only a shared store keeps."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def append(self, run_id: str, last: int, frames: Sequence[str]) -> None:
        """Add events behind the one with the number `last`."""
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
        """The stream of a run that is under way, or was last; None if there are no events.

        A run that waits for tool outputs ends a stream, and goes on in another.
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
        return Part(before[0] + 1, last if is_over else None)

    def after(self, run_id: str, number: int, limit: int) -> list[tuple[int, str]]:
        """The events of a run that follow the one with this number."""
        rows = self._connection.execute(
            "SELECT number, frame FROM events WHERE run_id = ? AND number > ? "
            "ORDER BY number LIMIT ?",
            [run_id, number, limit],
        )
        return [(row[0], row[1]) for row in rows]

    def forget_before(self, time: int) -> None:
        """Drop events older than `time`."""
        self._connection.execute("DELETE FROM events WHERE created_at < ?", [time])
