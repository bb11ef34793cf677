"""The request bodies of the Assistants family, declared.

Types, bounds and required fields follow the API description; unknown keys are refused at the top
level of a request only, as there.
"""

from openai_cli.engine.validation.checks import (
    Check,
    anything,
    array,
    boolean,
    either,
    integer,
    metadata,
    nullable,
    number,
    record,
    tagged,
    text,
    word,
)

_NAME = r"[A-Za-z0-9_-]+"
_DETAIL = word("auto", "low", "high")

IMAGE_FILE = record(
    {"image_file": record({"file_id": text(), "detail": _DETAIL}, ["file_id"])}, ["image_file"]
)
IMAGE_URL = record(
    {"image_url": record({"url": text(), "detail": _DETAIL}, ["url"])}, ["image_url"]
)
_content = either(
    "one of a string or array of objects",
    (str, text()),
    (
        list,
        array(
            tagged(
                {
                    "text": record({"text": text()}, ["text"]),
                    "image_url": IMAGE_URL,
                    "image_file": IMAGE_FILE,
                }
            ),
            least=1,
        ),
    ),
)
ATTACHMENT = record(
    {
        "file_id": text(),
        "tools": array(tagged({"code_interpreter": anything, "file_search": anything})),
    },
    ["file_id", "tools"],
)
CREATE_MESSAGE = record(
    {
        "role": word("user", "assistant"),
        "content": _content,
        "attachments": nullable(array(ATTACHMENT)),
        "metadata": metadata,
    },
    ["role", "content"],
    closed=True,
)

_ranking = record(
    {"ranker": word("auto", "default_2024_08_21"), "score_threshold": number(0, 1)},
    ["score_threshold"],
)
_function = record(
    {
        "name": text(64, _NAME),
        "description": text(),
        "parameters": record({}),
        "strict": nullable(boolean),
    },
    ["name"],
)
_tool = tagged(
    {
        "code_interpreter": anything,
        "file_search": record(
            {
                "file_search": record(
                    {"max_num_results": integer(1, 50), "ranking_options": _ranking}
                )
            }
        ),
        "function": record({"function": _function}, ["function"]),
    }
)
_json_schema = record(
    {
        "name": text(64, _NAME),
        "description": text(),
        "schema": record({}),
        "strict": nullable(boolean),
    },
    ["name"],
)
_response_format = either(
    "one of 'auto' or an object",
    (str, word("auto")),
    (
        dict,
        tagged(
            {
                "text": anything,
                "json_object": anything,
                "json_schema": record({"json_schema": _json_schema}, ["json_schema"]),
            }
        ),
    ),
)
_tool_choice = either(
    "one of a string or an object",
    (str, word("none", "auto", "required")),
    (
        dict,
        tagged(
            {
                "function": record({"function": record({"name": text()}, ["name"])}, ["function"]),
                "code_interpreter": anything,
                "file_search": anything,
            }
        ),
    ),
)
_truncation = record(
    {"type": word("auto", "last_messages"), "last_messages": nullable(integer(1))}, ["type"]
)
_effort = nullable(word("none", "minimal", "low", "medium", "high", "xhigh", "max"))

_code_resources = record({"file_ids": array(text(), 20)})
_stores = record(
    {
        "file_ids": array(text()),
        "chunking_strategy": tagged({"auto": anything, "static": record({"static": record({})})}),
        "metadata": metadata,
    }
)
TOOL_RESOURCES = nullable(
    record(
        {
            "code_interpreter": _code_resources,
            "file_search": record({"vector_store_ids": array(text(), 1)}),
        }
    )
)
_tool_resources_with_stores = nullable(
    record(
        {
            "code_interpreter": _code_resources,
            "file_search": record(
                {"vector_store_ids": array(text(), 1), "vector_stores": array(_stores, 1)}
            ),
        }
    )
)

_sampling: dict[str, Check] = {
    "temperature": nullable(number(0, 2)),
    "top_p": nullable(number(0, 1)),
    "response_format": nullable(_response_format),
}
ASSISTANT_FIELDS: dict[str, Check] = {
    "model": text(),
    "name": nullable(text(256)),
    "description": nullable(text(512)),
    "instructions": nullable(text(256_000)),
    "reasoning_effort": _effort,
    "tools": array(_tool, 128),
    "metadata": metadata,
    **_sampling,
}
CREATE_ASSISTANT = record(
    {**ASSISTANT_FIELDS, "id": text(), "tool_resources": _tool_resources_with_stores},
    ["model"],
    closed=True,
)
MODIFY_ASSISTANT = record({**ASSISTANT_FIELDS, "tool_resources": TOOL_RESOURCES}, closed=True)

CREATE_THREAD = record(
    {
        "messages": array(CREATE_MESSAGE),
        "tool_resources": _tool_resources_with_stores,
        "metadata": metadata,
    },
    closed=True,
)
MODIFY_THREAD = record({"tool_resources": TOOL_RESOURCES, "metadata": metadata}, closed=True)
MODIFY_METADATA = record({"metadata": metadata}, closed=True)

_run: dict[str, Check] = {
    "assistant_id": text(),
    "model": nullable(text()),
    "instructions": nullable(text(256_000)),
    "tools": nullable(array(_tool, 20)),
    "metadata": metadata,
    "stream": nullable(boolean),
    "max_prompt_tokens": nullable(integer(256)),
    "max_completion_tokens": nullable(integer(256)),
    "truncation_strategy": nullable(_truncation),
    "tool_choice": nullable(_tool_choice),
    "parallel_tool_calls": boolean,
    **_sampling,
}
CREATE_RUN = record(
    {
        **_run,
        "reasoning_effort": _effort,
        "additional_instructions": nullable(text()),
        "additional_messages": nullable(array(CREATE_MESSAGE)),
    },
    ["assistant_id"],
    closed=True,
)
CREATE_THREAD_AND_RUN = record(
    {**_run, "thread": CREATE_THREAD, "tool_resources": TOOL_RESOURCES},
    ["assistant_id"],
    closed=True,
)
SUBMIT_TOOL_OUTPUTS = record(
    {
        "tool_outputs": array(record({"tool_call_id": text(), "output": text()}, ["tool_call_id"])),
        "stream": nullable(boolean),
    },
    ["tool_outputs"],
    closed=True,
)
EMPTY = record({}, closed=True)
