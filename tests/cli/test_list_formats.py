"""Lists in every format: items one by one, or the envelope as it came."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.cli.conftest import Run, message
from tests.cli.test_lists import LISTS
from tests.support.listing import RUNS, envelope
from tests.support.server import Reply, Server

TWO = (
    b'{ "object":"list","data":[ {"id" : "run_1", "n": 1.0, "big": 123456789012345678901234567890}'
    b',\n{"z": "\\u00e9", "id":"run_2", "a": [1, 2],"a": null}], "has_more":false, "first_id": 7}'
)
FIRST = '{"id":"run_1","n":1.0,"big":123456789012345678901234567890}'
SECOND = '{"z":"\\u00e9","id":"run_2","a":[1,2],"a":null}'


@pytest.fixture
def two(quick: Run, server: Server) -> Callable[..., str]:
    """What a list of two items prints."""

    def run(*args: str) -> str:
        server.reply(Reply(body=TWO))
        result = quick(*RUNS, *args)
        assert (result.code, result.err) == (0, ""), result.err
        return result.out

    return run


def test_json_and_auto_print_one_object_after_another(two: Callable[..., str]) -> None:
    first = FIRST.replace("{", "{\n  ").replace(",", ",\n  ").replace(":", ": ")[:-1] + "\n}\n"
    for args in ((), ("--format=json",), ("--format=auto",)):
        out = two(*args)
        assert out.startswith(first + '{\n  "z": "\\u00e9",\n  "id": "run_2",\n  "a": [\n    1,')
        assert out.endswith('  "a": null\n}\n')


def test_jsonl_prints_a_line_each(two: Callable[..., str]) -> None:
    assert two("--format=jsonl") == f"{FIRST}\n{SECOND}\n"


def test_yaml_prints_documents(two: Callable[..., str]) -> None:
    out = two("--format=yaml")
    head = 'id: run_1\n"n": 1.0\nbig: 123456789012345678901234567890\n---\nz: é\n'
    assert out.startswith(head)
    assert two("--format=yaml", "--transform=id") == "run_1\n---\nrun_2\n"


def test_raw_prints_the_envelope_byte_for_byte(quick: Run, server: Server) -> None:
    more = TWO.replace(b"false", b"true")
    server.reply(Reply(body=more))
    for args in ((), ("--max-items=1",), ("--max-items=0",)):
        server.seen.clear()
        result = quick(*RUNS, "--format=raw", *args)
        assert (result.code, result.stdout, len(server.seen)) == (0, more, 1)


def test_transforms_apply_to_each_item(two: Callable[..., str]) -> None:
    assert two("--transform=id", "-r") == "run_1\nrun_2\n"
    assert two("--transform={id,big}", "--format=jsonl") == (
        '{"id":"run_1","big":123456789012345678901234567890}\n{"id":"run_2"}\n'
    )
    assert two("--transform=id", "--format=raw") == '"run_1"\n"run_2"\n'
    assert two("--transform=id", "--format=text") == "run_1\nrun_2\n"


def test_text_prints_the_replies_in_a_list_of_messages(quick: Run, server: Server) -> None:
    asked = {**message("What?"), "role": "user", "id": "m0"}
    server.reply(
        Reply(body=envelope([asked, message("One.\nTwo.", id="m1")], has_more=True)),
        Reply(body=envelope([message("Three.", id="m2")], has_more=False)),
    )
    result = quick("beta:threads:messages list t --format text")
    assert (result.code, result.out, result.err) == (0, "One.\nTwo.\nThree.\n", "")


def test_text_says_when_there_is_no_reply(quick: Run, server: Server) -> None:
    server.reply(Reply(body=envelope([{**message("What?"), "role": "user"}], has_more=False)))
    result = quick("beta:threads:messages list t --format text")
    assert (result.code, result.out) == (0, "")
    assert result.err == "note: this list contains no message of an assistant\n"


@pytest.mark.parametrize("format", ["auto", "json", "jsonl", "yaml", "pretty"])
def test_an_empty_list_prints_nothing(format: str, quick: Run, server: Server) -> None:
    server.reply(Reply(body=envelope([], has_more=False)))
    result = quick(*RUNS, "--format", format)
    assert (result.code, result.out, result.err) == (0, "", "")


@pytest.mark.parametrize("command", LISTS)
def test_dry_run_shows_the_first_request(command: str, quick: Run, server: Server) -> None:
    result = quick(f"{command} --limit 5 --dry-run --transform url -r")
    assert (result.code, server.seen) == (0, [])
    assert result.out.endswith("?limit=5\n")
