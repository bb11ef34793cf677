"""Server-sent events of a run."""

from collections.abc import Iterator
from typing import NamedTuple

from openai_cli.engine import serialize
from openai_cli.engine.refusals import RefusalError
from openai_cli.engine.store import MessageRecord, RunRecord, StepRecord, ThreadRecord
from openai_cli.engine.store.tables import STREAM_END
from openai_cli.engine.strict_json import JsonObject, dumps

DONE = STREAM_END.encode()


class Closed(NamedTuple):
    """A run that has ended, with the messages and steps that ended with it."""

    run: RunRecord
    messages: list[MessageRecord]
    steps: list[StepRecord]


class StreamEvent(NamedTuple):
    """One server-sent event: its name and its object."""

    name: str
    data: JsonObject

    def frame(self) -> bytes:
        """The event as bytes of the stream."""
        return f"event: {self.name}\ndata: {dumps(self.data)}\n\n".encode()


def of_thread(name: str, thread: ThreadRecord) -> StreamEvent:
    """`thread.NAME`."""
    return StreamEvent(f"thread.{name}", serialize.thread(thread))


def of_run(name: str, run: RunRecord) -> StreamEvent:
    """`thread.run.NAME`."""
    return StreamEvent(f"thread.run.{name}", serialize.run(run))


def of_step(name: str, step: StepRecord) -> StreamEvent:
    """`thread.run.step.NAME`."""
    return StreamEvent(f"thread.run.step.{name}", serialize.step(step))


def of_message(name: str, message: MessageRecord) -> StreamEvent:
    """`thread.message.NAME`."""
    return StreamEvent(f"thread.message.{name}", serialize.message(message))


def of_created_run(run: RunRecord, thread: ThreadRecord | None = None) -> list[StreamEvent]:
    """The first events of a stream; the thread only if it was created for the run."""
    beginning = [of_thread("created", thread)] if thread else []
    return [*beginning, of_run("created", run), of_run("queued", run)]


def of_end(closed: Closed) -> Iterator[StreamEvent]:
    """The events at the end of a run: open messages and steps first, then the run."""
    for message in closed.messages:
        yield of_message(message.status, message)
    for step in closed.steps:
        yield of_step(step.status, step)
    yield of_run(closed.run.status, closed.run)


def of_cancelling(run: RunRecord) -> StreamEvent:
    """The event before the last event of a cancelled run."""
    return of_run("cancelling", run._replace(status="cancelling", cancelled_at=None))


def of_error(message: str) -> StreamEvent:
    """`error`, if no run can be sent; in both shapes that clients expect."""
    error = RefusalError(message, status=500).body()
    return StreamEvent("error", {**error, **error["error"]})
