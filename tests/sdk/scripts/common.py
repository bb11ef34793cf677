"""What the scripts share. They run in environments with the official SDK and nothing of ours."""

import os
import sys
import warnings
from typing import Any

import openai

# The SDK calls these endpoints deprecated; that is why there is an engine for them.
warnings.simplefilter("error")
warnings.filterwarnings("ignore", category=DeprecationWarning)

URL, KEY = sys.argv[1], os.environ["OPENAI_API_KEY"]
DEMO = "asst_demo"
FUNCTION: dict[str, Any] = {"type": "function", "function": {"name": "weather"}}
CALLS = '!call weather {"city": "Oslo"}\n!call weather {"city": "Rome"}'

TEXT = [
    "thread.created",
    "thread.run.created",
    "thread.run.queued",
    "thread.run.in_progress",
    "thread.run.step.created",
    "thread.run.step.in_progress",
    "thread.message.created",
    "thread.message.in_progress",
    "thread.message.delta",
    "thread.message.completed",
    "thread.run.step.completed",
    "thread.run.completed",
]
STEPS = [
    *TEXT[:6],
    "thread.run.step.delta",
    "thread.run.requires_action",
]
RESUMED = ["thread.run.step.completed", "thread.run.queued", *TEXT[3:]]


def client() -> openai.OpenAI:
    return openai.OpenAI(base_url=URL)


def saying(text: str) -> Any:
    """A thread with one message of the user."""
    return {"messages": [{"role": "user", "content": text}]}


def outputs_for(run: Any) -> Any:
    """An output for each call: the city it asked about."""
    calls = run.required_action.submit_tool_outputs.tool_calls
    return [
        {"tool_call_id": call.id, "output": call.function.arguments.split('"')[3]} for call in calls
    ]


def text_of(message: Any) -> str:
    return "".join(block.text.value for block in message.content)


def folded(names: list[str]) -> list[str]:
    """Event names, a run of deltas as one; `done` is the SDK's own business in some versions."""
    found: list[str] = []
    for name in names:
        if name != "done" and not (name.endswith("delta") and found[-1:] == [name]):
            found.append(name)
    return found
