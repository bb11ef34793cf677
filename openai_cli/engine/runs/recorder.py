"""Stores an answer while it arrives: updates rows and yields their events."""

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any, Literal, TypeVar

from openai_cli.engine import models, serialize
from openai_cli.engine.clock import Clock
from openai_cli.engine.ids import new_id
from openai_cli.engine.runs import lifecycle, stream_events
from openai_cli.engine.runs.message_builder import MessageBuilder, ToolCallBuilder
from openai_cli.engine.runs.stream_events import StreamEvent
from openai_cli.engine.store import MessageRecord, RunRecord, StepRecord, Store, Transaction
from openai_cli.engine.store.record_table import RecordTable
from openai_cli.engine.store.records import R
from openai_cli.engine.strict_json import JsonObject

T = TypeVar("T")

_SAVE_EVERY = 0.5
"""Seconds between saves of a growing message, for readers and in case of a crash."""
_NO_USAGE = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}


class _Rows:
    """The rows of an answer in one transaction: new ones are inserted with their first changes."""

    def __init__(self, tx: Transaction, new: Sequence[MessageRecord | StepRecord]) -> None:
        """`new` are the rows that are not stored yet, in the order of their creation."""
        self._tx = tx
        self._new = list(new)

    def change_message(self, message_id: str, **changes: Any) -> MessageRecord:
        """The changed message."""
        return self._change(self._tx.messages, message_id, changes)

    def change_step(self, step_id: str, **changes: Any) -> StepRecord:
        """The changed step."""
        return self._change(self._tx.steps, step_id, changes)

    def insert_new(self) -> None:
        """Insert the new rows that have not been changed."""
        while self._new:
            self._insert(self._new.pop(0))

    def _change(self, table: RecordTable[R], row_id: str, changes: dict[str, Any]) -> R:
        ids = [row.id for row in self._new]
        if row_id not in ids:
            return table.update(row_id, **changes)
        for _ in range(ids.index(row_id)):
            self._insert(self._new.pop(0))  # lists have the order of insertion
        row: Any = self._new.pop(0)
        changed: R = row._replace(**changes)
        is_new = table.insert(changed, ignore_existing=True)
        return changed if is_new else table.update(row_id, **changes)

    def _insert(self, row: MessageRecord | StepRecord) -> None:
        if isinstance(row, MessageRecord):
            self._tx.messages.insert(row, ignore_existing=True)
        else:
            self._tx.steps.insert(row, ignore_existing=True)


class Recorder:
    """One answer of a run. At most one message is open, and one step of function calls."""

    def __init__(self, store: Store, run: RunRecord, clock: Clock, *, at_once: bool) -> None:
        """`at_once`: store a row before its event. Otherwise rows are stored later, so that a short
        answer needs only one transaction.
        """
        self._store = store
        self._run = run
        self._clock = clock
        self._at_once = at_once
        self.not_before = 0
        """The time of the last message in the thread; lists are ordered by time."""
        self._new: list[MessageRecord | StepRecord] = []
        """Rows that are not inserted yet."""
        self._message: MessageBuilder | None = None
        self._calls: dict[str, ToolCallBuilder] = {}
        """Tool calls by the model's ids."""
        self._earlier_ids: set[str] | None = None
        """Ids of the calls in earlier answers of the run; None until loaded."""
        self._open_steps: list[str] = []
        self._last_step: StepRecord | None = None
        """In the state in which it was opened."""
        self._kept: list[JsonObject] = []
        self._usage: JsonObject | None = None
        self._saved = time.monotonic()

    def record(self, event: models.ModelEvent) -> Iterator[StreamEvent]:
        """Process one event of the model."""
        match event:
            case models.TextDelta(text, part):
                yield from self._text("text", text, part)
            case models.RefusalDelta(text, part):
                yield from self._text("refusal", text, part)
            case models.AnnotationAdded(annotation, part):
                yield from self._annotation(annotation, part)
            case models.MessageEnded():
                yield from self._end_message()
            case models.ToolCallStarted():
                yield from self._start_call(event)
            case models.ToolCallDelta(call_id, text):
                call = self._call(call_id)
                yield self._step_delta(call.step_id, call.add(text))
            case models.ToolCallEnded(call_id, result):
                yield from self._end_call(self._call(call_id), result)
            case models.ItemKept(item):
                self._kept.append(item)
            case models.UsageReported():
                self._usage = lifecycle.usage_of(event)

    def save_if_due(self) -> None:
        """Save new rows and a growing message at intervals."""
        if (self._message or self._new) and time.monotonic() - self._saved > _SAVE_EVERY:
            self._write(self._update_open)

    def save(self, tx: Transaction) -> None:
        """Save new rows and the current state of open ones."""
        rows = _Rows(tx, self._new)
        self._update_open(rows)
        rows.insert_new()

    def _write(self, work: Callable[[_Rows], T]) -> T:
        """Do the work and insert the new rows in one transaction.

        Raises:
            LeaseLostError: the run has ended, or another worker has it.
        """

        def write(tx: Transaction) -> T:
            lifecycle.check_lease(tx, self._run)
            rows = _Rows(tx, self._new)
            done = work(rows)
            rows.insert_new()
            return done

        done = self._store.transact(write, idempotent=True)
        self._new.clear()
        return done

    def _update_open(self, rows: _Rows) -> None:
        self._saved = time.monotonic()
        if self._message:
            rows.change_message(self._message.message_id, content=self._message.content())
        for step_id in self._open_steps:
            changes = self._call_details(step_id)
            if changes:
                rows.change_step(step_id, **changes)

    @property
    def function_calls(self) -> list[JsonObject]:
        """The function calls that the client must make."""
        return [call.required() for call in self._functions]

    def ensure_message(self) -> Iterator[StreamEvent]:
        """Open an empty message if the answer had no content."""
        if self._last_step is None:
            yield from self._text("text", "", 0)

    def finish(
        self, tx: Transaction, now: int, reason: str | None, *, waiting: bool
    ) -> Iterator[StreamEvent]:
        """Close the open message as completed, or incomplete with this reason, and open steps.

        If the run is `waiting` for outputs, the step of the function calls stays open. The
        recorder's state does not change, because the transaction may fail.
        """
        rows = _Rows(tx, self._new)
        ended: list[StreamEvent] = []
        open_steps = list(self._open_steps)
        if self._message:
            open_steps.remove(self._message.step_id)
            changes = self._end_of_answer(self._message.step_id)
            ended += self._close_message(rows, self._message, now, reason, **changes)
        for step_id in open_steps:
            changes = self._end_of_answer(step_id) | self._call_details(step_id)
            if waiting:
                rows.change_step(step_id, **changes)
            else:
                step = rows.change_step(step_id, **lifecycle.step_end("completed", now), **changes)
                ended.append(stream_events.of_step("completed", step))
        if self._last_step and self._last_step.id not in self._open_steps:
            rows.change_step(self._last_step.id, **self._end_of_answer(self._last_step.id))
        rows.insert_new()
        return iter(ended)

    def _end_of_answer(self, step_id: str) -> dict[str, Any]:
        """The answer's usage and kept items for the last step; empty for other steps."""
        last = self._last_step
        if last is None or last.id != step_id:
            return {}
        return {"usage": self._usage, "kept": [*last.kept, *self._kept]}

    def open_rows(self, tx: Transaction) -> tuple[list[MessageRecord], list[StepRecord]]:
        """The stored state of the rows that this recorder has opened and not closed."""
        messages = [tx.messages.get(self._message.message_id)] if self._message else []
        steps = [tx.steps.get(step_id) for step_id in self._open_steps]
        return [one for one in messages if one], [one for one in steps if one]

    # Messages

    def _text(
        self, kind: Literal["text", "refusal"], text: str, part: int
    ) -> Iterator[StreamEvent]:
        message = self._message or (yield from self._open_message())
        delta = message.block(kind, part).add(text)
        yield StreamEvent(
            "thread.message.delta", serialize.message_delta(message.message_id, delta)
        )

    def _open_message(self) -> Generator[StreamEvent, None, MessageBuilder]:
        run = self._run
        message = MessageRecord(
            id=new_id("msg"),
            created_at=max(self._clock.now(), self.not_before),
            thread_id=run.thread_id,
            role="assistant",
            status="in_progress",
            content=[],
            attachments=[],
            metadata={},
            assistant_id=run.assistant_id,
            run_id=run.id,
        )
        step = self._new_step(
            {"type": "message_creation", "message_creation": {"message_id": message.id}}
        )
        self._message = builder = MessageBuilder(message.id, step.id)
        self._open(step, message)
        yield stream_events.of_step("created", step)
        yield stream_events.of_step("in_progress", step)
        yield stream_events.of_message("created", message)
        yield stream_events.of_message("in_progress", message)
        return builder

    def _annotation(self, annotation: JsonObject, part: int) -> Iterator[StreamEvent]:
        message = self._message or (yield from self._open_message())
        delta = message.block("text", part).annotate(annotation)
        yield StreamEvent(
            "thread.message.delta", serialize.message_delta(message.message_id, delta)
        )

    def _end_message(self) -> Iterator[StreamEvent]:
        if self._message is None:
            return
        message, self._message = self._message, None
        self._open_steps.remove(message.step_id)
        now = self._clock.now()
        yield from self._write(
            lambda rows: self._close_message(rows, message, now, None, usage=_NO_USAGE)
        )

    def _close_message(
        self,
        rows: _Rows,
        builder: MessageBuilder,
        now: int,
        reason: str | None,
        **of_step: Any,
    ) -> list[StreamEvent]:
        message = rows.change_message(
            builder.message_id, **lifecycle.message_end(reason, now), content=builder.content()
        )
        step = rows.change_step(builder.step_id, **lifecycle.step_end("completed", now), **of_step)
        return [
            stream_events.of_message(message.status, message),
            stream_events.of_step("completed", step),
        ]

    # Tool calls

    @property
    def _functions(self) -> list[ToolCallBuilder]:
        return [call for call in self._calls.values() if call.kind == "function"]

    def _call(self, call_id: str) -> ToolCallBuilder:
        if call_id not in self._calls:
            raise models.ModelError(
                "server_error",
                f"The model continued a tool call '{call_id}' that it had not begun.",
            )
        return self._calls[call_id]

    def _start_call(self, event: models.ToolCallStarted) -> Iterator[StreamEvent]:
        if event.call_id in self._calls:
            raise models.ModelError(
                "server_error", f"The model used the tool call id '{event.call_id}' twice."
            )
        yield from self._end_message()
        is_function = event.kind == "function"
        siblings = self._functions if is_function else []
        stored_id = self._unused_id(event.call_id) if is_function else event.call_id
        call = ToolCallBuilder(stored_id, event.kind, event.name, "", len(siblings))
        if siblings:
            call.step_id = siblings[0].step_id
        else:
            step = self._new_step({"type": "tool_calls", "tool_calls": []})
            self._open(step)
            call.step_id = step.id
            yield stream_events.of_step("created", step)
            yield stream_events.of_step("in_progress", step)
        self._calls[event.call_id] = call
        yield self._step_delta(call.step_id, call.opening())

    def _unused_id(self, call_id: str) -> str:
        """The id for storing a function call: a new one if an earlier answer used the model's id.

        Some models restart numbering their calls in each answer; clients need unique ids.
        """
        if self._earlier_ids is None:
            steps = self._store.view(lambda tx: tx.steps.all(run_id=self._run.id))
            calls = (call for step in steps for call in step.details.get("tool_calls", ()))
            self._earlier_ids = {call["id"] for call in calls}
        return new_id("call") if call_id in self._earlier_ids else call_id

    def _end_call(self, call: ToolCallBuilder, result: JsonObject) -> Iterator[StreamEvent]:
        yield self._step_delta(call.step_id, call.finish(result))
        self._open_steps.remove(call.step_id)
        ended = lifecycle.step_end("completed", self._clock.now())
        changes = ended | {"usage": _NO_USAGE} | self._call_details(call.step_id)
        step = self._write(lambda rows: rows.change_step(call.step_id, **changes))
        yield stream_events.of_step("completed", step)

    def _call_details(self, step_id: str) -> dict[str, Any]:
        """The step's column with the calls so far; empty for the step of a message."""
        calls = [call.details() for call in self._calls.values() if call.step_id == step_id]
        return {"details": {"type": "tool_calls", "tool_calls": calls}} if calls else {}

    # Steps

    def _new_step(self, details: JsonObject) -> StepRecord:
        kept, self._kept = self._kept, []
        return StepRecord(
            id=new_id("step"),
            created_at=self._clock.now(),
            thread_id=self._run.thread_id,
            run_id=self._run.id,
            assistant_id=self._run.assistant_id,
            type=details["type"],
            status="in_progress",
            details=details,
            metadata={},
            kept=kept,
            expires_at=self._run.expires_at,
        )

    def _open(self, step: StepRecord, *messages: MessageRecord) -> None:
        """Add a new step, and its message if it has one."""
        self._new += [*messages, step]
        self._open_steps.append(step.id)
        self._last_step = step
        if self._at_once:
            self._write(lambda _rows: None)

    def _step_delta(self, step_id: str, call: JsonObject) -> StreamEvent:
        return StreamEvent("thread.run.step.delta", serialize.step_delta(step_id, call))
