"""Import: all objects of a text are written to the store in one transaction, or none."""

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
    """What was not imported, and why, in the order of the text."""


def import_objects(
    store: Store, data: bytes, now: int, *, replace: bool = False, skip_invalid: bool = False
) -> ImportSummary:
    """Import all assistants, threads and messages of a JSON text, with their ids.

    An object that the store already has under the same id is kept if it is equal; otherwise it is
    refused, or replaced with `replace`. With `skip_invalid`, invalid objects are left out.

    Raises:
        TransferError: the text cannot be taken; the store is as it was.
        StoreError: the store cannot be written.
    """
    text = read_text(data)
    drafts: list[ImportRecord] = []
    problems = list(text.problems)
    for item in text.items:
        for found in read_item(item):
            if isinstance(found, ImportProblem):
                problems.append(found)
            else:
                drafts.append(found)
    notes = [
        f"{place}: has_more is true, so the list goes on elsewhere" for place in text.unfinished
    ]
    with store.write() as tx:
        loading = _Importer(tx, now, replace=replace)
        loading.take(drafts)
        problems += loading.problems
        refused = [problem for problem in problems if problem.conflict or not skip_invalid]
        if refused:
            raise TransferError(sorted(refused, key=_line))
    return ImportSummary(
        new=loading.new,
        replaced=loading.replaced,
        unchanged=loading.unchanged,
        notes=(*notes, *loading.notes),
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

    def take(self, drafts: Iterable[ImportRecord]) -> None:
        """Write assistants, then threads, then messages: each stands on what came before."""
        by_kind: dict[Kind, list[ImportRecord]] = {"assistant": [], "thread": [], "message": []}
        for draft in self._once(drafts):
            # A message in a thread without an id: the thread has been refused.
            if draft.kind != "message" or draft.fields["thread_id"]:
                by_kind[draft.kind].append(draft)
        for draft in by_kind["assistant"]:
            self._assistant(draft)
        fresh = {draft.id for draft in by_kind["thread"] if self._thread(draft)}
        for thread_id, messages in _by_thread(by_kind["message"]).items():
            self._messages(thread_id, _oldest_first(messages), fresh=thread_id in fresh)

    def _once(self, drafts: Iterable[ImportRecord]) -> Iterator[ImportRecord]:
        """Each id once; a second object under the same id must say the same."""
        first: dict[str, ImportRecord] = {}
        for draft in drafts:
            before = first.setdefault(draft.id, draft) if draft.id else draft
            if before is draft:
                yield draft
            elif before.fields != draft.fields:
                self._refuse(draft, f"'{draft.id}' is at {before.place} already, and differs")

    def _assistant(self, draft: ImportRecord) -> None:
        wanted = AssistantRecord(draft.id, **{"created_at": self._now, **draft.fields})
        found = self._tx.assistants.trace(draft.id)
        if found is None:
            self._tx.assistants.insert(wanted)
            self.new["assistant"] += 1
        elif self._replaces(draft, found.deleted_at, differs=_shown(found) != _shown(wanted)):
            self._tx.assistants.update(draft.id, deleted_at=None, **draft.fields)

    def _thread(self, draft: ImportRecord) -> bool:
        """Whether the thread is new."""
        found = self._tx.threads.trace(draft.id)
        if found is None:
            self._insert_thread(draft.id, draft.fields)
        else:
            said = {name: draft.fields[name] for name in ("metadata", "tool_resources")}
            if self._replaces(draft, found.deleted_at, differs=_says_else(found, said)):
                self._tx.threads.update(draft.id, deleted_at=None, **draft.fields)
        return found is None

    def _insert_thread(self, thread_id: str, fields: Mapping[str, Any]) -> None:
        whole = {"created_at": self._now, "metadata": {}, "tool_resources": {}, **fields}
        self._tx.threads.insert(ThreadRecord(thread_id, **whole))
        self.new["thread"] += 1

    def _messages(self, thread_id: str, drafts: Sequence[ImportRecord], *, fresh: bool) -> None:
        """The messages of one thread, which is made if there is none."""
        thread = self._tx.threads.trace(thread_id)
        if thread is None:
            times = [draft.fields.get("created_at", self._now) for draft in drafts]
            self._insert_thread(thread_id, {"created_at": min(times)})
            self.notes.append(f"{drafts[0].place}: '{thread_id}' is made, for its messages")
            thread, fresh = self._tx.threads.trace(thread_id), True
        if thread is None or thread.deleted_at is not None:
            self._refuse(drafts[0], f"'{thread_id}' was deleted here", conflict=True)
            return
        active = self._tx.runs.active(thread_id)
        locked = refusals.message_on_locked_thread(thread_id, active.id).message if active else ""
        time = thread.created_at if fresh else self._tx.messages.time_of_next(thread_id, self._now)
        for draft in drafts:
            time = draft.fields.get("created_at", time)
            if draft.id or fresh:
                self._message(draft, time, locked)
            else:
                what = "a message without an id can only come with a thread that is not here yet"
                self._refuse(draft, what)

    def _message(self, draft: ImportRecord, time: int, locked: str) -> None:
        """Write a message, unless its thread is `locked`: that says by what."""
        found = self._tx.messages.trace(draft.id) if draft.id else None
        if found is not None and found.thread_id != draft.fields["thread_id"]:
            self._refuse(draft, f"'{draft.id}' belongs to '{found.thread_id}' here")
        elif found is None and locked:
            self._refuse(draft, locked)
        elif found is None:
            fields = {"created_at": time, **draft.fields}
            if fields["status"] == "completed":
                fields.setdefault("completed_at", time)
            self._tx.messages.insert(MessageRecord(draft.id or new_id("msg"), **fields))
            self.new["message"] += 1
        elif self._replaces(draft, found.deleted_at, differs=_says_else(found, draft.fields)):
            if locked:
                self._refuse(draft, locked)
                return
            self._tx.messages.update(draft.id, deleted_at=None, **draft.fields)

    def _replaces(self, draft: ImportRecord, deleted_at: int | None, *, differs: bool) -> bool:
        """Whether the draft is to be written over what the store has under its id."""
        if deleted_at is None and not differs:
            self.unchanged += 1
            return False
        if not self._replace:
            what = "is here already, and differs" if deleted_at is None else "was deleted here"
            self._refuse(draft, f"'{draft.id}' {what}", conflict=True)
            return False
        self.replaced[draft.kind] += 1
        return True

    def _refuse(self, draft: ImportRecord, message: str, *, conflict: bool = False) -> None:
        self.problems.append(ImportProblem(draft.place, message, conflict))


def _by_thread(drafts: Iterable[ImportRecord]) -> dict[str, list[ImportRecord]]:
    found: dict[str, list[ImportRecord]] = {}
    for draft in drafts:
        found.setdefault(draft.fields["thread_id"], []).append(draft)
    return found


def _oldest_first(drafts: Sequence[ImportRecord]) -> list[ImportRecord]:
    """In the order of their times; of the same second, in the order that the text has them.

    The API lists the newest first: such a text is read backwards.
    """
    times = [draft.fields.get("created_at") for draft in drafts]
    known = [time for time in times if time is not None]
    if len(known) < len(times):
        return list(drafts)
    newest_first = known == sorted(known, reverse=True) and known[0] != known[-1]
    ordered = reversed(drafts) if newest_first else drafts
    return sorted(ordered, key=lambda draft: int(draft.fields["created_at"]))


def _shown(record: AssistantRecord) -> JsonObject:
    """What is to be the same in two assistants that are the same."""
    effort = record.settings.get("reasoning_effort")
    return {**serialize.assistant(record), "created_at": None, "reasoning_effort": effort}


def _says_else(record: ThreadRecord | MessageRecord, fields: Mapping[str, object]) -> bool:
    return any(getattr(record, name) != value for name, value in fields.items())
