"""Lists in every format: items one by one, or the envelope as it came."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.cli.conftest import RUN, Run, message, reply_events
from tests.cli.test_lists import LISTS
from tests.support.listing import RUNS, envelope
from tests.support.server import Reply, Server, sse

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
    assert result.err == "note: this list contains no assistant messages\n"


@pytest.mark.parametrize("format", ["auto", "csv", "json", "jsonl", "yaml", "pretty", "table"])
def test_an_empty_list_prints_nothing(format: str, quick: Run, server: Server) -> None:
    server.reply(Reply(body=envelope([], has_more=False)))
    result = quick(*RUNS, "--format", format)
    assert (result.code, result.out, result.err) == (0, "", "")


def test_csv_prints_a_header_and_a_row_each(two: Callable[..., str]) -> None:
    big = "123456789012345678901234567890"
    assert two("--format=csv") == f'id,n,big,z,a\nrun_1,1.0,{big},,\nrun_2,,,é,"[1,2]"\n'


def test_columns_are_chosen_for_csv_and_for_tables(two: Callable[..., str]) -> None:
    assert two("--format=csv", "--columns=a.1,id", "--columns=n") == (
        "a.1,id,n\n,run_1,1.0\n2,run_2,\n"
    )
    assert two("--format=table", "--columns=id,n,a") == "id\tn\ta\nrun_1\t1.0\t\nrun_2\t\t1, 2\n"


def test_transforms_come_before_columns(two: Callable[..., str]) -> None:
    assert two("--format=csv", "--transform={run:id,n}") == "run,n\nrun_1,1.0\nrun_2,\n"
    assert two("--format=csv", "--transform={run:id}", "--columns=run") == "run\nrun_1\nrun_2\n"
    assert two("--format=csv", "--transform=id", "-r") == "value\nrun_1\nrun_2\n"
    assert two("--format=table", "--transform={run:id,n}") == "run\tn\nrun_1\t1.0\nrun_2\t\n"


def test_a_table_in_a_pipe_is_for_programs(quick: Run, server: Server) -> None:
    long = "one\ttwo\n" + "x" * 100
    server.reply(Reply(body=envelope([message(long, created_at=None)], has_more=False)))
    result = quick("beta:threads:messages list t --format table")
    row = ["msg_1", "", "assistant", "one two " + "x" * 100]
    assert result.out == "id\tcreated_at\trole\tcontent\n" + "\t".join(row) + "\n"


def test_a_column_that_no_item_has_is_a_note(quick: Run, server: Server) -> None:
    server.reply(Reply(body=TWO))
    result = quick(*RUNS, "--format=csv", "--columns=id,stauts")
    assert (result.code, result.out) == (0, "id,stauts\nrun_1,\nrun_2,\n")
    assert result.err == "note: no item has stauts; the first one has id, n, big\n"


def test_a_header_comes_without_items_if_the_columns_are_named(quick: Run, server: Server) -> None:
    server.reply(Reply(body=envelope([], has_more=False)))
    result = quick(*RUNS, "--format=csv", "--columns=id,status")
    assert (result.code, result.out, result.err) == (0, "id,status\n", "")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ("--columns=id", "needs --format csv or table"),
        ("--columns=id --format=pretty", "needs --format csv or table"),
        ("--format=csv --columns=", "column 1 is empty"),
        ("--format=csv --columns=id,,n", "column 2 is empty"),
        ("--format=csv --columns=id,n --columns=id", "id is repeated"),
        ("--format=csv --columns={id", "'{' is never closed"),
    ],
)
def test_columns_that_are_none(args: str, said: str, quick: Run, server: Server) -> None:
    result = quick(*RUNS, *args.split())
    assert (result.code, result.out, server.seen) == (2, "", [])
    assert result.err.startswith(f"error: --columns: {said}; nothing was sent")


def test_a_wrong_format_is_the_only_problem(quick: Run) -> None:
    result = quick(*RUNS, "--format=cvs", "--columns=id")
    assert result.code == 2
    assert "--columns" not in result.err


def test_formats_of_errors_have_no_rows(quick: Run) -> None:
    for name in ("csv", "table"):
        result = quick(*RUNS, "--format-error", name)
        assert (result.code, result.out) == (2, "")
        assert "--format-error: expected one of auto, json, jsonl, pretty" in result.err


def test_one_object_is_one_row(quick: Run, server: Server) -> None:
    server.reply(Reply(body=TWO))
    result = quick(
        "beta:threads:runs retrieve t r --format csv --columns object,data.#.id,has_more"
    )
    assert result.out == 'object,data.#.id,has_more\nlist,"[""run_1"",""run_2""]",false\n'


def test_a_stream_has_a_row_for_each_event(quick: Run, server: Server, done: Any) -> None:
    server.reply(Reply(chunks=sse(*reply_events(done, "Hi"))))
    words = (*RUN, "--stream", "--format=csv", "--columns=event,data.status")
    assert quick(*words).out == (
        "event,data.status\nthread.run.created,queued\nthread.message.delta,\n"
        "thread.message.completed,completed\nthread.run.completed,completed\n"
    )


@pytest.mark.parametrize("command", LISTS)
def test_dry_run_shows_the_first_request(command: str, quick: Run, server: Server) -> None:
    result = quick(f"{command} --limit 5 --dry-run --transform url -r")
    assert (result.code, server.seen) == (0, [])
    assert result.out.endswith("?limit=5\n")
