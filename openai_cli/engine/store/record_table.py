"""The table of one kind of record: portable SQL, derived from the record's fields.

Names in a statement come from the records and from this package (hence the `noqa: S608`); values
are always bound.
"""

from collections.abc import Iterable, Iterator, Sequence
from types import NoneType
from typing import Any, ClassVar, Generic, NamedTuple

from openai_cli.engine.store.database import Connection, Cursor, DamagedRowError
from openai_cli.engine.store.records import R, column_types, json_columns
from openai_cli.engine.strict_json import dumps, loads

PAGE_SIZE = 50
"""Rows of a thread that are read in one query."""


class Window(NamedTuple):
    """The part of a list that is requested; `after` and `before` are ids, both exclusive."""

    limit: int = 20
    descending: bool = True
    after: str | None = None
    before: str | None = None


class RecordPage(NamedTuple, Generic[R]):
    """One page of a list, in the requested order."""

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
    """The table of one kind of record.

    Deleted rows stay, because cursors may refer to them, but are never returned.
    """

    _name: ClassVar[str]
    _record: ClassVar[Any]
    _columns: ClassVar[tuple[str, ...]]
    _json: ClassVar[frozenset[str]]
    _types: ClassVar[dict[str, tuple[type, ...]]]
    _plain: ClassVar[tuple[set[type], ...]]
    """For each column, the types of values that are stored without conversion."""
    _order: ClassVar[tuple[str, ...]] = ("seq",)

    def __init_subclass__(cls) -> None:
        cls._columns = cls._record._fields
        cls._json = json_columns(cls._record)
        cls._types = column_types(cls._record)
        types = [{*cls._types[name]} for name in cls._columns]
        cls._plain = tuple(
            found & {NoneType} if name in cls._json else found
            for name, found in zip(cls._columns, types, strict=True)
        )

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._alive = ["deleted_at IS NULL"] if "deleted_at" in self._columns else []

    def insert(self, record: R, *, ignore_existing: bool = False) -> bool:
        """Insert a row; the store assigns `seq`.

        `ignore_existing`: do nothing, and return False, if the id exists.
        """
        values = {name: getattr(record, name) for name in self._columns if name != "seq"}
        marks = ", ".join("?" for _ in values)
        conflict = "ON CONFLICT (id) DO NOTHING" if ignore_existing else ""
        inserted = self._execute(
            f"INSERT INTO {self._name} ({', '.join(values)}) "  # noqa: S608
            f"VALUES ({marks}) {conflict}",
            self._encode(values),
        )
        return inserted.rowcount > 0

    def get(self, record_id: str, *, lock: bool = True, **scope: str) -> R | None:
        """The row with this id, if it is not deleted and in the scope (such as `thread_id=…`).

        A write transaction locks the row until its end, unless `lock` is false.
        """
        order = self._connection.row_lock if lock else ""
        found = self._select(*self._where({"id": record_id, **scope}), order)
        return found[0] if found else None

    def hold(self, record_id: str) -> None:
        """Lock the row until the end of a write transaction."""
        if self._connection.row_lock:
            self.get_even_deleted(record_id)

    def get_even_deleted(self, record_id: str) -> R | None:
        """The row with this id, even if it is deleted; locked as in `get`."""
        found = self._select(["id = ?"], [record_id], self._connection.row_lock)
        return found[0] if found else None

    def all(self, **scope: str) -> list[R]:
        """All rows in the scope that are not deleted, in the order of their creation."""
        return self._select(*self._where(scope), order=f"ORDER BY {', '.join(self._order)}")

    def count(self, **scope: str) -> int:
        """The number of rows in the scope that are not deleted."""
        conditions, values = self._where(scope)
        where = " AND ".join(conditions) or "1 = 1"
        statement = f"SELECT COUNT(*) FROM {self._name} WHERE {where}"  # noqa: S608
        return int(self._execute(statement, values).fetchone()[0])

    def newest(self, **scope: str) -> R | None:
        """The newest row in the scope that is not deleted; None if there is none."""
        found = self.page(Window(limit=1), **scope).items
        return found[0] if found else None

    def oldest_first(self, thread_id: str, after: str | None = None) -> Iterator[R]:
        """The rows of a thread, or those after row `after`; pages are read on demand."""
        has_more = True
        while has_more:
            window = Window(PAGE_SIZE, descending=False, after=after)
            items, has_more = self.page(window, thread_id=thread_id)
            yield from items
            after = items[-1].id if items else after

    def update(self, record_id: str, **changes: Any) -> R:
        """Change columns of one row, and return the changed row."""
        changed = self._change(record_id, changes)
        if changed is None:
            raise LookupError(record_id)
        return changed

    def page(self, window: Window, **scope: str) -> RecordPage[R]:
        """One page of the scope.

        Raises:
            UnknownCursorError: `after` or `before` is not a row of the scope, deleted or not.
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

    # Stored rows, for copies

    @property
    def name(self) -> str:
        """The name of the table."""
        return self._name

    def stored_after(self, seq: int, limit: int) -> list[StoredRow]:
        """The next rows in the order of insertion, including deleted rows."""
        rows = self._execute(
            f"SELECT {', '.join(self._columns)} FROM {self._name} "  # noqa: S608
            "WHERE seq > ? ORDER BY seq LIMIT ?",
            [seq, limit],
        )
        return [tuple(row) for row in rows]

    def store(self, rows: Sequence[StoredRow]) -> None:
        """Insert rows unchanged, as read from another store."""
        marks = f"({', '.join('?' for _ in self._columns)})"
        self._execute(
            f"INSERT INTO {self._name} ({', '.join(self._columns)}) "  # noqa: S608
            f"VALUES {', '.join(marks for _ in rows)}",
            [value for row in rows for value in row],
        )

    def advance_sequence(self) -> None:
        """Let the next `seq` follow those of the rows that were stored."""
        self._connection.advance_sequence(self._name)

    def remove(self, record_id: str) -> None:
        """Delete a row that nothing refers to."""
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

    def _change(
        self,
        record_id: str,
        changes: Any,
        conditions: Iterable[str] = (),
        values: Sequence[Any] = (),
    ) -> R | None:
        """Change a row and return it; None if it does not fulfil the conditions."""
        conditions, values = ["id = ?", *conditions], [record_id, *values]
        if not self._connection.has_returning:
            changed = self._update(conditions, values, changes).rowcount
            return self._select(["id = ?"], [record_id])[0] if changed else None
        found = self._update(conditions, values, changes, f"RETURNING {', '.join(self._columns)}")
        rows = [self._decode(row) for row in found]
        return rows[0] if rows else None

    def _update(
        self, conditions: Iterable[str], values: Sequence[Any], changes: Any, end: str = ""
    ) -> Cursor:
        assignments = ", ".join(f"{column} = ?" for column in changes)
        where = " AND ".join(conditions)
        statement = f"UPDATE {self._name} SET {assignments} WHERE {where} {end}"  # noqa: S608
        return self._execute(statement, [*self._encode(changes), *values])

    def _execute(self, statement: str, values: Sequence[Any]) -> Cursor:
        return self._connection.execute(statement, values)

    def _encode(self, values: dict[str, Any]) -> list[Any]:
        return [
            dumps(value) if name in self._json and value is not None else value
            for name, value in values.items()
        ]

    def _decode(self, row: Sequence[Any]) -> R:
        """The record of a row of all columns, in their order. Raises DamagedRowError."""
        record: R = self._record._make(
            [
                stored if type(stored) in plain else self._value(column, stored)
                for column, plain, stored in zip(self._columns, self._plain, row, strict=True)
            ]
        )
        return record

    def _value(self, column: str, stored: Any) -> Any:
        value = stored
        if column in self._json:
            try:
                value = loads(stored)
            except (ValueError, TypeError, RecursionError):
                value = ...
        if not isinstance(value, self._types[column]):
            raise DamagedRowError(f"the column {column} of {self._name} has an invalid value")
        return value
