"""Objects that several requests share: tools, resources, formats, messages.

Annotations are not postponed here: pydantic would compile each of them again at start-up.
"""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from openai_cli.api.base import (
    FlagNote,
    InQuery,
    Integer,
    Metadata,
    Name,
    Number,
    Omittable,
    RequestModel,
    RequiredText,
    ServerRule,
    Text,
    between,
    missing,
    tagged,
    text_or_list,
)

ID_NOTE = FlagNote(panel="Required", metavar="ID")

ThreadId = Annotated[RequiredText, Field(description="The thread."), ID_NOTE]
RunId = Annotated[RequiredText, Field(description="The run."), ID_NOTE]
StepId = Annotated[RequiredText, Field(description="The step."), ID_NOTE]
MessageId = Annotated[RequiredText, Field(description="The message."), ID_NOTE]
AssistantId = Annotated[RequiredText, Field(description="The assistant."), ID_NOTE]

PAIRS = FlagNote(pairs=True)


def kept_with(what: str) -> Any:
    """The description of the metadata of `what`."""
    return Field(description=f"Up to 16 key-value pairs for {what}: {{key: text}}, or key=value.")


Include = Annotated[
    list[Literal["step_details.tool_calls[*].file_search.results[*].content"]],
    Field(description="Additional data in the answer: the content of file search results."),
    FlagNote(panel="Output", metavar="FIELD"),
    InQuery(),
]

ReasoningEffort = Annotated[
    Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"] | None,
    Field(description="Reasoning effort of the model."),
]


class RankingOptions(RequestModel):
    """How file search ranks its results."""

    score_threshold: Annotated[Number, between(0, 1)]
    ranker: Omittable[Literal["auto", "default_2024_08_21"]] = None


class FileSearchSettings(RequestModel):
    """Settings of the file search tool."""

    max_num_results: Omittable[Annotated[Integer, Field(ge=1, le=50)]] = None
    ranking_options: Omittable[RankingOptions] = None


class CodeInterpreterTool(RequestModel):
    """Run code."""

    type: Literal["code_interpreter"]


class FileSearchTool(RequestModel):
    """Search files."""

    type: Literal["file_search"]
    file_search: Omittable[FileSearchSettings] = None


class FunctionDefinition(RequestModel):
    """A function that the model may call."""

    name: Name
    description: Omittable[Text] = None
    parameters: Omittable[dict[str, Any]] = None
    strict: bool | None = None


class FunctionTool(RequestModel):
    """A function that the caller runs."""

    type: Literal["function"]
    function: FunctionDefinition


Tool = tagged(
    "type",
    code_interpreter=CodeInterpreterTool,
    file_search=FileSearchTool,
    function=FunctionTool,
)


TOOL_WORDS = ("code_interpreter", "file_search")


def tool_of_word(word: str) -> object | None:
    """The tool object for `code_interpreter` and `file_search`; None for other words."""
    return {"type": word} if word in TOOL_WORDS else None


TOOL_NOTE = FlagNote(name="tool", metavar="TOOL", word=tool_of_word, words=TOOL_WORDS)


class FunctionName(RequestModel):
    """Which function to call."""

    name: RequiredText


class NamedTool(RequestModel):
    """A tool the model must use."""

    type: Literal["code_interpreter", "file_search"]


class NamedFunction(RequestModel):
    """A function the model must use."""

    type: Literal["function"]
    function: Omittable[FunctionName] = None

    @model_validator(mode="after")
    def _named(self) -> "NamedFunction":
        # Documented page, --tool-choice: "If type is `function`, the function name must be set".
        if self.function is None:
            raise missing("function", 'needed when type is "function": {name: …}')
        return self


ToolChoice = tagged(
    "type",
    ("none", "auto", "required"),
    function=NamedFunction,
    code_interpreter=NamedTool,
    file_search=NamedTool,
)


class PlainFormat(RequestModel):
    """Text, or JSON without a schema."""

    type: Literal["text", "json_object"]


class JsonSchema(RequestModel):
    """A named JSON Schema the answer must follow."""

    name: Name
    description: Omittable[Text] = None
    # Trailing underscore: pydantic's own `schema` would be shadowed.
    schema_: Annotated[Omittable[dict[str, Any]], Field(alias="schema")] = None
    strict: bool | None = None


class JsonSchemaFormat(RequestModel):
    """JSON that follows a schema."""

    type: Literal["json_schema"]
    json_schema: JsonSchema


ResponseFormat = tagged(
    "type", ("auto",), text=PlainFormat, json_object=PlainFormat, json_schema=JsonSchemaFormat
)

ReplyFormat = Annotated[
    ResponseFormat | None,  # type: ignore[valid-type]  # a computed type
    Field(
        description="Shape of the reply: auto, {type: text}, {type: json_object}, or "
        "{type: json_schema, json_schema: {name, schema, …}}."
    ),
    FlagNote(metavar="FORMAT", words=("auto",)),
]
Temperature = Annotated[
    Annotated[Number, between(0, 2)] | None,
    Field(description="Sampling temperature, 0 to 2: low is focused, high is varied."),
]
TopP = Annotated[
    Annotated[Number, between(0, 1)] | None,
    Field(description="Nucleus sampling, 0 to 1: the probability mass to sample from."),
]


class CodeInterpreterResources(RequestModel):
    """Files for the code interpreter."""

    file_ids: Annotated[Omittable[list[str]], ServerRule(longest=20)] = None


class FileSearchResources(RequestModel):
    """Vector stores for file search, by id or (in a new thread) described."""

    vector_store_ids: Annotated[Omittable[list[str]], ServerRule(longest=1)] = None
    vector_stores: Annotated[Omittable[list[dict[str, Any]]], ServerRule(longest=1)] = None


class ToolResources(RequestModel):
    """Files and vector stores for tools."""

    code_interpreter: Annotated[
        Omittable[CodeInterpreterResources],
        Field(description="Files for the code interpreter: {file_ids: [ID, …]}."),
    ] = None
    file_search: Annotated[
        Omittable[FileSearchResources],
        Field(description="Vector stores for file search: {vector_store_ids: [ID]}."),
    ] = None


class TruncationStrategy(RequestModel):
    """Which messages of the thread reach the model."""

    type: Annotated[
        Literal["auto", "last_messages"],
        Field(description="auto, or last_messages to keep only the newest ones."),
    ]
    last_messages: Annotated[
        Integer | None,
        Field(description="How many of the newest messages to keep."),
        ServerRule(least=1),
    ] = None


class TextPart(RequestModel):
    """Text in a message."""

    type: Literal["text"]
    text: Text


class ImageUrl(RequestModel):
    """The URL of an image."""

    url: Text
    detail: Omittable[Literal["auto", "low", "high"]] = None


class ImageUrlPart(RequestModel):
    """An image by URL, in a message."""

    type: Literal["image_url"]
    image_url: ImageUrl


class ImageFile(RequestModel):
    """The file id of an image."""

    file_id: Text
    detail: Omittable[Literal["auto", "low", "high"]] = None


class ImageFilePart(RequestModel):
    """An image by file id, in a message."""

    type: Literal["image_file"]
    image_file: ImageFile


ContentPart = tagged("type", text=TextPart, image_url=ImageUrlPart, image_file=ImageFilePart)


class AttachmentTool(RequestModel):
    """A tool that may read an attached file."""

    type: Literal["code_interpreter", "file_search"]


class Attachment(RequestModel):
    """A file attached to a message."""

    file_id: Annotated[
        Omittable[Text], Field(description="The attached file."), FlagNote(metavar="ID")
    ] = None
    tools: Annotated[
        Omittable[list[AttachmentTool]],
        Field(description="A tool that may read the file: {type: file_search}, or a list."),
        FlagNote(metavar="TOOL"),
    ] = None


Role = Annotated[Literal["user", "assistant"], Field(description="Author of the message.")]
_TextOrParts = text_or_list(ContentPart)
Content = Annotated[
    _TextOrParts,  # type: ignore[valid-type]  # a computed type
    Field(description="Content of the message: a text, or a list of parts {type: text, text: …}."),
    ServerRule(fewest=1),
]


class NewMessage(RequestModel):
    """One message of a thread."""

    closed = True

    role: Role
    content: Annotated[Content, FlagNote(metavar="TEXT", any_text=True)]
    attachments: Annotated[
        list[Attachment] | None,
        Field(description="An attached file: {file_id, tools: [{type}]}, or a list."),
        FlagNote(metavar="ATTACHMENT"),
    ] = None
    metadata: Annotated[Metadata | None, kept_with("the message"), FlagNote(pairs=True)] = None


def message_of_text(text: str) -> object:
    """A user message with this text."""
    return {"role": "user", "content": text}
