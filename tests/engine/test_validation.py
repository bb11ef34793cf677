"""Three readers of a request agree: the command line, the engine, and the API description."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from random import Random

import pytest

from openai_cli.api.operations import OPERATIONS, operation_named
from openai_cli.engine.routes import HANDLERS
from tests.engine.support import FUNCTION, Api, ask
from tests.support.family import command_named
from tests.support.mutation import BODIES, MESSAGE, Body, broken
from tests.support.openapi import schema_errors
from tests.support.reading import read_args

IDS = {
    "assistant_id": "asst_demo",
    "thread_id": "thread_gone",
    "run_id": "run_gone",
    "message_id": "msg_gone",
}
Refusal = tuple[int, str, str | None, str | None]

NOT_OF_THE_BODY = (
    r"No (thread|run|message|assistant) found with id",
    r".* is not supported by the \w+ (backend|engine)\.",
    r"Invalid 'assistant_id': .* Expected an ID that begins",
    r"Invalid 'tool_choice': .* (is not among the tools|needs at least one tool)",
    r"Missing required parameter: 'truncation_strategy.last_messages'",
    r".* OPENAI_API_KEY",
)
"""Refusals that depend on what is in the store, on the model, or on two fields together."""

SERVER_RULES = {
    "unknown keys": r"Unknown parameter: .*",
    "token budgets": r"Invalid 'max_\w+_tokens': integer below minimum value\. .* >= 256, .*",
    "last messages": r"Invalid 'truncation_strategy.last_messages': integer below .* >= 1, .*",
    "instructions of a run": r"Invalid 'instructions': string too long\. .* length 256000, .*",
    "tools of a run": r"Invalid 'tools': array too long\. .* length 20, .*",
    "files": r"Invalid '.*\.file_ids': array too long\. .* length 20, .*",
    "stores": r"Invalid '.*\.vector_store(s|_ids)': array too long\. .* length 1, .*",
    "content": r"Invalid '.*content': array too short\. .* length 1, .*",
    "null for what is not set": r"Invalid type for '.*': expected .*, but got null instead\.",
}
"""What only servers refuse: the command line sends it, since other servers may take it."""

ONLY_IN_WORDS = (
    r"Invalid '.*metadata(\..*)?': ",
    r"Invalid '.*\.name': string ",
    r"Invalid '.*': empty string",
    r"Missing required parameter: '(tool_choice\.function|tool_outputs\[\d+\]\.tool_call_id)'",
    r"Invalid 'truncation_strategy.last_messages': integer below",
    r"Invalid 'instructions': string too long",
)
"""Refusals of what the schemas allow: limits that stand in prose only, or on the pages."""

LENIENT = re.compile(r".*'file_search': .* is not valid under any of the given schemas", re.DOTALL)
"""The description wants a vector store where file search has resources; nobody else does."""


def fits(message: str, patterns: Iterable[str]) -> bool:
    return any(re.match(pattern, message, re.DOTALL) for pattern in patterns)


def ask_engine(api: Api, name: str, body: Body) -> Refusal | None:
    """The refusal of a body, if it is one."""
    path = operation_named(name).path.format(**IDS)
    response = api.client.post(path, json=body)
    if response.status_code == 200:
        return None
    error = response.json()["error"]
    assert response.status_code < 500, error
    return response.status_code, error["message"], error["param"], error["code"]


@pytest.mark.slow
@pytest.mark.parametrize("name", BODIES)
def test_readers_agree(name: str, tmp_path: Path) -> None:
    schema = command_named(name).request_body
    ids = [IDS[field] for field in operation_named(name).path_fields]
    taken: Counter[bool] = Counter()
    api = Api(tmp_path / "x.db")
    for seed in range(400):
        body = broken(BODIES[name], Random(f"{name} {seed}"))
        refusal = ask_engine(api, name, body)
        message = refusal[1] if refusal else ""
        refused = refusal is not None and not fits(message, NOT_OF_THE_BODY)
        taken[refused] += 1
        if read_args(name, *ids, stdin=json.dumps(body)).problems:
            assert refused, body
        elif refused:
            assert fits(message, SERVER_RULES.values()), (body, refusal)
        misfits = schema_errors(body, schema)
        if not refused:
            assert [one for one in misfits if not LENIENT.match(one)] == [], (body, refusal)
        elif not fits(message, ONLY_IN_WORDS):
            assert misfits, (body, refusal)
    api.close()
    assert min(taken[True], taken[False]) > 20, taken


def test_each_operation_has_its_handler() -> None:
    assert [*HANDLERS] == [operation.name for operation in OPERATIONS]


@pytest.mark.parametrize("name", BODIES)
def test_whole_bodies_are_taken(name: str, api: Api) -> None:
    """With every field set there is nothing to refuse but ids, and what echo cannot carry."""
    assert schema_errors(BODIES[name], command_named(name).request_body) == []
    refusal = ask_engine(api, name, BODIES[name])
    assert refusal is None or fits(refusal[1], NOT_OF_THE_BODY)


@pytest.mark.parametrize(
    ("path", "body", "refusal"),
    [
        ("/assistants", {"model": ""},
         ("Invalid 'model': empty string. Expected a string with minimum length 1, but got an "
          "empty string instead.", "model", "empty_string")),
        ("/assistants", {"model": "m", "tools": [{**FUNCTION, "function": {
            "name": "f", "description": None}}]},
         ("Invalid type for 'tools[0].function.description': expected a string, but got null "
          "instead.", "tools[0].function.description", "invalid_type")),
        ("/assistants", {"model": "m", "tools": [{"type": "function", "function": {"name": "é"}}]},
         ("Invalid 'tools[0].function.name': string does not match pattern. Expected a string that "
          "matches the pattern '^[A-Za-z0-9_-]+$'.", "tools[0].function.name", "invalid_value")),
        ("/assistants", {"model": "m", "tools": [{"type": "function", "function": {
            "name": "x" * 65}}]},
         ("Invalid 'tools[0].function.name': string too long. Expected a string with maximum "
          "length 64, but got a string with length 65 instead.",
          "tools[0].function.name", "string_above_max_length")),
        ("/assistants", {"model": "m", "tools": ["file_search"]},
         ("Invalid type for 'tools[0]': expected an object, but got a string instead.",
          "tools[0]", "invalid_type")),
        ("/assistants", {"model": "m", "tools": [{"type": 7}]},
         ("Invalid type for 'tools[0].type': expected a string, but got an integer instead.",
          "tools[0].type", "invalid_type")),
        ("/threads", {"messages": ["Hi"]},
         ("Invalid type for 'messages[0]': expected an object, but got a string instead.",
          "messages[0]", "invalid_type")),
        ("/threads", {"messages": [{**MESSAGE, "bogus": 1}]},
         ("Unknown parameter: 'messages[0].bogus'.", "messages[0].bogus", "unknown_parameter")),
        ("/threads", {"tool_resources": {"code_interpreter": {"file_ids": ["f"] * 21}}},
         ("Invalid 'tool_resources.code_interpreter.file_ids': array too long. Expected an array "
          "with maximum length 20, but got an array with length 21 instead.",
          "tool_resources.code_interpreter.file_ids", "array_above_max_length")),
        ("/threads/runs", ask("x", tool_choice={"type": "function"}),
         ("Missing required parameter: 'tool_choice.function'.",
          "tool_choice.function", "missing_required_parameter")),
        ("/threads/runs", ask("x", instructions="x" * 256_001),
         ("Invalid 'instructions': string too long. Expected a string with maximum length 256000, "
          "but got a string with length 256001 instead.",
          "instructions", "string_above_max_length")),
        ("/threads/THREAD/messages", {"role": "user", "content": "x", "thread_id": "thread_1"},
         ("Unknown parameter: 'thread_id'.", "thread_id", "unknown_parameter")),
        ("/threads/THREAD/runs", {"assistant_id": "asst_demo", "include": []},
         ("Unknown parameter: 'include'.", "include", "unknown_parameter")),
        ("/threads/THREAD?bogus=1", {},
         ("Unknown parameter: 'bogus'.", "bogus", "unknown_parameter")),
        ("/threads/THREAD/runs?include=all", {"assistant_id": "asst_demo"},
         ("Invalid value: 'all'. Supported values are: "
          "'step_details.tool_calls[*].file_search.results[*].content'.",
          "include[0]", "invalid_value")),
    ],
)  # fmt: skip
def test_refused(api: Api, path: str, body: Body, refusal: tuple[str, str, str]) -> None:
    thread = api.post("/threads")["id"]
    assert api.refused("POST", path.replace("THREAD", thread), body) == (400, *refusal)


def test_numbers_are_whole_whatever_their_spelling(api: Api) -> None:
    """JSON has one kind of number, and 300.0 is an integer by JSON Schema."""
    last = {"type": "last_messages", "last_messages": 1e30}
    run = api.run("x", max_prompt_tokens=300.0, truncation_strategy=last)
    assert (run["status"], run["max_prompt_tokens"]) == ("completed", 300)
    assert run["truncation_strategy"] == {"type": "last_messages", "last_messages": int(1e30)}


def test_an_attachment_without_a_file_adds_nothing(api: Api) -> None:
    """The API description requires neither of an attachment's keys."""
    messages = [{**MESSAGE, "content": "x", "attachments": [{}, {"tools": []}]}]
    run = api.post("/threads/runs", {"assistant_id": "asst_demo", "thread": {"messages": messages}})
    assert run["status"] == "completed"
    (_, asked) = api.get(f"/threads/{run['thread_id']}/messages")["data"]
    assert asked["attachments"] == [{}, {"tools": []}]
