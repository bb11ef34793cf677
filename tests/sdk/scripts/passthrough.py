"""A program that uses assistants and chat completions needs one server."""

import openai
from common import client, saying, text_of

api = client()

asked = {"model": "llama", **saying("Hello")}
whole = api.chat.completions.create(**asked)
assert whole.choices[0].message.content == "Hello", whole
assert whole.usage.total_tokens == 7

pieces = api.chat.completions.create(**asked, stream=True)
assert "".join(piece.choices[0].delta.content or "" for piece in pieces) == "Hello"

assistant = api.beta.assistants.create(model="llama")
run = api.beta.threads.create_and_run_poll(assistant_id=assistant.id, thread=saying("Hello"))
assert run.status == "completed", run
texts = [text_of(one) for one in api.beta.threads.messages.list(run.thread_id)]
assert texts == ["Hello", "Hello"]

try:
    api.chat.completions.create(**{**asked, "model": "echo"})
except openai.NotFoundError as error:
    refusal = error
assert refusal.code == "model_not_found"
