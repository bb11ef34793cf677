"""Twenty runs at once with the official SDK; prints what became of each as JSON."""

import json
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import openai

warnings.filterwarnings("ignore", category=DeprecationWarning)


def run_once(api: openai.OpenAI, assistant: str, number: int) -> dict[str, Any]:
    question = {"role": "user", "content": f"Say something about the number {number}."}
    run = api.beta.threads.create_and_run_poll(
        assistant_id=assistant, thread={"messages": [question]}, poll_interval_ms=200
    )
    text = ""
    for message in api.beta.threads.messages.list(run.thread_id, run_id=run.id).data:
        text += "".join(part.text.value for part in message.content)
    error = run.last_error.message if run.last_error else None
    return {"id": run.id, "status": run.status, "text": text, "error": error}


def main() -> None:
    api = openai.OpenAI(base_url=sys.argv[1], timeout=300)
    assistant = api.beta.assistants.create(
        model="smol", instructions="Answer in one short sentence."
    ).id
    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(lambda number: run_once(api, assistant, number), range(20)))
    json.dump(found, sys.stdout)


main()
