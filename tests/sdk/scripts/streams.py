"""Runs that are streamed: raw events, and the helper with its handler."""

from typing import Any

from common import (
    CALLS,
    DEMO,
    FUNCTION,
    RESUMED,
    STEPS,
    TEXT,
    client,
    folded,
    outputs_for,
    saying,
    text_of,
)
from openai import AssistantEventHandler

api = client()
threads = api.beta.threads


class Heard(AssistantEventHandler):
    """Keeps what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.texts: list[str] = []
        self.calls: list[Any] = []
        self.whole: list[str] = []

    def on_event(self, event: Any) -> None:
        self.names.append(event.event)

    def on_text_delta(self, delta: Any, snapshot: Any) -> None:
        self.texts.append(delta.value)
        assert snapshot.value == "".join(self.texts)

    def on_text_done(self, text: Any) -> None:
        self.whole.append(text.value)

    def on_tool_call_created(self, tool_call: Any) -> None:
        self.calls.append(tool_call)


# (a) text: raw
events = list(threads.create_and_run(assistant_id=DEMO, thread=saying("a b c"), stream=True))
assert folded([event.event for event in events]) == TEXT, [event.event for event in events]
assert events[-1].event in ("thread.run.completed", "done")

# (a) text: helper
with threads.create_and_run_stream(
    assistant_id=DEMO, thread=saying("one two three"), event_handler=Heard()
) as stream:
    stream.until_done()
    assert folded(stream.names) == TEXT, stream.names
    assert stream.texts == ["one ", "two ", "three"]
    assert stream.whole == ["one two three"]
    assert stream.current_run.status == "completed"
    assert [text_of(message) for message in stream.get_final_messages()] == ["one two three"]
    assert [step.type for step in stream.get_final_run_steps()] == ["message_creation"]
    thread_id = stream.current_run.thread_id

# on a thread that is there already
with threads.runs.stream(thread_id=thread_id, assistant_id=DEMO) as stream:
    assert "".join(stream.text_deltas) == "one two three"
    assert stream.get_final_run().status == "completed"
with threads.runs.stream(thread_id=thread_id, assistant_id=DEMO) as stream:
    assert folded([event.event for event in stream]) == TEXT[1:]

# (b) function calls: helper, then submit with the helper
with threads.create_and_run_stream(
    assistant_id=DEMO, thread=saying(CALLS), tools=[FUNCTION], event_handler=Heard()
) as stream:
    stream.until_done()
    assert folded(stream.names) == STEPS, stream.names
    assert [call.function.name for call in stream.calls] == ["weather"] * 2
    run = stream.current_run
    assert run.status == "requires_action"
    (step,) = stream.get_final_run_steps()
    given = [call.function.arguments for call in step.step_details.tool_calls]
    assert given == ['{"city": "Oslo"}', '{"city": "Rome"}']
with threads.runs.submit_tool_outputs_stream(
    tool_outputs=outputs_for(run), run_id=run.id, thread_id=run.thread_id, event_handler=Heard()
) as stream:
    stream.until_done()
    assert folded(stream.names) == RESUMED, stream.names
    assert stream.whole == ["Oslo\nRome"]
    assert stream.current_run.status == "completed"

# (b) raw, and submit raw, after a run that was not streamed
run = threads.create_and_run_poll(assistant_id=DEMO, thread=saying(CALLS), tools=[FUNCTION])
events = list(
    threads.runs.submit_tool_outputs(
        run.id, thread_id=run.thread_id, tool_outputs=outputs_for(run), stream=True
    )
)
assert folded([event.event for event in events]) == RESUMED

# (c) failure
with threads.create_and_run_stream(
    assistant_id=DEMO, thread=saying("Half\n!fail Too hot."), event_handler=Heard()
) as stream:
    stream.until_done()
    ends = ["thread.message.incomplete", "thread.run.step.failed", "thread.run.failed"]
    assert folded(stream.names) == [*TEXT[:9], *ends], stream.names
    assert stream.current_run.last_error.message == "Too hot."
    assert text_of(stream.get_final_messages()[0]) == "Half"

# (c) tokens
events = list(
    threads.create_and_run(assistant_id=DEMO, thread=saying("one two\n!length"), stream=True)
)
ends = ["thread.message.incomplete", "thread.run.step.completed", "thread.run.incomplete"]
assert folded([event.event for event in events]) == [*TEXT[:9], *ends]

# (d) cancellation, asked for on another connection
names = []
with threads.create_and_run(
    assistant_id=DEMO, thread=saying("word " * 500 + "\n!slow 100"), stream=True
) as raw:
    for event in raw:
        names.append(event.event)
        if event.event == "thread.run.in_progress":
            run = event.data
        if names.count("thread.message.delta") == 1 and names[-1] == "thread.message.delta":
            client().beta.threads.runs.cancel(run.id, thread_id=run.thread_id)
ends = [
    "thread.run.cancelling",
    "thread.message.incomplete",
    "thread.run.step.cancelled",
    "thread.run.cancelled",
]
assert folded(names) == [*TEXT[:9], *ends], names

# Leaving a stream early does not end the run.
with threads.create_and_run(
    assistant_id=DEMO, thread=saying("one two\n!slow 0.5"), stream=True
) as raw:
    run = next(event.data for event in raw if event.event == "thread.run.created")
assert threads.runs.poll(run.id, thread_id=run.thread_id).status == "completed"
