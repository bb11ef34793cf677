"""Drives a run from `queued` until it ends or waits for tool outputs."""

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import replace

from openai_cli.engine.clock import Clock
from openai_cli.engine.lease import LeaseLostError
from openai_cli.engine.models import Cancellation, Finished, FinishReason, Model, ModelError, Prompt
from openai_cli.engine.runs import lifecycle, prompt_builder, stream_events
from openai_cli.engine.runs.event_log import EventLog
from openai_cli.engine.runs.recorder import Recorder
from openai_cli.engine.runs.stream_events import Closed, StreamEvent
from openai_cli.engine.runs.watchdog import Watchdog
from openai_cli.engine.store import RunRecord, Store, Transaction
from openai_cli.engine.strict_json import JsonObject
from openai_cli.engine.tool_turns import tool_turns_error
from openai_cli.errors import StoreError


class _CancelledError(Exception):
    """The model's answer is no longer needed."""


_End = tuple[RunRecord, list[StreamEvent]]
"""The ended run, and the events of its end."""


class Driver:
    """Drives one run in this process from `queued` to its next stop."""

    def __init__(
        self,
        store: Store,
        model: Model,
        run: RunRecord,
        clock: Clock,
        watchdog: Watchdog,
        *,
        max_tool_turns: int,
        streamed: bool,
        log: EventLog | None = None,
    ) -> None:
        """`streamed`: a client follows the run's events. `log`: stores the events."""
        self._store = store
        self._model = model
        self._clock = clock
        self._watchdog = watchdog
        self._max_tool_turns = max_tool_turns
        self._tool_turns = 0
        self._recorder = Recorder(store, run, clock, at_once=streamed)
        self._log = log or EventLog(run, 0)
        self.run = run
        """The run as this driver last saw it."""
        self.stopped = False
        """True once the run has ended or waits for tool outputs."""
        self.at_end: Callable[[Transaction, RunRecord], None] = _no_extra_work
        """Called in the transaction that stores the run's end or that it waits for outputs."""
        self._cancellation: Cancellation | None = None
        """The cancellation of the current answer."""
        self._reason_to_stop: JsonObject | None = None

    def begin(self, tx: Transaction) -> None:
        """Store the status `in_progress`; `events` does this if it was not done before."""
        run = tx.runs.move(
            self.run.id,
            ("queued", "in_progress"),  # in_progress if the transaction is repeated
            owned_by=self.run.owner,
            status="in_progress",
            started_at=self._clock.now(),
        )
        if run is None:
            raise LeaseLostError
        self.run = run

    def events(self) -> Generator[StreamEvent, None, None]:
        """Execute the run and yield every event; in a stream, as soon as the event is stored.

        If the iterator is closed or interrupted, the run is cancelled.
        """
        try:
            for event in self._all_events():
                self._log.record(event)
                yield event
        except StoreError:
            raise
        except BaseException:
            self.abandon()
            raise
        self.stopped = True

    def _all_events(self) -> Iterator[StreamEvent]:
        try:
            yield from self._work()
        except LeaseLostError:
            yield from self._ended_elsewhere()

    def stop(self, error: JsonObject) -> bool:
        """Make the driver's thread fail the run; False if it is not waiting for a model."""
        self._reason_to_stop = error
        if self._cancellation is None:
            return False
        self._cancellation.request()
        return True

    def give_up(self, error: JsonObject) -> None:
        """Fail the run or finish its cancellation, from any thread, unless another owner has it.

        Raises:
            StoreError: the change could not be stored.
        """
        now = self._clock.now()
        with self._store.write() as tx:
            run = tx.runs.get(self.run.id, owner=self.run.owner or "")
            if run is not None:
                lifecycle.give_up(tx, run, now, error)

    def abandon(self) -> None:
        """Cancel the run: no client waits for it and no other process can continue it."""
        if self.stopped:
            return
        now = self._clock.now()

        def work(tx: Transaction) -> None:
            cancelling = tx.runs.move(
                self.run.id, ("queued", "in_progress"), owned_by=self.run.owner, status="cancelling"
            )
            if cancelling:
                self._recorder.save(tx)
                lifecycle.cancel(tx, cancelling, now)

        self._store.transact(work, idempotent=True)
        self.stopped = True

    def _work(self) -> Iterator[StreamEvent]:
        if self.run.status == "queued":
            self._store.transact(self.begin, idempotent=True)
        yield stream_events.of_run("in_progress", self.run)

        def prepare(tx: Transaction) -> Prompt:
            self._recorder.not_before = tx.messages.time_of_next(self.run.thread_id, 0)
            return prompt_builder.prepare(tx, self.run, self._model.count_tokens)

        prepared = self._store.view(prepare)
        self._tool_turns = len(prepared.tool_turns)
        try:
            history = prompt_builder.fit(
                prepared, self._model, self.run.settings.get("max_prompt_tokens")
            )
        except prompt_builder.PromptTooLongError:
            yield from self._finish("max_prompt_tokens")
            return
        if prepared.completion_budget == 0:
            yield from self._finish("max_completion_tokens")
            return
        yield from self._ask(replace(prepared, history=history))

    def _ask(self, prepared: Prompt) -> Iterator[StreamEvent]:
        self._cancellation = cancellation = prepared.cancellation
        try:
            with self._watchdog.watch(self.run, cancellation):
                reason = yield from self._listen(prepared)
        except (StoreError, LeaseLostError):
            raise
        except Exception as error:
            if cancellation.requested:
                yield from self._cancelled()
                return
            yield from self._fail(_last_error(error, self._model.backend))
            return
        if cancellation.requested:
            yield from self._cancelled()
            return
        yield from self._recorder.ensure_message()
        yield from self._finish(reason)

    def _cancelled(self) -> Iterator[StreamEvent]:
        """Handle a cancelled answer: fail with the reason of `stop`, or report a lost lease."""
        if self._reason_to_stop is None:
            raise LeaseLostError
        yield from self._fail(self._reason_to_stop)

    def _listen(self, prepared: Prompt) -> Generator[StreamEvent, None, FinishReason]:
        with closing(self._model.answer(prepared)) as answer:
            for event in answer:
                if prepared.cancellation.requested:
                    raise _CancelledError
                if isinstance(event, Finished):
                    return event.reason
                yield from self._recorder.record(event)
                self._recorder.save_if_due()
        raise ModelError("server_error", "The model's answer broke off before its end.")

    def _finish(self, reason: FinishReason) -> Iterator[StreamEvent]:
        """Process a complete answer: the run is completed, incomplete, or waits for outputs."""
        calls = self._recorder.function_calls if reason == "stop" else []
        if calls and self._tool_turns >= self._max_tool_turns:
            yield from self._fail_tool_turns()
            return
        message_reason = None if reason == "stop" else _MESSAGE_REASONS[reason]
        now = self._clock.now()

        def work(tx: Transaction) -> _End:
            tx.runs.hold(self.run.id)
            ended = self._recorder.finish(tx, now, message_reason, waiting=bool(calls))
            changes = _outcome(reason, calls, now)
            changes["usage"] = lifecycle.usage_so_far(tx.steps.all(run_id=self.run.id))
            run = tx.runs.move(self.run.id, ("in_progress",), owned_by=self.run.owner, **changes)
            if run is None:
                raise LeaseLostError
            events = [*ended, stream_events.of_run(run.status, run)]
            self._log.write_end(tx, events)
            tx.notify(run.id)
            return run, events

        yield from self._end(work)

    def _fail_tool_turns(self) -> Iterator[StreamEvent]:
        """Fail the run: it exceeds its limit of tool turns. The answer is stored."""
        now = self._clock.now()
        error = tool_turns_error(self._max_tool_turns)

        def work(tx: Transaction) -> _End:
            tx.runs.hold(self.run.id)
            ended = list(self._recorder.finish(tx, now, None, waiting=True))
            self._log.write(tx, ended)
            closed = lifecycle.fail(tx, self.run, error, now, owned_by=self.run.owner)
            if closed is None:
                raise LeaseLostError
            return closed.run, [*ended, *stream_events.of_end(closed)]

        yield from self._end(work)

    def _fail(self, error: JsonObject) -> Iterator[StreamEvent]:
        now = self._clock.now()

        def work(tx: Transaction) -> _End:
            tx.runs.hold(self.run.id)
            self._recorder.save(tx)
            self._log.write(tx)
            closed = lifecycle.fail(tx, self.run, error, now, owned_by=self.run.owner)
            if closed is None:
                raise LeaseLostError
            return closed.run, list(stream_events.of_end(closed))

        yield from self._end(work)

    def _ended_elsewhere(self) -> Iterator[StreamEvent]:
        """Finish a requested cancellation, or report an end that another process caused."""
        now = self._clock.now()

        def work(tx: Transaction) -> _End:
            run = tx.runs.get(self.run.id) or self.run
            if run.owner == self.run.owner or not tx.shared:
                self._recorder.save(tx)
                self._log.write(tx)
            closed = lifecycle.cancel(tx, run, now)
            if closed is None:
                if not tx.shared:
                    lifecycle.close_left_open(tx, run, now)
                closed = Closed(run, *self._recorder.open_rows(tx))
            events = list(stream_events.of_end(closed))
            if closed.run.status == "cancelled":
                events.insert(0, stream_events.of_cancelling(closed.run))
            return closed.run, events

        yield from self._end(work)

    def _end(self, work: Callable[[Transaction], _End]) -> Iterator[StreamEvent]:
        """Store the end of the run, with its events if they are stored, and yield the events."""

        def whole(tx: Transaction) -> _End:
            run, events = work(tx)
            self.at_end(tx, run)
            return run, events

        with self._log.writing(end=True):
            self.run, events = self._store.transact(whole, idempotent=True)
        yield from events


def _no_extra_work(_tx: Transaction, _run: RunRecord) -> None:
    """Default of `at_end`."""


_MESSAGE_REASONS = {
    "max_completion_tokens": "max_tokens",
    "max_prompt_tokens": "max_tokens",
    "content_filter": "content_filter",
}


def _outcome(reason: FinishReason, calls: list[JsonObject], now: int) -> JsonObject:
    """The changes of the run's fields after a complete answer."""
    changes: JsonObject = {"owner": None}
    if calls:
        action = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": calls}}
        return changes | {"status": "requires_action", "required_action": action}
    if reason == "stop":
        return changes | {"status": "completed", "completed_at": now, "expires_at": None}
    # The API has no reason for a filtered answer: only the message has it.
    details = {} if reason == "content_filter" else {"reason": reason}
    return changes | {"status": "incomplete", "incomplete_details": details}


def _last_error(error: Exception, backend: str) -> JsonObject:
    if isinstance(error, ModelError):
        return {"code": error.code, "message": error.message}
    message = f"The {backend} backend failed: {type(error).__name__}: {error}"
    return {"code": "server_error", "message": message}
