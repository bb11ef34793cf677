"""The objects that servers answer with, as the tool reads and describes them.

Nothing is checked against these models on the way to the user: the server's JSON is printed
as it came. They say what may be counted on, and the reference pages are made from them.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from openai_cli.api.operation import Operation

_RUN_STATUSES = Literal[
    "queued",
    "in_progress",
    "requires_action",
    "cancelling",
    "cancelled",
    "failed",
    "completed",
    "incomplete",
    "expired",
]


class AnswerModel(BaseModel):
    """Base of all answers; servers may add keys."""

    model_config = ConfigDict(extra="allow", defer_build=True, protected_namespaces=())


def _said(description: str, example: Any) -> Any:
    return Field(description=description, examples=[example])


_Metadata = Annotated[dict[str, str] | None, _said("The pairs kept with it.", {"team": "core"})]
_Created = Annotated[int, _said("When it was made: Unix time, in seconds.", 1700000000)]
_Resources = Annotated[
    dict[str, Any] | None, _said("Files and vector stores its tools may use.", {})
]
_Tools = Annotated[
    list[dict[str, Any]],
    _said("Tools it may use, each with its `type`.", [{"type": "code_interpreter"}]),
]
_Format = Annotated[
    dict[str, Any] | str | None,
    _said("Shape of the reply: `auto`, or an object with its `type`.", "auto"),
]
_Temperature = Annotated[float | None, _said("Sampling temperature.", 1)]
_TopP = Annotated[float | None, _said("Nucleus sampling.", 1)]


def _time(event: str) -> Any:
    return _said(f"Unix time at which it {event}; else null.", None)


class Fault(AnswerModel):
    """What went wrong."""

    code: Annotated[str, _said("Kind of fault, one word.", "server_error")]
    message: Annotated[str, _said("The fault in a sentence.", "The model did not answer.")]


class Reason(AnswerModel):
    """Why something was cut short."""

    reason: Annotated[
        str | None, _said("What was used up or happened, one word.", "max_completion_tokens")
    ] = None


class Usage(AnswerModel):
    """Tokens used."""

    prompt_tokens: Annotated[int, _said("Tokens read.", 12)]
    completion_tokens: Annotated[int, _said("Tokens written.", 5)]
    total_tokens: Annotated[int, _said("Both together.", 17)]


class CalledFunction(AnswerModel):
    """A call as the model wants it."""

    name: Annotated[str, _said("The function.", "get_weather")]
    arguments: Annotated[str, _said("Its arguments, JSON in a text.", '{"city": "Oslo"}')]


class ToolCall(AnswerModel):
    """One function the model waits for."""

    id: Annotated[str, _said("Names the call; outputs refer to it.", "call_abc")]
    type: Annotated[Literal["function"], _said("Always `function`.", "function")]
    function: CalledFunction


class ToolCalls(AnswerModel):
    """The calls that wait for outputs."""

    tool_calls: Annotated[list[ToolCall], Field(description="The calls, each to be answered.")]


class RequiredAction(AnswerModel):
    """What the run waits for."""

    type: Annotated[
        Literal["submit_tool_outputs"],
        _said("Always `submit_tool_outputs`.", "submit_tool_outputs"),
    ]
    submit_tool_outputs: ToolCalls


class Truncation(AnswerModel):
    """Which messages the model saw."""

    type: Annotated[Literal["auto", "last_messages"], _said("How messages are chosen.", "auto")]
    last_messages: Annotated[int | None, _said("How many of the newest were kept.", None)] = None


class Run(AnswerModel):
    """An assistant at work on a thread."""

    id: Annotated[str, _said("Names the run.", "run_abc")]
    object: Annotated[Literal["thread.run"], _said("Kind of object.", "thread.run")]
    created_at: _Created
    thread_id: Annotated[str, _said("The thread it works on.", "thread_abc")]
    assistant_id: Annotated[str, _said("The assistant that works.", "asst_abc")]
    status: Annotated[_RUN_STATUSES, _said("How far it has come.", "completed")]
    required_action: Annotated[
        RequiredAction | None, _said("What it waits for; null if for nothing.", None)
    ]
    last_error: Annotated[Fault | None, _said("What went wrong; null if nothing.", None)]
    expires_at: Annotated[
        int | None, _said("Unix time after which it is given up; null once that is moot.", None)
    ]
    started_at: Annotated[int | None, _time("began")]
    cancelled_at: Annotated[int | None, _time("was cancelled")]
    failed_at: Annotated[int | None, _time("failed")]
    completed_at: Annotated[int | None, _said("Unix time at which it completed.", 1700000003)]
    incomplete_details: Annotated[
        Reason | None, _said("Why it is incomplete; null if it is not.", None)
    ]
    model: Annotated[str, _said("The model in use.", "echo")]
    instructions: Annotated[str | None, _said("System message in force.", "")]
    tools: _Tools
    metadata: _Metadata
    usage: Annotated[Usage | None, Field(description="Tokens used; null until the run has ended.")]
    temperature: _Temperature = None
    top_p: _TopP = None
    max_prompt_tokens: Annotated[int | None, _said("Budget of prompt tokens.", None)]
    max_completion_tokens: Annotated[int | None, _said("Budget of completion tokens.", None)]
    truncation_strategy: Annotated[
        Truncation | None, Field(description="Which messages the model sees.")
    ]
    tool_choice: Annotated[
        dict[str, Any] | str | None,
        _said("`none`, `auto`, `required`, or an object that names the tool.", "auto"),
    ]
    parallel_tool_calls: Annotated[
        bool, _said("Whether several functions may be asked for in one turn.", True)
    ]
    response_format: _Format


class Thread(AnswerModel):
    """A conversation."""

    id: Annotated[str, _said("Names the thread.", "thread_abc")]
    object: Annotated[Literal["thread"], _said("Kind of object.", "thread")]
    created_at: _Created
    tool_resources: _Resources
    metadata: _Metadata


class Message(AnswerModel):
    """One message of a thread."""

    id: Annotated[str, _said("Names the message.", "msg_abc")]
    object: Annotated[Literal["thread.message"], _said("Kind of object.", "thread.message")]
    created_at: _Created
    thread_id: Annotated[str, _said("The thread it is in.", "thread_abc")]
    status: Annotated[
        Literal["in_progress", "incomplete", "completed"],
        _said("Whether all of it is there.", "completed"),
    ]
    incomplete_details: Annotated[
        Reason | None, _said("Why it breaks off; null if it does not.", None)
    ]
    completed_at: Annotated[int | None, _said("Unix time of its end.", 1700000003)]
    incomplete_at: Annotated[int | None, _time("broke off")]
    role: Annotated[Literal["user", "assistant"], _said("Who speaks.", "assistant")]
    content: Annotated[
        list[dict[str, Any]],
        _said(
            "Its parts, each with its `type`: `text` (with `value` and `annotations`), "
            "`image_file`, `image_url` or `refusal`.",
            [{"type": "text", "text": {"value": "Hello", "annotations": []}}],
        ),
    ]
    assistant_id: Annotated[str | None, _said("The assistant that wrote it.", "asst_abc")]
    run_id: Annotated[str | None, _said("The run that wrote it.", "run_abc")]
    attachments: Annotated[
        list[dict[str, Any]] | None, _said("Files added, and the tools that may read them.", [])
    ]
    metadata: _Metadata


class Step(AnswerModel):
    """One thing a run did."""

    id: Annotated[str, _said("Names the step.", "step_abc")]
    object: Annotated[Literal["thread.run.step"], _said("Kind of object.", "thread.run.step")]
    created_at: _Created
    assistant_id: Annotated[str, _said("The assistant that works.", "asst_abc")]
    thread_id: Annotated[str, _said("The thread it works on.", "thread_abc")]
    run_id: Annotated[str, _said("The run it is a part of.", "run_abc")]
    type: Annotated[
        Literal["message_creation", "tool_calls"],
        _said("What the step does.", "message_creation"),
    ]
    status: Annotated[
        Literal["in_progress", "cancelled", "failed", "completed", "expired"],
        _said("How far it has come.", "completed"),
    ]
    step_details: Annotated[
        dict[str, Any],
        _said(
            "The message it wrote, or the tools it called, under the name in `type`.",
            {"type": "message_creation", "message_creation": {"message_id": "msg_abc"}},
        ),
    ]
    last_error: Annotated[Fault | None, _said("What went wrong; null if nothing.", None)]
    expired_at: Annotated[int | None, _time("expired")]
    cancelled_at: Annotated[int | None, _time("was cancelled")]
    failed_at: Annotated[int | None, _time("failed")]
    completed_at: Annotated[int | None, _said("Unix time at which it completed.", 1700000003)]
    metadata: _Metadata
    usage: Annotated[Usage | None, Field(description="Tokens used; null until the step has ended.")]


class Assistant(AnswerModel):
    """A model with instructions and tools, ready to run."""

    id: Annotated[str, _said("Names the assistant.", "asst_abc")]
    object: Annotated[Literal["assistant"], _said("Kind of object.", "assistant")]
    created_at: _Created
    name: Annotated[str | None, _said("What people call it.", "Helper")]
    description: Annotated[str | None, _said("What it is for.", None)]
    model: Annotated[str, _said("The model it runs on.", "echo")]
    instructions: Annotated[str | None, _said("Its system message.", None)]
    tools: _Tools
    metadata: _Metadata
    tool_resources: _Resources = None
    temperature: _Temperature = None
    top_p: _TopP = None
    response_format: _Format = None


class Deleted(AnswerModel):
    """The end of an object."""

    id: Annotated[str, _said("The object that is gone.", "thread_abc")]
    object: Annotated[str, _said("Its kind, and `.deleted`.", "thread.deleted")]
    deleted: Annotated[bool, _said("Whether it was deleted.", True)]


class Page(AnswerModel):
    """One page of a list, as `--format raw` shows it; other formats print the items."""

    object: Annotated[Literal["list"], _said("Kind of object.", "list")]
    data: Annotated[list[Any], _said("The items.", [])]
    first_id: Annotated[str | None, _said("Id of the first item.", "msg_abc")]
    last_id: Annotated[
        str | None, _said("Id of the last item: the next page's `after`.", "msg_xyz")
    ]
    has_more: Annotated[bool, _said("Whether another page follows.", False)]


_COLLECTIONS: dict[str, type[AnswerModel]] = {
    "assistants": Assistant,
    "threads": Thread,
    "runs": Run,
    "messages": Message,
    "steps": Step,
}


def answer_of(operation: Operation) -> tuple[type[AnswerModel], bool]:
    """What the operation answers with, and whether it is a list of it.

    Read from the path, which ends in a collection, or in one of its members and maybe a verb.
    """
    segments = operation.path.split("/")
    collection = next(name for name in reversed(segments) if name in _COLLECTIONS)
    if operation.method == "DELETE":
        return Deleted, False
    is_list = operation.method == "GET" and segments[-1] == collection
    return _COLLECTIONS[collection], is_list


OBJECTS: tuple[type[AnswerModel], ...] = (*_COLLECTIONS.values(), Deleted, Page)
"""All kinds of answers, as the reference lists them."""

EVENTS: tuple[tuple[str, str, str], ...] = (
    ("thread.created", "Thread", "The thread is there."),
    ("thread.run.created", "Run", "The run is there."),
    ("thread.run.queued", "Run", "It waits for its turn."),
    ("thread.run.in_progress", "Run", "It works."),
    ("thread.run.requires_action", "Run", "It waits for tool outputs; the stream ends."),
    ("thread.run.completed", "Run", "It has done its work."),
    ("thread.run.incomplete", "Run", "It ended at a limit."),
    ("thread.run.failed", "Run", "It ended with a fault."),
    ("thread.run.cancelling", "Run", "It was asked to stop."),
    ("thread.run.cancelled", "Run", "It has stopped."),
    ("thread.run.expired", "Run", "It ran out of time."),
    ("thread.run.step.created", "Step", "A step is there."),
    ("thread.run.step.in_progress", "Step", "The step works."),
    ("thread.run.step.delta", "", "A piece of a tool call."),
    ("thread.run.step.completed", "Step", "The step has done its work."),
    ("thread.run.step.failed", "Step", "The step ended with a fault."),
    ("thread.run.step.cancelled", "Step", "The step has stopped."),
    ("thread.run.step.expired", "Step", "The step ran out of time."),
    ("thread.message.created", "Message", "A message is there."),
    ("thread.message.in_progress", "Message", "The message is being written."),
    ("thread.message.delta", "", "A piece of the message."),
    ("thread.message.completed", "Message", "The message is whole."),
    ("thread.message.incomplete", "Message", "The message breaks off."),
    ("error", "", "The server gave up; the tool ends with exit code 4."),
)
"""Events of a stream: name, class of the object in `data`, meaning."""
