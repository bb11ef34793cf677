"""The async client: polls, streams, calls, lists, cancels, errors, and many at once."""

import asyncio
from typing import Any

import openai
from common import (
    CALLS,
    DEMO,
    FUNCTION,
    RESUMED,
    STEPS,
    TEXT,
    URL,
    folded,
    outputs_for,
    saying,
    text_of,
)
from openai import AsyncAssistantEventHandler


class Heard(AsyncAssistantEventHandler):
    """Keeps what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.whole: list[str] = []

    async def on_event(self, event: Any) -> None:
        self.names.append(event.event)

    async def on_text_done(self, text: Any) -> None:
        self.whole.append(text.value)


async def polls(threads: Any) -> None:
    run = await threads.create_and_run_poll(assistant_id=DEMO, thread=saying("Good morning"))
    assert run.status == "completed", run
    run = await threads.create_and_run_poll(
        assistant_id=DEMO, thread=saying(CALLS), tools=[FUNCTION]
    )
    done = await threads.runs.submit_tool_outputs_and_poll(
        tool_outputs=outputs_for(run), run_id=run.id, thread_id=run.thread_id
    )
    assert done.status == "completed", done
    run = await threads.create_and_run(assistant_id=DEMO, thread=saying("a b\n!slow 300"))
    assert (await threads.runs.cancel(run.id, thread_id=run.thread_id)).status == "cancelling"
    assert (await threads.runs.poll(run.id, thread_id=run.thread_id)).status == "cancelled"


async def streams(threads: Any) -> None:
    raw = await threads.create_and_run(assistant_id=DEMO, thread=saying("a b"), stream=True)
    assert folded([event.event async for event in raw]) == TEXT
    async with threads.create_and_run_stream(
        assistant_id=DEMO, thread=saying(CALLS), tools=[FUNCTION], event_handler=Heard()
    ) as stream:
        await stream.until_done()
        assert folded(stream.names) == STEPS
        run = stream.current_run
    async with threads.runs.submit_tool_outputs_stream(
        tool_outputs=outputs_for(run), run_id=run.id, thread_id=run.thread_id, event_handler=Heard()
    ) as stream:
        await stream.until_done()
        assert folded(stream.names) == RESUMED
        assert stream.whole == ["Oslo\nRome"]
        assert (await stream.get_final_run()).status == "completed"


async def lists(threads: Any) -> None:
    expected = [str(number) for number in range(7)]
    thread = await threads.create(messages=[{"role": "user", "content": one} for one in expected])
    for order, texts in (("asc", expected), ("desc", expected[::-1])):
        found = threads.messages.list(thread.id, order=order, limit=3)
        assert [text_of(message) async for message in found] == texts


async def errors(threads: Any) -> None:
    refusal = None
    try:
        await threads.create_and_run(assistant_id="undefined", stream=True)
    except openai.BadRequestError as error:
        refusal = error
    assert refusal is not None
    assert refusal.param == "assistant_id"


async def crowd(threads: Any) -> None:
    async def one(number: int) -> None:
        run = await threads.create_and_run_poll(
            assistant_id=DEMO, thread=saying(f"I am {number}\n!slow 1")
        )
        assert run.status == "completed", run
        page = await threads.messages.list(run.thread_id, limit=1)
        assert text_of(page.data[0]) == f"I am {number}"

    await asyncio.gather(*(one(number) for number in range(20)))


async def main() -> None:
    async with openai.AsyncOpenAI(base_url=URL) as api:
        for part in (polls, streams, lists, errors, crowd):
            await part(api.beta.threads)


asyncio.run(main())
