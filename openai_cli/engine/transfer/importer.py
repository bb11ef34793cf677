"""Import: writes all objects of a text to the store in one transaction, or none."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from openai_cli.engine import refusals, serialize
from openai_cli.engine.ids import new_id
from openai_cli.engine.store import AssistantRecord, MessageRecord, Store, ThreadRecord, Transaction
from openai_cli.engine.strict_json import JsonObject
from openai_cli.engine.transfer.import_parser import ImportProblem, read_text
from openai_cli.engine.transfer.import_records import ImportRecord, Kind, read_item


class TransferError(Exception):
    """Nothing was imported; `problems` has the reasons, in the order of the text."""

    def __init__(self, problems: Sequence[ImportProblem]) -> None:
        super().__init__(f"{len(problems)} problems")
        self.problems = tuple(problems)


class ImportSummary(NamedTuple):
    """The result of an import: counts of objects by kind, and notes for the user."""

    new: Mapping[str, int]
    replaced: Mapping[str, int]
    unchanged: int
    notes: tuple[str, ...]
    left_out: tuple[ImportProblem, ...]
    """What was not imported, with the reasons, in the order of the text."""


def import_objects(
    store: Store, data: bytes, now: int, *, replace: bool = False, skip_invalid: bool = False
) -> ImportSummary:
    """Import all assistants, threads and messages of a JSON text, with their ids.

    An object that the store already has under the same id is kept if it is equal; otherwise it is
    refused, or replaced with `replace`. With `skip_invalid`, invalid objects are left out.

    Raises:
        TransferError: the text cannot be imported; the store is unchanged.
        StoreError: the store cannot be written.
    """
    text = read_text(data)
    records: list[ImportRecord] = []
    problems = list(text.problems)
    for item in text.items:
        for found in read_item(item):
            if isinstance(found, ImportProblem):
                problems.append(found)
            else:
                records.append(found)
    notes = [f"{place}: has_more is true, so the list is incomplete" for place in text.unfinished]
    with store.write() as tx:
        importer = _Importer(tx, now, replace=replace)
        importer.take(records)
        problems += importer.problems
        refused = [problem for problem in problems if problem.conflict or not skip_invalid]
        if refused:
            raise TransferError(sorted(refused, key=_line))
    return ImportSummary(
        new=importer.new,
        replaced=importer.replaced,
        unchanged=importer.unchanged,
        notes=(*notes, *importer.notes),
        left_out=tuple(sorted([*text.left_out, *problems], key=_line)),
    )


def _line(problem: ImportProblem) -> int:
    return int(problem.place.partition(":")[0].removeprefix("line "))


class _Importer:
    """One import, inside its transaction."""

    def __init__(self, tx: Transaction, now: int, *, replace: bool) -> None:
        self._tx = tx
        self._now = now
        self._replace = replace
        self.new: Counter[str] = Counter()
        self.replaced: Counter[str] = Counter()
        self.unchanged = 0
        self.notes: list[str] = []
        self.problems: list[ImportProblem] = []

    def take(self, records: Iterable[ImportRecord]) -> None:
        """Write assistants, then threads, then messages, which need their threads."""
        by_kind: dict[Kind, list[ImportRecord]] = {"assistant": [], "thread": [], "message": []}
        for record in self._distinct(records):
            # A message without a thread id: its thread has been refused.
            if record.kind != "message" or record.fields["thread_id"]:
                by_kind[record.kind].append(record)
        for record in by_kind["assistant"]:
            self._assistant(record)
        fresh = {record.id for record in by_kind["thread"] if self._thread(record)}
        for thread_id, messages in _by_thread(by_kind["message"]).items():
            self._messages(thread_id, _oldest_first(messages), fresh=thread_id in fresh)

    def _distinct(self, records: Iterable[ImportRecord]) -> Iterator[ImportRecord]:
        """Each id once; a repeated object must be equal to the first one."""
        first: dict[str, ImportRecord] = {}
        for record in records:
            before = first.setdefault(record.id, record) if record.id else record
            if before is record:
                yield record
            elif before.fields != record.fields:
                self._refuse(record, f"'{record.id}' is also at {before.place}, and differs")

    def _assistant(self, record: ImportRecord) -> None:
        wanted = AssistantRecord(record.id, **{"created_at": self._now, **record.fields})
        found = self._tx.assistants.get_even_deleted(record.id)
        if found is None:
            self._tx.assistants.insert(wanted)
            self.new["assistant"] += 1
        elif self._replaces(record, found.deleted_at, differs=_shown(found) != _shown(wanted)):
            self._tx.assistants.update(record.id, deleted_at=None, **record.fields)

    def _thread(self, record: ImportRecord) -> bool:
        """Whether the thread is new."""
        found = self._tx.threads.get_even_deleted(record.id)
        if found is None:
            self._insert_thread(record.id, record.fields)
        else:
            said = {name: record.fields[name] for name in ("metadata", "tool_resources")}
            if self._replaces(record, found.deleted_at, differs=_differs(found, said)):
                self._tx.threads.update(record.id, deleted_at=None, **record.fields)
        return found is None

    def _insert_thread(self, thread_id: str, fields: Mapping[str, Any]) -> None:
        whole = {"created_at": self._now, "metadata": {}, "tool_resources": {}, **fields}
        self._tx.threads.insert(ThreadRecord(thread_id, **whole))
        self.new["thread"] += 1

    def _messages(self, thread_id: str, records: Sequence[ImportRecord], *, fresh: bool) -> None:
        """Write the messages of one thread, which is created if it does not exist."""
        thread = self._tx.threads.get_even_deleted(thread_id)
        if thread is None:
            times = [record.fields.get("created_at", self._now) for record in records]
            self._insert_thread(thread_id, {"created_at": min(times)})
            self.notes.append(f"{records[0].place}: '{thread_id}' is created for its messages")
            thread, fresh = self._tx.threads.get_even_deleted(thread_id), True
        if thread is None or thread.deleted_at is not None:
            self._refuse(records[0], f"'{thread_id}' was deleted here", conflict=True)
            return
        active = self._tx.runs.active(thread_id)
        locked = refusals.message_on_locked_thread(thread_id, active.id).message if active else ""
        time = thread.created_at if fresh else self._tx.messages.time_of_next(thread_id, self._now)
        for record in records:
            time = record.fields.get("created_at", time)
            if record.id or fresh:
                self._message(record, time, locked)
            else:
                what = "a message without an id can only be imported with a new thread"
                self._refuse(record, what)

    def _message(self, record: ImportRecord, time: int, locked: str) -> None:
        """Write a message, unless its thread is locked; `locked` is the error message."""
        found = self._tx.messages.get_even_deleted(record.id) if record.id else None
        if found is not None and found.thread_id != record.fields["thread_id"]:
            self._refuse(record, f"'{record.id}' belongs to '{found.thread_id}' here")
        elif found is None and locked:
            self._refuse(record, locked)
        elif found is None:
            fields = {"created_at": time, **record.fields}
            if fields["status"] == "completed":
                fields.setdefault("completed_at", time)
            self._tx.messages.insert(MessageRecord(record.id or new_id("msg"), **fields))
            self.new["message"] += 1
        elif self._replaces(record, found.deleted_at, differs=_differs(found, record.fields)):
            if locked:
                self._refuse(record, locked)
                return
            self._tx.messages.update(record.id, deleted_at=None, **record.fields)

    def _replaces(self, record: ImportRecord, deleted_at: int | None, *, differs: bool) -> bool:
        """Whether to replace the stored record with this id."""
        if deleted_at is None and not differs:
            self.unchanged += 1
            return False
        if not self._replace:
            what = "already exists, and differs" if deleted_at is None else "was deleted here"
            self._refuse(record, f"'{record.id}' {what}", conflict=True)
            return False
        self.replaced[record.kind] += 1
        return True

    def _refuse(self, record: ImportRecord, message: str, *, conflict: bool = False) -> None:
        self.problems.append(ImportProblem(record.place, message, conflict))


def _by_thread(records: Iterable[ImportRecord]) -> dict[str, list[ImportRecord]]:
    found: dict[str, list[ImportRecord]] = {}
    for record in records:
        found.setdefault(record.fields["thread_id"], []).append(record)
    return found


def _oldest_first(records: Sequence[ImportRecord]) -> list[ImportRecord]:
    """Sorted by time; for equal times, in the order of the text.

    A text with the newest first, as the API lists messages, is reversed.
    """
    times = [record.fields.get("created_at") for record in records]
    known = [time for time in times if time is not None]
    if len(known) < len(times):
        return list(records)
    newest_first = known == sorted(known, reverse=True) and known[0] != known[-1]
    ordered = reversed(records) if newest_first else records
    return sorted(ordered, key=lambda record: int(record.fields["created_at"]))


def _shown(record: AssistantRecord) -> JsonObject:
    """The fields by which two assistants are compared."""
    effort = record.settings.get("reasoning_effort")
    return {**serialize.assistant(record), "created_at": None, "reasoning_effort": effort}


def _differs(record: ThreadRecord | MessageRecord, fields: Mapping[str, object]) -> bool:
    return any(getattr(record, name) != value for name, value in fields.items())
