"""Requests of `beta:threads:runs` and its steps (annotations not postponed: see `shared`)."""

from typing import Annotated

from pydantic import Field

from openai_cli.api.base import (
    FlagNote,
    Integer,
    Metadata,
    Omittable,
    RequestModel,
    RequiredText,
    ServerRule,
    Text,
)
from openai_cli.api.models.shared import (
    PAIRS,
    TOOL_NOTE,
    Include,
    NewMessage,
    PageQuery,
    ReasoningEffort,
    ReplyFormat,
    RunId,
    StepId,
    Temperature,
    ThreadId,
    Tool,
    ToolChoice,
    TopP,
    TruncationStrategy,
    kept_with,
    message_of_text,
)


class RunSettings(RequestModel):
    """What every request that starts a run may say about it."""

    assistant_id: Annotated[
        RequiredText,
        Field(description="The assistant that does the run."),
        FlagNote(panel="Required", metavar="ID"),
    ]
    instructions: Annotated[
        Text | None,
        Field(description="System message for this run, in place of the assistant's."),
        ServerRule(longest=256_000),
    ] = None
    max_completion_tokens: Annotated[
        Integer | None,
        Field(description="Budget of completion tokens; past it the run ends as incomplete."),
        ServerRule(least=256),
    ] = None
    max_prompt_tokens: Annotated[
        Integer | None,
        Field(description="Budget of prompt tokens; past it the run ends as incomplete."),
        ServerRule(least=256),
    ] = None
    metadata: Annotated[
        Metadata | None,
        kept_with("the run"),
        PAIRS,
    ] = None
    model: Annotated[
        Text | None,
        Field(description="Model for this run, in place of the assistant's."),
    ] = None
    parallel_tool_calls: Annotated[
        bool,
        Field(description="Whether the model may ask for several functions in one turn."),
    ] = True
    response_format: ReplyFormat = None
    temperature: Temperature = None
    tool_choice: Annotated[
        ToolChoice | None,
        Field(
            description="none, auto, required, or the tool to use: {type: file_search}, "
            "{type: function, function: {name: NAME}}."
        ),
        FlagNote(metavar="CHOICE", words=("none", "auto", "required")),
    ] = None
    tools: Annotated[
        list[Tool] | None,
        Field(
            description="A tool for this run, in place of the assistant's: code_interpreter, "
            "file_search, or an object. Repeatable; takes a whole list too."
        ),
        ServerRule(longest=20),
        TOOL_NOTE,
    ] = None
    top_p: TopP = None
    truncation_strategy: Annotated[
        TruncationStrategy | None,
        Field(description="Which messages the model sees: {type, last_messages}."),
    ] = None
    stream: Annotated[
        bool | None,
        Field(description="Print events as they happen; bare means true."),
    ] = None


class CreateRun(RunSettings):
    """`POST /threads/{thread_id}/runs`: run an assistant on a thread that is there."""

    thread_id: ThreadId
    include: Include = []
    additional_instructions: Annotated[
        Text | None, Field(description="Text to put behind the instructions, for this run.")
    ] = None
    additional_messages: Annotated[
        list[NewMessage] | None,
        Field(
            description="A message to add to the thread before the run: a text the user says, "
            "or an object {role, content, …}. Repeatable."
        ),
        FlagNote(
            name="additional-message",
            panel="Thread",
            metavar="TEXT",
            word=message_of_text,
            any_text=True,
        ),
    ] = None
    reasoning_effort: ReasoningEffort = None


class RetrieveRun(RequestModel):
    """`GET /threads/{thread_id}/runs/{run_id}`; also what cancelling takes."""

    thread_id: ThreadId
    run_id: RunId


class UpdateRun(RetrieveRun):
    """`POST /threads/{thread_id}/runs/{run_id}`."""

    metadata: Annotated[Metadata | None, kept_with("the run"), PAIRS] = None


class ListRuns(PageQuery):
    """`GET /threads/{thread_id}/runs`."""

    thread_id: ThreadId


class ToolOutput(RequestModel):
    """What a function gave back."""

    tool_call_id: Annotated[
        RequiredText,
        Field(description="The call this is the output of."),
        FlagNote(panel="Required", metavar="ID"),
    ]
    output: Annotated[
        Omittable[Text], Field(description="What the function gave back, as text.")
    ] = None


class SubmitToolOutputs(RetrieveRun):
    """`POST /threads/{thread_id}/runs/{run_id}/submit_tool_outputs`."""

    tool_outputs: Annotated[
        list[ToolOutput],
        Field(
            description="An output the run waits for: {tool_call_id, output}. Repeatable; all "
            "outputs go in one request."
        ),
        FlagNote(name="tool-output", panel="Required", metavar="OUTPUT"),
    ]
    stream: Annotated[
        bool | None, Field(description="Print events as they happen; bare means true.")
    ] = None


class RetrieveStep(RetrieveRun):
    """`GET /threads/{thread_id}/runs/{run_id}/steps/{step_id}`."""

    step_id: StepId
    include: Include = []


class ListSteps(PageQuery):
    """`GET /threads/{thread_id}/runs/{run_id}/steps`."""

    thread_id: ThreadId
    run_id: RunId
    include: Include = []
