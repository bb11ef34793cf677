"""Usage that the upstream did not count: the numbers are there, and say that they are estimated."""

from common import DEMO, client, saying

threads = client().beta.threads

run = threads.create_and_run_poll(assistant_id=DEMO, model="m", thread=saying("Hi"))
assert run.status == "completed", run
assert run.usage.total_tokens == run.usage.prompt_tokens + run.usage.completion_tokens == 3
assert run.usage.model_extra == {"estimated": True}
[step] = threads.runs.steps.list(run.id, thread_id=run.thread_id).data
assert step.usage.model_dump() == run.usage.model_dump()

with threads.create_and_run_stream(assistant_id=DEMO, model="m", thread=saying("Hi")) as stream:
    stream.until_done()
    assert stream.current_run.usage.total_tokens == 3
