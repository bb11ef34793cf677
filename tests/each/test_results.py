"""`--each`: one result for each line, whatever becomes of it."""

import json

import pytest

from tests.each.conftest import CREATE, numbered, request, results_in, write_lines
from tests.support.run_server import RunServer
from tests.support.server import Reply
from tests.support.shell import Shell

pytestmark = pytest.mark.in_process(process_when_slow=True)


def test_a_line_is_a_body_or_a_line_of_a_batch_file(openai: Shell, runs: RunServer) -> None:
    batch = {"method": "POST", "url": "/v1/threads/runs", "body": request("two")}
    write_lines(
        openai.folder / "in.jsonl",
        [request("one"), "", {"custom_id": "b", **batch}, {"custom_id": "c", "body": request("3")}],
    )
    done = openai(*CREATE, "--each", "in.jsonl")
    assert done.code == 0, done.err
    results = {line["line"]: line for line in done.lines}
    assert [results[n]["custom_id"] for n in (1, 3, 4)] == [None, "b", "c"]
    assert results[3]["run"]["status"] == "completed"
    assert runs.started == {"one": 1, "two": 1, "3": 1}
    assert "3 completed; 30 tokens" in done.err


def test_the_line_wins_over_the_flags(openai: Shell) -> None:
    write_lines(
        openai.folder / "in.jsonl",
        [{"temperature": 1, "thread": {"metadata": {"a": "b"}}}, {"instructions": None}],
    )
    flags = ("--temperature", "0", "--instructions", "Hi", "--message", "from the flag")
    shown = openai(*CREATE, *flags, "--each", "in.jsonl", "--dry-run", "--local")
    first, second = (line["body"] for line in shown.lines)
    assert first["temperature"] == 1
    assert first["thread"]["metadata"] == {"a": "b"}
    assert first["thread"]["messages"][0]["content"] == "from the flag"
    assert (second["temperature"], second["instructions"]) == (0, None)


def test_the_whole_file_is_checked_first(openai: Shell, runs: RunServer) -> None:
    bad = {"temperature": 5, "thread": {"messages": [{"role": "boss", "content": "x"}]}}
    write_lines(
        openai.folder / "in.jsonl",
        [request("1"), bad, "{", {"custom_id": 7, "url": "/v1/chat/completions"}, [1]],
    )
    done = openai(*CREATE, "--each", "in.jsonl")
    assert done.code == 2
    assert runs.started == {}
    for problem in (
        "line 2: temperature: expected a number of at most 2, found 5",
        "line 2: thread.messages[0].role: expected",
        "line 3: not JSON",
        "line 4: custom_id: expected a text, found 7",
        "line 4: body: is required",
        'line 4: url: expected "/v1/threads/runs", found "/v1/chat/completions"',
        "line 5: expected an object",
    ):
        assert problem in done.err
    assert "nothing was sent, 7 problems" in done.err


def test_a_control_character_is_named_once(openai: Shell, runs: RunServer) -> None:
    write_lines(openai.folder / "in.jsonl", ['{"a": "\0"}'])
    done = openai(*CREATE, "--each", "in.jsonl")
    assert "line 1: not JSON: Invalid control character at column 8" in done.err


def test_many_problems_are_counted(openai: Shell, runs: RunServer) -> None:
    write_lines(openai.folder / "in.jsonl", ["{"] * 50)
    done = openai(*CREATE, "--each", "in.jsonl")
    assert "50 problems" in done.err
    assert "… and 30 more" in done.err


def test_invalid_lines_become_results(openai: Shell, runs: RunServer) -> None:
    write_lines(
        openai.folder / "in.jsonl", [{"custom_id": "a", "body": {"temperature": 5}}, request("1")]
    )
    done = openai(*CREATE, "--each", "in.jsonl", "--skip-invalid", "--ordered")
    assert done.code == 5
    first, second = done.lines
    assert first["custom_id"] == "a"
    assert first["error"]["status"] is None
    assert first["error"]["attempts"] == 0
    assert "temperature" in first["error"]["message"]
    assert second["run"]["status"] == "completed"


def test_a_bad_flag_is_named_once(openai: Shell, runs: RunServer) -> None:
    write_lines(openai.folder / "in.jsonl", numbered(3))
    done = openai(*CREATE, "--temperature", "5", "--each", "in.jsonl")
    assert done.code == 2
    assert done.err.count("--temperature") == 1


def test_csv_fills_templates(openai: Shell, runs: RunServer) -> None:
    (openai.folder / "in.csv").write_text(
        'custom_id,question,topic\nq1,"What, ""exactly""?\nAnd why?",@/etc/passwd\nq2,{topic},x\n'
    )
    flags = ("--message", "{question}", "--instructions", "About {topic}: {{}}", "--dry-run")
    shown = openai(*CREATE, *flags, "--each", "in.csv", "--local")
    assert shown.code == 0, shown.err
    first, second = (line["body"] for line in shown.lines)
    assert first["thread"]["messages"][0]["content"] == 'What, "exactly"?\nAnd why?'
    assert first["instructions"] == "About @/etc/passwd: {}"
    assert second["thread"]["messages"][0]["content"] == "{topic}"
    done = openai(*CREATE, "--message", "{question}!", "--each", "in.csv", "--ordered")
    assert [(one["line"], one["custom_id"]) for one in done.lines] == [(2, "q1"), (4, "q2")]


def test_csv_begins_with_its_first_line_that_is_not_blank(openai: Shell, runs: RunServer) -> None:
    (openai.folder / "in.csv").write_text("\n\na\nx\n")
    done = openai(*CREATE, "--message", "{a}", "--each", "in.csv")
    assert [one["line"] for one in done.lines] == [4]


@pytest.mark.parametrize("name", ["in.jsonl", "in.csv"])
def test_a_custom_id_names_one_line(openai: Shell, runs: RunServer, name: str) -> None:
    idents = ["a", "b", "a", None, None]
    lines = [{"custom_id": ident, "body": request("1")} for ident in idents]
    rows = "".join(f"{ident or ''},1\n" for ident in idents)
    write_lines(openai.folder / "in.jsonl", lines)
    (openai.folder / "in.csv").write_text(f"custom_id,text\n{rows}")
    flags = ("--message", "{text}") if name == "in.csv" else ()
    first = 2 if name == "in.csv" else 1
    for shard in ("1/2", "2/2"):  # whichever has the lines
        done = openai(*CREATE, *flags, "--each", name, "--shard", shard)
        assert done.code == 2
        what = f'line {first + 2}: custom_id: "a" is already used in line {first}'
        assert what in done.err
    assert runs.keys == []
    done = openai(*CREATE, *flags, "--each", name, "--skip-invalid", "--ordered")
    assert done.code == 5
    assert ["error" in one for one in done.lines] == [False, False, True, False, False]


def test_a_custom_id_names_one_line_of_standard_input(openai: Shell, runs: RunServer) -> None:
    lines = [json.dumps({"custom_id": "a", "body": request(text)}) + "\n" for text in "12"]
    done = openai(*CREATE, "--each", "-", "--concurrency", "1", stdin="".join(lines))
    assert done.code == 2
    assert 'line 2: custom_id: "a" is already used in line 1' in done.err
    assert runs.texts == ["1"]


def test_a_template_names_a_column(openai: Shell, runs: RunServer) -> None:
    (openai.folder / "in.csv").write_text("question,topic\na,b\n")
    for text in ("{questoin}?", "{questoin}"):
        done = openai(*CREATE, "--message", text, "--each", "in.csv")
        assert done.code == 2
        assert "{questoin}: the file has no such column (did you mean question?)" in done.err


def test_a_file_whose_columns_no_flag_uses_is_told_of(openai: Shell, runs: RunServer) -> None:
    (openai.folder / "in.csv").write_text("question\na\nb\n")
    same = openai(*CREATE, "--each", "in.csv", "--dry-run")
    assert (same.code, len(same.lines)) == (0, 2)
    said = "warning: --each: all requests are equal, because no flag uses a column: {question}\n"
    assert said in same.err
    assert "same" not in openai(*CREATE, "--message", "{question}", "--each", "in.csv").err


def test_lines_of_text_are_no_requests(openai: Shell, runs: RunServer) -> None:
    """The hint is the way to turn them into requests, not the way to do without them."""
    (openai.folder / "in.txt").write_text("What is 2 + 2?\nAnd 3 + 3?\n")
    done = openai(*CREATE, "--each", "in.txt")
    assert (done.code, sum(runs.started.values())) == (2, 0)
    assert "line 1: not JSON" in done.err
    assert "hint: a line is a JSON object, the body of a request; for lines of text:" in done.err
    assert "--skip-invalid" not in done.err


def test_replies_and_waiting(openai: Shell, runs: RunServer) -> None:
    runs.polls = 2
    write_lines(openai.folder / "in.jsonl", numbered(3))
    started = openai(*CREATE, "--each", "in.jsonl")
    assert {one["run"]["status"] for one in started.lines} == {"in_progress"}
    waited = openai(*CREATE, "--each", "in.jsonl", "--wait")
    assert {one["run"]["status"] for one in waited.lines} == {"completed"}
    for flags in (("--with-reply",), ("--format", "text")):
        replied = openai(*CREATE, "--each", "in.jsonl", "--ordered", *flags)
        assert [one["reply"] for one in replied.lines] == ["1", "2", "3"]


def test_a_run_without_a_reply(openai: Shell, runs: RunServer) -> None:
    runs.has_reply = False
    write_lines(openai.folder / "in.jsonl", numbered(1))
    done = openai(*CREATE, "--each", "in.jsonl", "--with-reply")
    assert done.code == 0
    assert done.lines[0]["reply"] is None


def test_what_goes_wrong_is_a_result(openai: Shell, runs: RunServer) -> None:
    faults = {
        "1": Reply(400, {"error": {"message": "no", "code": "bad"}}),
        "2": Reply(500, {"error": {"message": "broken"}}),
        "3": Reply(body='{"id": "run', declared=100),
        "4": Reply(drop=True),
        "5": Reply(body="not JSON"),
    }
    runs.fault = lambda _number, text: faults.get(text)
    write_lines(openai.folder / "in.jsonl", numbered(6))
    done = openai(*CREATE, "--each", "in.jsonl", "--ordered", "--max-retries", "1")
    assert done.code == 5
    errors = [one.get("error", {}) for one in done.lines]
    assert [one.get("status") for one in errors] == [400, 500, None, None, None, None]
    assert [one.get("attempts") for one in errors] == [1, 2, 1, 2, 1, None]
    assert "5 lines failed" in done.err


def test_a_server_without_the_route(openai: Shell, runs: RunServer) -> None:
    runs.has_route = False
    write_lines(openai.folder / "in.jsonl", numbered(2))
    done = openai(*CREATE, "--each", "in.jsonl", "--concurrency", "1")
    assert done.code == 0, done.err
    assert runs.started == {"1": 1, "2": 1}
    assert runs.requests["POST messages"] == 2


def test_tools_answer_for_each_run(openai: Shell, runs: RunServer, tmp_path: object) -> None:
    function = {"type": "function", "function": {"name": "f"}}
    body = request('!call f {"n": 1}', tools=[function], model="echo")
    write_lines(openai.folder / "in.jsonl", [body, body])
    made = openai("beta:assistants", "create", "--model", "echo", "--local")
    create = ("beta:threads", "create-and-run", "--assistant-id", made.json["id"], "--local")
    done = openai(*create, "--each", "in.jsonl", "--on-tool-call", "f=cat", "--with-reply")
    assert done.code == 0, done.err
    assert {one["run"]["status"] for one in done.lines} == {"completed"}
    assert {one["reply"] for one in done.lines} == {'{"n": 1}'}


def test_standard_input_is_read_as_it_is(openai: Shell, runs: RunServer) -> None:
    lines = "".join(json.dumps(one) + "\n" for one in numbered(3))
    done = openai(*CREATE, "--each", "-", "--ordered", stdin=lines)
    assert [one["line"] for one in done.lines] == [1, 2, 3]
    rows = openai(*CREATE, "--each", "-", "--message", "{a}", "--ordered", stdin="a\nx\ny\n")
    assert [one["line"] for one in rows.lines] == [2, 3]
    stopped = openai(*CREATE, "--each", "-", "--concurrency", "1", stdin=lines + "{\n" + lines)
    assert stopped.code == 2
    assert "line 4: not JSON" in stopped.err
    assert len(stopped.lines) == 3


@pytest.mark.parametrize(
    ("flags", "what"),
    [
        (("--output", "x"), "--output: needs --each too"),
        (("--each", "in.jsonl", "--shard", "0/2"), "1/8 for the first"),
        (("--each", "in.jsonl", "--stream"), "--stream: does not work with --each"),
        (("--each", "in.jsonl", "--format", "yaml"), "--format: the results of --each"),
        (("--each", "in.jsonl", "--max-total-tokens", "5"), "needs --wait too"),
        (("--each", "in.jsonl", "--retry-failed"), "needs --output too"),
        (("--each", "in.jsonl", "-o", "gone/out"), "--output: cannot open gone/out.state"),
        (("--each", "in.jsonl", "--assistant-id", "a b"), 'expected an id, found "a b"'),
        (("--each", "missing.jsonl"), "cannot read missing.jsonl: No such file"),
        (("--each", "."), "cannot read .: it is a folder"),
        (("--each", ""), "--each: is empty"),
        (("--each", "in.jsonl", "-o", ""), "--output: is empty"),
        (("--each", "in.jsonl", "-o", "."), "--output: cannot open .: Is a directory"),
        (("--each", "in.jsonl", "-o", "a" * 300), "aa…: File name too long"),
        (("--each", "in.jsonl", "-o", "~nobody-of-that-name/x"), "--output: cannot open ~nobody"),
        (("--each", "-", "--body", "-"), "standard input was read as"),
    ],
)
def test_refusals(openai: Shell, runs: RunServer, flags: tuple[str, ...], what: str) -> None:
    write_lines(openai.folder / "in.jsonl", numbered(1))
    done = openai(*CREATE, *flags)
    assert done.code == 2
    assert what in done.err
    assert runs.started == {}


def test_results_go_to_a_file(openai: Shell, runs: RunServer) -> None:
    write_lines(openai.folder / "in.jsonl", numbered(20))
    done = openai(*CREATE, "--each", "in.jsonl", "--output", "out.jsonl", "--ordered")
    assert done.code == 0, done.err
    assert done.stdout == b""
    assert list(results_in(openai.folder / "out.jsonl")) == list(range(1, 21))


@pytest.mark.parametrize("source", ["in.jsonl", "in.csv", "-"])
def test_a_file_in_utf_16_is_named(openai: Shell, runs: RunServer, source: str) -> None:
    """As PowerShell writes it; its lines cannot be told from bytes."""
    content = '\ufeff{"thread":{}}\n'.encode("utf-16-le")
    if source != "-":
        (openai.folder / source).write_bytes(content)
    done = openai(*CREATE, "--each", source, stdin=content if source == "-" else None)
    assert (done.code, done.out, runs.keys) == (2, "", [])
    assert done.err.startswith("error: --each: is UTF-16 and not UTF-8: convert it with iconv -f")
