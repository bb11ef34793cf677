"""Runs that are polled for."""

from common import CALLS, DEMO, FUNCTION, client, outputs_for, saying, text_of

api = client()
threads = api.beta.threads

run = threads.create_and_run_poll(assistant_id=DEMO, thread=saying("Good morning"))
assert run.status == "completed", run
assert run.usage.total_tokens == 4
answer, question = threads.messages.list(run.thread_id).data
assert (text_of(question), text_of(answer)) == ("Good morning", "Good morning")
assert (answer.role, answer.run_id) == ("assistant", run.id)

threads.messages.create(run.thread_id, role="user", content="And again\n!slow 0.7")
again = threads.runs.create_and_poll(thread_id=run.thread_id, assistant_id=DEMO)
assert again.status == "completed", again
assert text_of(threads.messages.list(run.thread_id, run_id=again.id).data[0]) == "And again"

# How soon to ask again is the server's to say.
started = threads.create_and_run(assistant_id=DEMO, thread=saying("Hi\n!slow 1"))
assert (started.status, started.started_at) == ("queued", None), started
raw = threads.runs.with_raw_response.retrieve(started.id, thread_id=started.thread_id)
assert int(raw.headers["openai-poll-after-ms"]) > 0
assert raw.headers["x-request-id"].startswith("req_")
assert threads.runs.poll(started.id, thread_id=started.thread_id).status == "completed"

# Function calls, by poll
run = threads.create_and_run_poll(assistant_id=DEMO, thread=saying(CALLS), tools=[FUNCTION])
assert run.status == "requires_action", run
outputs = outputs_for(run)
assert [one["output"] for one in outputs] == ["Oslo", "Rome"]
done = threads.runs.submit_tool_outputs_and_poll(
    tool_outputs=outputs, run_id=run.id, thread_id=run.thread_id
)
assert (done.id, done.status, done.required_action) == (run.id, "completed", None), done
assert text_of(threads.messages.list(run.thread_id).data[0]) == "Oslo\nRome"
steps = threads.runs.steps.list(run.id, thread_id=run.thread_id, order="asc").data
assert [step.type for step in steps] == ["tool_calls", "message_creation"]
assert [call.function.output for call in steps[0].step_details.tool_calls] == ["Oslo", "Rome"]
step = threads.runs.steps.retrieve(steps[0].id, thread_id=run.thread_id, run_id=run.id)
assert step == steps[0]

# Not polled: submitting is answered at once
run = threads.create_and_run_poll(assistant_id=DEMO, thread=saying(CALLS), tools=[FUNCTION])
queued = threads.runs.submit_tool_outputs(
    run.id, thread_id=run.thread_id, tool_outputs=outputs_for(run)
)
assert (queued.status, queued.usage) == ("queued", None), queued
assert threads.runs.poll(run.id, thread_id=run.thread_id).status == "completed"

# Other ends
failed = threads.create_and_run_poll(assistant_id=DEMO, thread=saying("!fail The disk is full."))
assert (failed.status, failed.last_error.message) == ("failed", "The disk is full."), failed
short = threads.create_and_run_poll(assistant_id=DEMO, thread=saying("one two\n!length"))
assert short.incomplete_details.reason == "max_completion_tokens", short

# Cancel: while it works, and while it waits
run = threads.create_and_run(assistant_id=DEMO, thread=saying("one two\n!slow 300"))
asked = threads.runs.cancel(run.id, thread_id=run.thread_id)
assert (asked.status, asked.cancelled_at) == ("cancelling", None), asked
gone = threads.runs.poll(run.id, thread_id=run.thread_id)
assert gone.status == "cancelled", gone
assert gone.cancelled_at, gone
run = threads.create_and_run_poll(assistant_id=DEMO, thread=saying(CALLS), tools=[FUNCTION])
threads.runs.cancel(run.id, thread_id=run.thread_id)
assert threads.runs.poll(run.id, thread_id=run.thread_id).status == "cancelled"

# Everything else that can be done with an object
assistant = api.beta.assistants.create(model="echo", name="Parrot", metadata={"a": "1"})
assert api.beta.assistants.retrieve(assistant.id) == assistant
changed = api.beta.assistants.update(assistant.id, name="Budgie")
assert (changed.id, changed.name, changed.metadata) == (assistant.id, "Budgie", {"a": "1"})
thread = threads.create(messages=saying("Hello")["messages"], metadata={"b": "2"})
assert threads.retrieve(thread.id) == thread
assert threads.update(thread.id, metadata={"c": "3"}).metadata == {"c": "3"}
message = threads.messages.create(thread.id, role="user", content="More")
assert threads.messages.retrieve(message.id, thread_id=thread.id) == message
changed = threads.messages.update(message.id, thread_id=thread.id, metadata={"d": "4"})
assert changed.metadata == {"d": "4"}
run = threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
assert threads.runs.retrieve(run.id, thread_id=thread.id) == run
assert threads.runs.update(run.id, thread_id=thread.id, metadata={"e": "5"}).metadata == {"e": "5"}
assert threads.messages.delete(message.id, thread_id=thread.id).deleted
assert threads.delete(thread.id).deleted
assert api.beta.assistants.delete(assistant.id).deleted
