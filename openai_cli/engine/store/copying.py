"""Copies a whole store into an empty one, between any two databases, and verifies the copy.

Rows are copied unchanged, including `seq`, so that lists and cursors stay valid.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

from openai_cli.engine.store import Store, Transaction, UnstorableTextError
from openai_cli.engine.store.record_table import RecordTable, StoredRow
from openai_cli.errors import StoreError

_BATCH = 200
"""Rows read or written by one statement."""
_DEMO = "asst_demo"
"""The assistant that every new store contains."""


def copy_store(source: Store, target: Store) -> dict[str, int]:
    """Copy all rows in one transaction; returns the number of rows by table.

    Raises:
        StoreError: the target is not empty, a store cannot be used, or the written rows differ
            when read back. The target is then unchanged.
    """
    with source.read() as read, target.write() as write:
        _clear(write, target)
        counts = {}
        for theirs, ours in zip(_tables(read), _tables(write), strict=True):
            counts[ours.name] = _copy_table(theirs, ours, source, target)
        return counts


def _tables(tx: Transaction) -> tuple[RecordTable[Any], ...]:
    """All tables, each after the tables that it references."""
    return (
        tx.assistants,
        tx.threads,
        tx.runs,
        tx.messages,
        tx.steps,
        tx.idempotency_records,
    )


def _clear(tx: Transaction, target: Store) -> None:
    """Remove the initial content of a new store. Raises StoreError if there is more."""
    for table in _tables(tx):
        rows = table.stored_after(0, 2)
        if rows and not (table is tx.assistants and len(rows) == 1 and rows[0][0] == _DEMO):
            raise StoreError(f"The store {target.place} is not empty: it has {table.name}.")
    tx.assistants.remove(_DEMO)


def _copy_table(
    theirs: RecordTable[Any], ours: RecordTable[Any], source: Store, target: Store
) -> int:
    written = _Tally()
    for rows in _portions(theirs):
        try:
            ours.store(rows)
        except UnstorableTextError as error:
            raise StoreError(
                f"The store {target.place} cannot hold the character U+0000, which is in a name or "
                f"an id of the {theirs.name} in {source.place}."
            ) from error
        written.add(rows)
    ours.advance_sequence()
    found = _Tally()
    for rows in _portions(ours):
        found.add(rows)
    if found.result() != written.result():
        raise StoreError(f"The {ours.name} written to the store {target.place} differ when read.")
    return found.count


def _portions(table: RecordTable[Any]) -> Iterator[list[StoredRow]]:
    """All rows in the order of insertion, in batches."""
    last = 0
    while rows := table.stored_after(last, _BATCH):
        yield rows
        last = rows[-1][-1]


class _Tally:
    """The number of rows, and a hash of their content."""

    def __init__(self) -> None:
        self.count = 0
        self._hash = hashlib.sha256()

    def add(self, rows: Sequence[StoredRow]) -> None:
        self.count += len(rows)
        for row in rows:
            self._hash.update(json.dumps(row).encode() + b"\n")

    def result(self) -> tuple[int, bytes]:
        return self.count, self._hash.digest()
