"""Requests of `beta:threads:runs` and its steps (annotations not postponed: see `shared`)."""

from typing import Annotated

from pydantic import Field

from openai_cli.api.base import FlagNote, Metadata, Omittable, RequestModel, RequiredText, Text
from openai_cli.api.models.page_query import PageQuery
from openai_cli.api.models.run_settings import RunSettings
from openai_cli.api.models.shared import (
    PAIRS,
    Include,
    NewMessage,
    ReasoningEffort,
    RunId,
    StepId,
    ThreadId,
    kept_with,
    message_of_text,
)


class CreateRun(RunSettings):
    """`POST /threads/{thread_id}/runs`: run an assistant on an existing thread."""

    thread_id: ThreadId
    include: Include = []
    additional_instructions: Annotated[
        Text | None, Field(description="Text to append to the instructions of this run.")
    ] = None
    additional_messages: Annotated[
        list[NewMessage] | None,
        Field(
            description="A message to add to the thread before the run: the text of a user "
            "message, or an object {role, content, …}. Repeatable."
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
    """`GET /threads/{thread_id}/runs/{run_id}`; also the request to cancel the run."""

    thread_id: ThreadId
    run_id: RunId


class UpdateRun(RetrieveRun):
    """`POST /threads/{thread_id}/runs/{run_id}`."""

    metadata: Annotated[Metadata | None, kept_with("the run"), PAIRS] = None


class ListRuns(PageQuery):
    """`GET /threads/{thread_id}/runs`."""

    thread_id: ThreadId


class ToolOutput(RequestModel):
    """The output of one function call."""

    tool_call_id: Annotated[
        RequiredText,
        Field(description="The id of the answered call."),
        FlagNote(panel="Required", metavar="ID"),
    ]
    output: Annotated[Omittable[Text], Field(description="The function's output, as text.")] = None


class SubmitToolOutputs(RetrieveRun):
    """`POST /threads/{thread_id}/runs/{run_id}/submit_tool_outputs`."""

    tool_outputs: Annotated[
        list[ToolOutput],
        Field(
            description="An output that the run waits for: {tool_call_id, output}. Repeatable; "
            "one request sends all outputs."
        ),
        FlagNote(name="tool-output", panel="Required", metavar="OUTPUT"),
    ]
    stream: Annotated[
        bool | None, Field(description="Print events as they arrive; --stream alone means true.")
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
