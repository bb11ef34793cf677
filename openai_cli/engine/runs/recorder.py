"""Stores an answer while it arrives: updates rows and yields the events about them."""

import time
from collections.abc import Generator, Iterator
from typing import Literal

from openai_cli.engine import models, serialize
from openai_cli.engine.clock import Clock
from openai_cli.engine.ids import new_id
from openai_cli.engine.runs import lifecycle, stream_events
from openai_cli.engine.runs.message_builder import MessageBuilder, ToolCallBuilder
from openai_cli.engine.runs.stream_events import StreamEvent
from openai_cli.engine.store import MessageRecord, RunRecord, StepRecord, Store, Transaction
from openai_cli.engine.strict_json import JsonObject

_SAVE_EVERY = 0.5
"""Seconds after which a growing message is saved, so that readers and a crash find it."""
_NO_USAGE = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}


class Recorder:
    """One answer of a run. At most one message is open, and one step of function calls."""

    def __init__(self, store: Store, run: RunRecord, clock: Clock) -> None:
        self._store = store
        self._run = run
        self._clock = clock
        self._message: MessageBuilder | None = None
        self._calls: dict[str, ToolCallBuilder] = {}
        """By the ids that the model uses for them."""
        self._earlier_ids: set[str] | None = None
        """Ids of the calls of earlier answers of the run; None until they are needed."""
        self._open_steps: list[str] = []
        self._last_step: str | None = None
        self._kept: list[JsonObject] = []
        self._usage: JsonObject | None = None
        self._saved = time.monotonic()

    def record(self, event: models.ModelEvent) -> Iterator[StreamEvent]:
        """Take one event of the model."""
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
        """Save a growing message at intervals."""
        if self._message and time.monotonic() - self._saved > _SAVE_EVERY:
            with self._store.write() as tx:
                self.save(tx)

    def save(self, tx: Transaction) -> None:
        """Save the current state of everything that is open."""
        self._saved = time.monotonic()
        if self._message:
            tx.messages.update(self._message.message_id, content=self._message.content())
        for step_id in self._open_steps:
            self._save_calls(tx, step_id)

    @property
    def function_calls(self) -> list[JsonObject]:
        """The calls the client has to make."""
        return [call.required() for call in self._functions]

    def ensure_message(self) -> Iterator[StreamEvent]:
        """Open an empty message if the answer had no content."""
        if self._last_step is None:
            yield from self._text("text", "", 0)

    def finish(
        self, tx: Transaction, now: int, reason: str | None, *, waiting: bool
    ) -> Iterator[StreamEvent]:
        """Close what is open: the message completed, or incomplete for this reason.

        If the run is `waiting` for outputs, the step of the function calls stays open.
        """
        ended = list(self._close_message(tx, now, reason))
        for step_id in list(self._open_steps):
            self._save_calls(tx, step_id)
            if not waiting:
                self._open_steps.remove(step_id)
                step = lifecycle.close_step(tx, step_id, "completed", now)
                ended.append(stream_events.of_step("completed", step))
        if self._last_step:
            changes = {"usage": self._usage, "kept": self._with_kept(tx, self._last_step)}
            step = tx.steps.update(self._last_step, **changes)
            ended = [
                stream_events.of_step("completed", step) if event.data["id"] == step.id else event
                for event in ended
            ]
        return iter(ended)

    def open_rows(self, tx: Transaction) -> tuple[list[MessageRecord], list[StepRecord]]:
        """The rows that were open as far as this answer knows, as they are now."""
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
            created_at=self._clock.now(),
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
        with self._store.write() as tx:
            created_at = tx.messages.time_of_next(run.thread_id, message.created_at)
            message = message._replace(created_at=created_at)
            tx.messages.insert(message)
            tx.steps.insert(step)
        self._message = builder = MessageBuilder(message.id, step.id)
        self._step_opened(step)
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
        with self._store.write() as tx:
            ended = list(self._close_message(tx, self._clock.now(), None, usage=_NO_USAGE))
        yield from ended

    def _close_message(
        self, tx: Transaction, now: int, reason: str | None, usage: JsonObject | None = None
    ) -> Iterator[StreamEvent]:
        if self._message is None:
            return
        builder, self._message = self._message, None
        message = lifecycle.close_message(
            tx, builder.message_id, reason, now, content=builder.content()
        )
        self._open_steps.remove(builder.step_id)
        step = lifecycle.close_step(tx, builder.step_id, "completed", now, usage=usage)
        yield stream_events.of_message(message.status, message)
        yield stream_events.of_step("completed", step)

    # Tool calls

    @property
    def _functions(self) -> list[ToolCallBuilder]:
        return [call for call in self._calls.values() if call.kind == "function"]

    def _call(self, call_id: str) -> ToolCallBuilder:
        if call_id not in self._calls:
            raise models.ModelError(
                "server_error", f"The model went on with a tool call '{call_id}' it never began."
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
            with self._store.write() as tx:
                tx.steps.insert(step)
            self._step_opened(step)
            call.step_id = step.id
            yield stream_events.of_step("created", step)
            yield stream_events.of_step("in_progress", step)
        self._calls[event.call_id] = call
        yield self._step_delta(call.step_id, call.opening())

    def _unused_id(self, call_id: str) -> str:
        """The id under which a function call is stored: a new one if an earlier answer used it.

        Some models number their calls anew in each answer; clients tell calls apart by their ids.
        """
        if self._earlier_ids is None:
            with self._store.read() as tx:
                steps = tx.steps.all(run_id=self._run.id)
            calls = (call for step in steps for call in step.details.get("tool_calls", ()))
            self._earlier_ids = {call["id"] for call in calls}
        return new_id("call") if call_id in self._earlier_ids else call_id

    def _end_call(self, call: ToolCallBuilder, result: JsonObject) -> Iterator[StreamEvent]:
        yield self._step_delta(call.step_id, call.finish(result))
        self._open_steps.remove(call.step_id)
        with self._store.write() as tx:
            self._save_calls(tx, call.step_id)
            step = lifecycle.close_step(
                tx, call.step_id, "completed", self._clock.now(), usage=_NO_USAGE
            )
        yield stream_events.of_step("completed", step)

    def _save_calls(self, tx: Transaction, step_id: str) -> None:
        calls = [call.details() for call in self._calls.values() if call.step_id == step_id]
        if calls:
            tx.steps.update(step_id, details={"type": "tool_calls", "tool_calls": calls})

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

    def _step_opened(self, step: StepRecord) -> None:
        self._open_steps.append(step.id)
        self._last_step = step.id

    def _step_delta(self, step_id: str, call: JsonObject) -> StreamEvent:
        return StreamEvent("thread.run.step.delta", serialize.step_delta(step_id, call))

    def _with_kept(self, tx: Transaction, step_id: str) -> list[JsonObject]:
        step = tx.steps.get(step_id)
        return [*(step.kept if step else []), *self._kept]
