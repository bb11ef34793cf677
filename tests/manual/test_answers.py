"""What the reference says of answers is what servers send."""

from __future__ import annotations

import json
from pathlib import Path
from types import NoneType
from typing import Any

import pytest

from openai_cli.api.flags import members
from openai_cli.api.models import answers
from openai_cli.api.models.answers import EVENTS, AnswerModel, answer_of
from openai_cli.api.operation import Operation
from openai_cli.api.operations import OPERATIONS
from openai_cli.manual.schema_rows import Shape
from tests.support.shell import Shell

FACTS = Path(__file__).parents[1] / "data" / "facts"
SCHEMAS = json.loads((FACTS / "schemas.json").read_text())
DOCUMENTED = json.loads((FACTS / "operations.json").read_text())
NAMES = {
    "AssistantObject": answers.Assistant,
    "ThreadObject": answers.Thread,
    "RunObject": answers.Run,
    "MessageObject": answers.Message,
    "RunStepObject": answers.Step,
    "DeleteThreadResponse": answers.Deleted,
    "DeleteAssistantResponse": answers.Deleted,
    "DeleteMessageResponse": answers.Deleted,
    "ListAssistantsResponse": answers.Page,
}


@pytest.mark.parametrize("name", NAMES)
def test_keys_are_the_documented_ones(name: str) -> None:
    facts, fields = SCHEMAS["field_presence"][name], NAMES[name].model_fields
    required = {*facts["required_non_null"], *facts["required_nullable"]}
    optional = {*facts["optional_non_null"], *facts["optional_nullable"]}
    assert {key for key, info in fields.items() if info.is_required()} == required
    assert {key for key, info in fields.items() if not info.is_required()} == optional
    nullable = {key for key, info in fields.items() if NoneType in members(info.annotation)}
    documented = {*facts["required_nullable"], *facts["optional_nullable"]}
    # Servers send null for these although it is not documented.
    assert nullable - documented <= {"instructions", "first_id", "last_id"}
    assert documented <= nullable


@pytest.mark.parametrize("facts", DOCUMENTED, ids=lambda facts: str(facts["command"]))
def test_the_path_tells_the_answer(facts: dict[str, Any]) -> None:
    resource, command = facts["command"].split()
    operation = Operation(resource, command, "", facts["method"], facts["path"], "")
    model, is_list = answer_of(operation)
    if is_list:
        assert facts["response_object"] == "list"
        item = facts["response"].removeprefix("List").removesuffix("sResponse")
        assert item.removeprefix("Run") == model.__name__ or item == model.__name__
    elif model is answers.Deleted:
        assert facts["response_object"].endswith(".deleted")
    else:
        assert facts["response_object"] == Shape(model).sample()["object"]


def test_every_declared_operation_has_an_answer() -> None:
    assert {answer_of(operation)[0] for operation in OPERATIONS} <= set(answers.OBJECTS)


@pytest.mark.parametrize("model", answers.OBJECTS, ids=lambda model: model.__name__)
def test_the_sample_is_such_an_object(model: type[AnswerModel]) -> None:
    sample = Shape(model).sample()
    model.model_validate(sample)
    assert list(sample) == list(model.model_fields)


def test_the_documented_run_is_one(example_run: dict[str, Any]) -> None:
    answers.Run.model_validate(example_run)


def test_the_engine_sends_such_objects(openai: Shell) -> None:
    done = openai(
        "--local beta:threads create-and-run --assistant-id asst_demo --message Hi "
        "--stream --format jsonl"
    )
    models = {model.__name__: model for model in answers.OBJECTS}
    kinds = {name: models.get(kind) for name, kind, _ in EVENTS}
    seen = set()
    for line in done.lines:
        model = kinds[line["event"]]
        if model:
            seen.add(model.__name__)
            assert model.model_validate(line["data"]).model_fields_set >= set(model.model_fields)
    assert seen == {"Thread", "Run", "Step", "Message"}


def test_events_are_the_documented_ones() -> None:
    documented = {event["event"] for event in SCHEMAS["stream_events"]} - {"done"}
    assert {name for name, _, _ in EVENTS} == documented
    for event in SCHEMAS["stream_events"]:
        kind = {name: kind for name, kind, _ in EVENTS}.get(event["event"])
        if kind:
            assert NAMES[event["data"]].__name__ == kind
