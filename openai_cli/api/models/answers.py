"""The objects that servers answer with, as the tool reads and describes them.

Answers are not validated against these models: the server's JSON is printed unchanged. The models
document the expected fields, and the reference pages are generated from them.
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


def _field(description: str, example: Any) -> Any:
    return Field(description=description, examples=[example])


_Metadata = Annotated[
    dict[str, str] | None, _field("Key-value pairs of the object.", {"team": "core"})
]
_Created = Annotated[int, _field("Creation time: Unix time, in seconds.", 1700000000)]
_Resources = Annotated[dict[str, Any] | None, _field("Files and vector stores for its tools.", {})]
_Tools = Annotated[
    list[dict[str, Any]],
    _field("Available tools, each with its `type`.", [{"type": "code_interpreter"}]),
]
_Format = Annotated[
    dict[str, Any] | str | None,
    _field("Shape of the reply: `auto`, or an object with its `type`.", "auto"),
]
_Temperature = Annotated[float | None, _field("Sampling temperature.", 1)]
_TopP = Annotated[float | None, _field("Nucleus sampling.", 1)]


def _time(event: str) -> Any:
    return _field(f"Unix time at which it {event}, or null.", None)


class Fault(AnswerModel):
    """The error of a run or step."""

    code: Annotated[str, _field("Error code.", "server_error")]
    message: Annotated[str, _field("Error message.", "The model did not answer.")]


class Reason(AnswerModel):
    """Why a run or message is incomplete."""

    reason: Annotated[
        str | None, _field("The limit or event that ended it.", "max_completion_tokens")
    ] = None


class Usage(AnswerModel):
    """Token counts."""

    prompt_tokens: Annotated[int, _field("Tokens in the prompt.", 12)]
    completion_tokens: Annotated[int, _field("Tokens in the completion.", 5)]
    total_tokens: Annotated[int, _field("Sum of both.", 17)]


class CalledFunction(AnswerModel):
    """The function and arguments of a call."""

    name: Annotated[str, _field("Name of the function.", "get_weather")]
    arguments: Annotated[str, _field("Arguments, as JSON text.", '{"city": "Oslo"}')]


class ToolCall(AnswerModel):
    """One function call that the run waits for."""

    id: Annotated[str, _field("Id of the call, for its output.", "call_abc")]
    type: Annotated[Literal["function"], _field("Always `function`.", "function")]
    function: CalledFunction


class ToolCalls(AnswerModel):
    """The calls that wait for outputs."""

    tool_calls: Annotated[list[ToolCall], Field(description="The calls; each needs an output.")]


class RequiredAction(AnswerModel):
    """What the run waits for."""

    type: Annotated[
        Literal["submit_tool_outputs"],
        _field("Always `submit_tool_outputs`.", "submit_tool_outputs"),
    ]
    submit_tool_outputs: ToolCalls


class Truncation(AnswerModel):
    """Which messages the model sees."""

    type: Annotated[Literal["auto", "last_messages"], _field("How messages are selected.", "auto")]
    last_messages: Annotated[int | None, _field("Number of newest messages kept.", None)] = None


class Run(AnswerModel):
    """One execution of an assistant on a thread."""

    id: Annotated[str, _field("Id of the run.", "run_abc")]
    object: Annotated[Literal["thread.run"], _field("Kind of object.", "thread.run")]
    created_at: _Created
    thread_id: Annotated[str, _field("Id of the thread.", "thread_abc")]
    assistant_id: Annotated[str, _field("Id of the assistant.", "asst_abc")]
    status: Annotated[_RUN_STATUSES, _field("Current status.", "completed")]
    required_action: Annotated[
        RequiredAction | None, _field("What the run waits for, or null.", None)
    ]
    last_error: Annotated[Fault | None, _field("The error, or null.", None)]
    expires_at: Annotated[
        int | None, _field("Unix time at which the run expires; null if it no longer can.", None)
    ]
    started_at: Annotated[int | None, _time("started")]
    cancelled_at: Annotated[int | None, _time("was cancelled")]
    failed_at: Annotated[int | None, _time("failed")]
    completed_at: Annotated[int | None, _field("Unix time at which it completed.", 1700000003)]
    incomplete_details: Annotated[
        Reason | None, _field("Why the run is incomplete, or null.", None)
    ]
    model: Annotated[str, _field("The model.", "echo")]
    instructions: Annotated[str | None, _field("The system message.", "")]
    tools: _Tools
    metadata: _Metadata
    usage: Annotated[Usage | None, Field(description="Token counts; null until the run has ended.")]
    temperature: _Temperature = None
    top_p: _TopP = None
    max_prompt_tokens: Annotated[int | None, _field("Limit of prompt tokens.", None)]
    max_completion_tokens: Annotated[int | None, _field("Limit of completion tokens.", None)]
    truncation_strategy: Annotated[
        Truncation | None, Field(description="Which messages the model sees.")
    ]
    tool_choice: Annotated[
        dict[str, Any] | str | None,
        _field("`none`, `auto`, `required`, or an object that names the tool.", "auto"),
    ]
    parallel_tool_calls: Annotated[
        bool, _field("Whether the model may call several functions in one turn.", True)
    ]
    response_format: _Format


class Thread(AnswerModel):
    """A conversation."""

    id: Annotated[str, _field("Id of the thread.", "thread_abc")]
    object: Annotated[Literal["thread"], _field("Kind of object.", "thread")]
    created_at: _Created
    tool_resources: _Resources
    metadata: _Metadata


class Message(AnswerModel):
    """One message of a thread."""

    id: Annotated[str, _field("Id of the message.", "msg_abc")]
    object: Annotated[Literal["thread.message"], _field("Kind of object.", "thread.message")]
    created_at: _Created
    thread_id: Annotated[str, _field("Id of the thread.", "thread_abc")]
    status: Annotated[
        Literal["in_progress", "incomplete", "completed"],
        _field("Current status.", "completed"),
    ]
    incomplete_details: Annotated[
        Reason | None, _field("Why the message is incomplete, or null.", None)
    ]
    completed_at: Annotated[int | None, _field("Unix time at which it was completed.", 1700000003)]
    incomplete_at: Annotated[int | None, _time("ended as incomplete")]
    role: Annotated[Literal["user", "assistant"], _field("Author of the message.", "assistant")]
    content: Annotated[
        list[dict[str, Any]],
        _field(
            "The parts, each with its `type`: `text` (with `value` and `annotations`), "
            "`image_file`, `image_url` or `refusal`.",
            [{"type": "text", "text": {"value": "Hello", "annotations": []}}],
        ),
    ]
    assistant_id: Annotated[
        str | None, _field("Id of the assistant that wrote the message.", "asst_abc")
    ]
    run_id: Annotated[str | None, _field("Id of the run that wrote the message.", "run_abc")]
    attachments: Annotated[
        list[dict[str, Any]] | None, _field("Attached files, and the tools that may read them.", [])
    ]
    metadata: _Metadata


class Step(AnswerModel):
    """One step of a run: a message, or tool calls."""

    id: Annotated[str, _field("Id of the step.", "step_abc")]
    object: Annotated[Literal["thread.run.step"], _field("Kind of object.", "thread.run.step")]
    created_at: _Created
    assistant_id: Annotated[str, _field("Id of the assistant.", "asst_abc")]
    thread_id: Annotated[str, _field("Id of the thread.", "thread_abc")]
    run_id: Annotated[str, _field("Id of the run.", "run_abc")]
    type: Annotated[
        Literal["message_creation", "tool_calls"],
        _field("Kind of step.", "message_creation"),
    ]
    status: Annotated[
        Literal["in_progress", "cancelled", "failed", "completed", "expired"],
        _field("Current status.", "completed"),
    ]
    step_details: Annotated[
        dict[str, Any],
        _field(
            "The message or the tool calls, under the name in `type`.",
            {"type": "message_creation", "message_creation": {"message_id": "msg_abc"}},
        ),
    ]
    last_error: Annotated[Fault | None, _field("The error, or null.", None)]
    expired_at: Annotated[int | None, _time("expired")]
    cancelled_at: Annotated[int | None, _time("was cancelled")]
    failed_at: Annotated[int | None, _time("failed")]
    completed_at: Annotated[int | None, _field("Unix time at which it completed.", 1700000003)]
    metadata: _Metadata
    usage: Annotated[
        Usage | None, Field(description="Token counts; null until the step has ended.")
    ]


class Assistant(AnswerModel):
    """A model with instructions and tools, ready to run."""

    id: Annotated[str, _field("Id of the assistant.", "asst_abc")]
    object: Annotated[Literal["assistant"], _field("Kind of object.", "assistant")]
    created_at: _Created
    name: Annotated[str | None, _field("Name of the assistant.", "Helper")]
    description: Annotated[str | None, _field("Description of the assistant.", None)]
    model: Annotated[str, _field("The model.", "echo")]
    instructions: Annotated[str | None, _field("The system message.", None)]
    tools: _Tools
    metadata: _Metadata
    tool_resources: _Resources = None
    temperature: _Temperature = None
    top_p: _TopP = None
    response_format: _Format = None


class Deleted(AnswerModel):
    """The answer to a deletion."""

    id: Annotated[str, _field("Id of the deleted object.", "thread_abc")]
    object: Annotated[str, _field("Kind of object, with `.deleted`.", "thread.deleted")]
    deleted: Annotated[bool, _field("Whether it was deleted.", True)]


class Page(AnswerModel):
    """One page of a list, as `--format raw` shows it; other formats print the items."""

    object: Annotated[Literal["list"], _field("Kind of object.", "list")]
    data: Annotated[list[Any], _field("The items.", [])]
    first_id: Annotated[str | None, _field("Id of the first item.", "msg_abc")]
    last_id: Annotated[
        str | None, _field("Id of the last item: the next page's `after`.", "msg_xyz")
    ]
    has_more: Annotated[bool, _field("Whether another page follows.", False)]


_COLLECTIONS: dict[str, type[AnswerModel]] = {
    "assistants": Assistant,
    "threads": Thread,
    "runs": Run,
    "messages": Message,
    "steps": Step,
}


def answer_of(operation: Operation) -> tuple[type[AnswerModel], bool]:
    """The operation's answer, and whether the answer is a list of such objects.

    Derived from the path, which ends in a collection, or in one of its members and maybe a verb.
    """
    segments = operation.path.split("/")
    collection = next(name for name in reversed(segments) if name in _COLLECTIONS)
    if operation.method == "DELETE":
        return Deleted, False
    is_list = operation.method == "GET" and segments[-1] == collection
    return _COLLECTIONS[collection], is_list


OBJECTS: tuple[type[AnswerModel], ...] = (*_COLLECTIONS.values(), Deleted, Page)
"""All kinds of answers, in the order of the reference."""

EVENTS: tuple[tuple[str, str, str], ...] = (
    ("thread.created", "Thread", "The thread was created."),
    ("thread.run.created", "Run", "The run was created."),
    ("thread.run.queued", "Run", "The run is queued."),
    ("thread.run.in_progress", "Run", "The run is in progress."),
    ("thread.run.requires_action", "Run", "The run waits for tool outputs; the stream ends."),
    ("thread.run.completed", "Run", "The run completed."),
    ("thread.run.incomplete", "Run", "The run ended at a limit."),
    ("thread.run.failed", "Run", "The run failed."),
    ("thread.run.cancelling", "Run", "The run is being cancelled."),
    ("thread.run.cancelled", "Run", "The run was cancelled."),
    ("thread.run.expired", "Run", "The run expired."),
    ("thread.run.step.created", "Step", "A step was created."),
    ("thread.run.step.in_progress", "Step", "The step is in progress."),
    ("thread.run.step.delta", "", "Part of a tool call."),
    ("thread.run.step.completed", "Step", "The step completed."),
    ("thread.run.step.failed", "Step", "The step failed."),
    ("thread.run.step.cancelled", "Step", "The step was cancelled."),
    ("thread.run.step.expired", "Step", "The step expired."),
    ("thread.message.created", "Message", "A message was created."),
    ("thread.message.in_progress", "Message", "The message is being written."),
    ("thread.message.delta", "", "Part of the message."),
    ("thread.message.completed", "Message", "The message is complete."),
    ("thread.message.incomplete", "Message", "The message is incomplete."),
    ("error", "", "The server reports an error; the tool exits with code 4."),
)
"""Events of a stream: name, class of the object in `data`, meaning."""
