"""A program written for Azure: its URLs, its version, its header; with and without a deployment."""

from typing import Any

import openai
from common import KEY, URL, text_of

ENDPOINT = URL.removesuffix("/v1")


def use(api: Any) -> None:
    assistant = api.beta.assistants.create(model="echo", name="of Azure")
    assert api.beta.assistants.retrieve(assistant.id).name == "of Azure"
    assert assistant.id in [one.id for one in api.beta.assistants.list(limit=5).data]
    thread = api.beta.threads.create(messages=[{"role": "user", "content": "Hello"}])

    run = api.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    assert run.status == "completed", run
    assert [one.id for one in api.beta.threads.runs.list(thread.id).data] == [run.id]
    assert len(api.beta.threads.runs.steps.list(run.id, thread_id=thread.id).data) == 1
    texts = [text_of(one) for one in api.beta.threads.messages.list(thread.id, order="asc")]
    assert texts == ["Hello", "Hello"]

    stream = api.beta.threads.runs.create(
        thread_id=thread.id, assistant_id=assistant.id, stream=True
    )
    events = [event.event for event in stream]
    assert "thread.message.delta" in events
    assert "thread.run.completed" in events

    assert [model.id for model in api.models.list()] == ["echo", "llama"]
    assert api.models.retrieve("echo").id == "echo"
    assert api.beta.assistants.delete(assistant.id).deleted


for more in ({}, {"azure_deployment": "gpt-4o"}):
    client = openai.AzureOpenAI(
        azure_endpoint=ENDPOINT, api_key=KEY, api_version="2024-05-01-preview", **more
    )
    use(client)

wrong = openai.AzureOpenAI(azure_endpoint=ENDPOINT, api_key="wrong", api_version="2024-10-21")
try:
    wrong.beta.threads.create()
except openai.AuthenticationError as error:
    refusal = str(error)
assert "Incorrect API key" in refusal
