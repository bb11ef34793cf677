"""What is sent fits the API description: read by a JSON Schema validator, and by the mock server
that the documented tool is tested with."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from jsonschema import Draft202012Validator

from tests.support.mock_server import MockServer
from tests.support.openapi import request_schema
from tests.support.shell import Result, Shell
from tests.support.wire import CASES, Case

OWN_KEYS = {"flag-spelling-is-unknown-key", "inner-unknown-key-kept"}
"""Cases that send keys the description does not have, on purpose: servers have extensions."""

SENT = [case for case in CASES if case.sent and case.path == "/v1/threads/runs"]
FITTING = [case for case in SENT if case.name not in OWN_KEYS]
MISFITS: dict[str, tuple[str, str]] = {
    "no assistant": ("{thread: {messages: []}}", "assistant_id"),
    "number as text": ('{assistant_id: a, temperature: "1"}', "temperature"),
    "one tool, no list": ("{assistant_id: a, tools: {type: code_interpreter}}", "tools"),
    "no such role": ("{assistant_id: a, thread: {messages: [{role: x, content: y}]}}", "thread"),
    "no such key": ("{assistant_id: a, more: 1}", "more"),
    "too few tokens": ("{assistant_id: a, max_prompt_tokens: 1}", "max_prompt_tokens"),
    "metadata that is no text": ("{assistant_id: a, metadata: {n: 1}}", "metadata"),
}
"""Bodies sent with --no-validate, and where the description does not allow them."""


def test_nearly_all_recorded_cases_are_held_against_it() -> None:
    assert len(SENT) > 170
    assert {case.name for case in SENT} > OWN_KEYS


@pytest.fixture(scope="module")
def body_schema() -> Draft202012Validator:
    schema = request_schema()
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@pytest.mark.parametrize("case", FITTING, ids=lambda case: case.name)
def test_body_fits(case: Case, body_schema: Draft202012Validator) -> None:
    """`test_wire` shows that the tool sends these very bodies."""
    body_schema.validate(case.body)


@pytest.mark.parametrize("case", [c for c in SENT if c.name in OWN_KEYS], ids=lambda c: c.name)
def test_own_keys_are_all_that_does_not_fit(case: Case, body_schema: Draft202012Validator) -> None:
    found = {error.validator for error in body_schema.iter_errors(case.body)}
    assert found == {"additionalProperties"}


@pytest.mark.in_process
@pytest.mark.parametrize(("body", "place"), MISFITS.values(), ids=MISFITS)
def test_validator_can_say_no(
    body: str, place: str, openai: Shell, body_schema: Draft202012Validator
) -> None:
    shown = openai(*_UNCHECKED, "--dry-run", "--transform", "body", stdin=body)
    found = [f"{e.json_path} {e.message}" for e in body_schema.iter_errors(shown.json)]
    assert place in str(found)


_UNCHECKED = ("beta:threads", "create-and-run", "--no-validate")


@pytest.fixture(scope="module")
def mock_server() -> Iterator[MockServer]:
    with MockServer() as server:
        yield server


@pytest.mark.slow
@pytest.mark.in_process
@pytest.mark.parametrize("case", FITTING, ids=lambda case: case.name)
def test_mock_server_takes_the_request(case: Case, mock_server: MockServer, openai: Shell) -> None:
    case.lay_out(openai.folder)
    url = mock_server.url
    done = openai(*case.args(url), "--debug", stdin=case.stdin, env=case.environ(url))
    assert (done.code, _verdict(done)) == (0, []), done.err
    assert done.stdout


@pytest.mark.slow
@pytest.mark.in_process
@pytest.mark.parametrize(("body", "place"), MISFITS.values(), ids=MISFITS)
def test_mock_server_can_say_no(
    body: str, place: str, mock_server: MockServer, openai: Shell
) -> None:
    done = openai(*_UNCHECKED, "--debug", "--base-url", mock_server.url, stdin=body)
    assert place in str(_verdict(done))


@pytest.mark.slow
def test_mock_server_takes_the_other_operation(mock_server: MockServer, openai: Shell) -> None:
    words = ("beta:threads:runs", "retrieve", "thread_1", "run_1", "--base-url", mock_server.url)
    done = openai(*words, "--debug")
    assert (done.code, _verdict(done)) == (0, []), done.err
    assert done.json["object"] == "thread.run"


def _verdict(done: Result) -> list[str]:
    """What the mock server found wrong, out of the headers that --debug shows."""
    count = re.search(r"^< x-steady-error-count: (\d+)$", done.err, re.MULTILINE)
    assert count, done.err
    found = re.findall(r"^< x-steady-error-\d+-(?:path|message): (.*)$", done.err, re.MULTILINE)
    assert bool(found) == (count[1] != "0")
    return [str(line) for line in found]
