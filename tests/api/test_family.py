"""Each documented command: its request from flags, dotted flags, words and standard input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote

import pytest

from openai_cli.api.operations import OPERATIONS, main_operation
from openai_cli.cli.catalog import command_rows
from tests.support.family import COMMANDS, Command, FactFlag, all_flags
from tests.support.inprocess import run_inprocess
from tests.support.openapi import schema_errors
from tests.support.reading import read_args
from tests.support.server import Reply, Seen, Server
from tests.support.shell import Result


def by_shape(commands: list[Command]) -> list[Any]:
    """By default the main command and one of each shape; in the slow suite the others."""
    shapes: set[object] = set()
    params = []
    for command in commands:
        shape = (command.method, len(command.positional), bool(command.request_body))
        later = shape in shapes and str(command) != main_operation().name
        params.append(pytest.param(command, marks=[pytest.mark.slow] * later))
        shapes.add(shape)
    return params


each_command = pytest.mark.parametrize("command", by_shape(COMMANDS), ids=str)
ANSWER = {"id": "x", "object": "anything", "deleted": True}


@pytest.fixture
def record(server: Server, tmp_path: Path) -> Any:
    """Runs a command against the server; gives the one request it sent."""
    server.reply(Reply(body=ANSWER))

    def run(*args: str, stdin: Any = None) -> Seen:
        result = _run(server, tmp_path, *args, stdin=stdin)
        assert (result.code, result.err) == (0, ""), result.err
        assert len(server.seen) == 1
        return server.seen.pop()

    return run


@pytest.fixture
def refused(server: Server, tmp_path: Path) -> Any:
    """Runs a command that is to be refused with nothing sent; gives what it said."""

    def run(*args: str, stdin: Any = None) -> str:
        result = _run(server, tmp_path, *args, stdin=stdin)
        assert (result.code, result.out, server.seen) == (2, "", []), result.err
        return result.err

    return run


def _run(server: Server, folder: Path, *args: str, stdin: Any = None) -> Result:
    body = folder / "body.json"
    body.write_text("" if stdin is None else json.dumps(stdin))
    environ = {"HOME": str(folder), "OPENAI_BASE_URL": server.url}
    return run_inprocess(args, environ=environ, stdin=body)


def check(command: Command, seen: Seen, flags: list[FactFlag], body: Any) -> None:
    """Fail unless the request is the command's, with the values of these flags."""
    path, _, query = seen.path.partition("?")
    ids = {k: quote(v, safe="") for k, v in command.expected(flags, "path").items()}
    assert (seen.method, path) == (command.method, "/v1" + command.path.format(**ids))
    assert seen.header("OpenAI-Beta") == "assistants=v2"
    sent = sorted(parse_qsl(query, keep_blank_values=True))
    assert sent == sorted(_pairs(command.expected(flags, "query")))
    if command.request_body is None:
        assert (seen.content, seen.header("content-type")) == (b"", None)
        return
    assert seen.header("content-type") == "application/json"
    assert seen.json == body
    assert schema_errors(seen.json, command.request_body) == []


def _pairs(query: dict[str, Any]) -> list[tuple[str, str]]:
    named = ((f"{k}[]", v[0]) if isinstance(v, list) else (k, v) for k, v in query.items())
    return [(name, str(value)) for name, value in named]


def test_the_commands_are_those_of_the_documentation() -> None:
    declared = {(op.name, op.method, op.path, op.path_fields) for op in OPERATIONS}
    documented = {(str(c), c.method, c.path, tuple(c.positional)) for c in COMMANDS}
    assert declared == documented


@each_command
def test_the_flags_are_those_of_the_documentation(command: Command) -> None:
    operation = next(op for op in OPERATIONS if op.name == str(command))
    names = {row.name for row in command_rows(operation)}
    wanted = {flag["flag"] for flag in command.facts["flags"]}
    wanted |= {inner.name for flag in command.flags for inner in flag.inner}
    assert wanted <= names
    required = {row.name for row in command_rows(operation) if row.required}
    assert required == {flag.name for flag in command.required}


@each_command
def test_all_flags(command: Command, record: Any) -> None:
    flags = command.flags
    seen = record(*command.words, *command.args(flags))
    check(command, seen, flags, command.expected(flags, "body"))


@each_command
def test_required_flags_alone(command: Command, record: Any) -> None:
    flags = command.required
    check(command, record(*command.words, *command.args(flags)), flags,
          command.expected(flags, "body"))  # fmt: skip


@each_command
def test_dotted_flags(command: Command, record: Any) -> None:
    flags = command.flags
    body = command.expected(flags, "body")
    args = []
    for flag in flags:
        if not flag.inner:
            args += command.args([flag])
            continue
        made = {inner.field: inner.sample()[1] for inner in flag.inner}
        body[flag.field] = [made] if flag.is_list else made
        args += command.args(flag.inner)
    check(command, record(*command.words, *args), flags, body)


@each_command
def test_ids_as_words(command: Command, record: Any) -> None:
    ids = [flag for flag in command.flags if flag.location == "path"]
    rest = [flag for flag in command.flags if flag.location != "path"]
    assert [flag.field for flag in ids] == command.positional
    words = [flag.sample()[0] for flag in ids]
    body = command.expected(rest, "body")
    seen = record(*command.words, *words, *command.args(rest))
    check(command, seen, command.flags, body)
    seen = record(*command.words, *command.args(rest), "--", *words)
    check(command, seen, command.flags, body)
    if len(ids) > 1:  # the one that a flag sets is no word's
        seen = record(*command.words, *words[1:], *command.args([*rest, ids[0]]))
        check(command, seen, command.flags, body)


def test_a_command_without_body_and_ids_reads_no_standard_input(record: Any) -> None:
    assert record("beta:assistants", "list", stdin={"limit": 3}).path == "/v1/assistants"


@pytest.mark.parametrize(
    "command", [c for c in COMMANDS if c.positional or c.method == "POST"], ids=str
)
def test_everything_on_standard_input(command: Command, record: Any) -> None:
    flags = command.flags
    stdin = {key: value for place in ("path", "query", "body")
             for key, value in command.expected(flags, place).items()}  # fmt: skip
    # A body that brings `stream` is a stream asked for, all the same.
    seen = record(*command.words, stdin=stdin)
    check(command, seen, flags, command.expected(flags, "body"))


@pytest.mark.parametrize("command", by_shape([c for c in COMMANDS if c.positional]), ids=str)
def test_ids_are_encoded(command: Command, record: Any) -> None:
    given = "a/b?c#d%2Fe-é+;"
    rest = [flag for flag in command.required if flag.location != "path"]
    seen = record(*command.words, *[given] * len(command.positional), *command.args(rest))
    path = command.path.format(**dict.fromkeys(command.positional, quote(given, safe="")))
    assert seen.path == "/v1" + path


@pytest.mark.parametrize("command", by_shape([c for c in COMMANDS if c.positional]), ids=str)
@pytest.mark.parametrize("bad", ["", ".", ".."])
def test_ids_that_lead_elsewhere_are_refused(command: Command, bad: str, refused: Any) -> None:
    rest = [flag for flag in command.required if flag.location != "path"]
    for at, field in enumerate(command.positional):
        words = [bad if n == at else "id" for n in range(len(command.positional))]
        flag = "--" + field.replace("_", "-")
        for given in ([flag + "=" + bad, *words[:at], *words[at + 1 :]], words):
            said = refused(*command.words, *given, *command.args(rest))
            assert said.startswith(f"error: {flag}: expected ")
        said = refused(*command.words, *command.args(rest), stdin={**dict.fromkeys(
            command.positional, "id"), field: bad})  # fmt: skip
        assert said.startswith(f"error: stdin: {field}: expected ")


@each_command
def test_every_required_flag_missing(command: Command, refused: Any) -> None:
    for flag in command.required:
        others = [other for other in command.required if other.name != flag.name]
        said = refused(*command.words, *command.args(others))
        assert said.startswith(f"error: {flag.name}: is required; nothing was sent\n")
    if command.required:
        said = refused(*command.words)
        assert all(f"{flag.name}: is required" in said for flag in command.required)


@pytest.mark.parametrize("flag", [f for f in all_flags() if f.enum_words], ids=str)
def test_every_enum_wrong(flag: FactFlag, refused: Any) -> None:
    word = flag.enum_words[-1]
    near = word[:-1] + word[-1] * 2
    said = refused(*_with(flag, near))
    assert f"{flag.name}: expected " in said
    assert f'found "{near}' in said
    assert f"(did you mean {word}?)" in said
    assert f'found "{word.upper()}"' in refused(*_with(flag, word.upper()))


@pytest.mark.parametrize("flag", [f for f in all_flags() if f.enum_words], ids=str)
def test_every_enum_right(flag: FactFlag) -> None:
    for word in flag.enum_words:
        read = read_args(*_joined(_with(flag, word)))
        # The other field of an element may be missing; the word itself is fine.
        assert not [problem for problem in read.problems if "found" in problem]


def _with(flag: FactFlag, text: str) -> list[str]:
    """The flag's command with all that is required, and this text for the flag."""
    command = next(c for c in COMMANDS if str(c) == flag.command)
    others = [other for other in command.required if other.name != flag.name]
    return [*command.words, *command.args(others), f"{flag.name}={text}"]


def _joined(words: list[str]) -> list[str]:
    return [" ".join(words[:2]), *words[2:]]


_TAKES_NULL_TOO = {"--thread"}
"""Nullable for drop-in use only; the API description has no null there."""
_TEXT_MESSAGES = {"--message", "--content", "--additional-message"}
"""Where a bare word is what the user says."""


@pytest.mark.parametrize(
    "flag", [f for f in all_flags() if f.location in ("body", "query")], ids=str
)
def test_null(flag: FactFlag) -> None:
    read = read_args(*_joined(_with(flag, "null")))
    field = flag.field
    if flag.nullable or flag.name in _TAKES_NULL_TOO:
        assert read.problems == ()
        assert field in read.body
        assert read.body[field] is None
    elif flag.type == "string" and not flag.enum_words and flag.location == "body":
        assert read.body[field] == "null"  # a word like any other
    elif flag.name in _TEXT_MESSAGES:
        said = {"role": "user", "content": "null"}
        assert read.body[field] in ("null", [said])
    elif flag.type == "string" and not flag.enum_words:
        assert read.request is not None
        assert read.request.query[field] == "null"
    else:
        (problem,) = read.problems
        assert problem.startswith(f"{flag.name}: expected ")
        assert "null" in problem


LIMITED = [f for f in all_flags() if f.maximum is not None]


@pytest.mark.parametrize("flag", LIMITED, ids=str)
def test_numbers_within_bounds(flag: FactFlag, refused: Any) -> None:
    for text in (str(flag.minimum), str(flag.maximum)):
        assert read_args(*_joined(_with(flag, text))).problems == ()
    step = 1 if flag.type == "integer" else 0.001
    for number, words in (
        (flag.minimum - step, f"at least {flag.minimum}"),
        (flag.maximum + step, f"at most {flag.maximum}"),
    ):
        said = refused(*_with(flag, str(number)))
        assert said.startswith(f"error: {flag.name}: expected a number of {words}, found {number};")


@pytest.mark.parametrize("flag", [f for f in all_flags() if f.max_length], ids=str)
def test_lengths_of_texts(flag: FactFlag) -> None:
    longest = "é" * flag.max_length
    assert read_args(*_joined(_with(flag, longest))).problems == ()
    (problem,) = read_args(*_joined(_with(flag, longest + "é"))).problems
    assert problem.startswith(f"{flag.name}: expected at most {flag.max_length} characters")


@pytest.mark.parametrize("flag", [f for f in all_flags() if f.field == "metadata"], ids=str)
@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ({f"k{n}": "v" for n in range(17)}, "at most 16 pairs"),
        ({"k" * 65: "v"}, "a key of at most 64 characters"),
        ({"k": "v" * 513}, "at most 512 characters"),
        ({"k": 1}, "a text"),
    ],
)
def test_metadata(flag: FactFlag, metadata: Any, words: str) -> None:
    problems = read_args(*_joined(_with(flag, json.dumps(metadata)))).problems
    assert any(p.startswith(f"{flag.name}: ") and f"expected {words}" in p for p in problems)


def test_tools_of_an_assistant_are_128_at_most() -> None:
    tools = [{"type": "file_search"}] * 128
    for command in ("create", "update"):
        args = (f"beta:assistants {command}", "--model=m", *["a"] * (command == "update"))
        assert read_args(*args, "--tool", json.dumps(tools)).problems == ()
        (problem,) = read_args(*args, "--tool", json.dumps(tools), "--tool=file_search").problems
        assert problem == "--tool: expected at most 128 elements, found 129"


@pytest.mark.parametrize(
    "command", [c for c in COMMANDS if all(f.location == "path" for f in c.required)], ids=str
)
def test_nothing_set_sends_an_empty_object(command: Command, record: Any) -> None:
    seen = record(*command.words, *["id"] * len(command.positional))
    assert seen.content == (b"{}" if command.request_body else b"")


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.method == "DELETE"], ids=str)
def test_deletes_print_what_the_server_says(
    command: Command, server: Server, tmp_path: Path
) -> None:
    said = b'{ "id":"x","deleted" :true, "more": 1.0, "id": "x" }'
    server.reply(Reply(body=said))
    words = ["id"] * len(command.positional)
    result = _run(server, tmp_path, *command.words, *words, "--format", "raw")
    assert (result.code, result.stdout) == (0, said)
    result = _run(server, tmp_path, *command.words, *words, "--format", "jsonl")
    assert result.stdout == b'{"id":"x","deleted":true,"more":1.0,"id":"x"}\n'


@pytest.mark.first_by_default
@each_command
def test_an_answer_without_content_is_one_to_a_delete_only(
    command: Command, server: Server, tmp_path: Path
) -> None:
    server.reply(Reply(204))
    for format in ("auto", "json", "pretty", "text", "yaml", "raw"):
        words = [*command.words, *command.args(command.required), "--format", format]
        result = _run(server, tmp_path, *words)
        assert (result.code, result.out) == (0 if command.method == "DELETE" else 3, "")


@each_command
def test_a_word_too_many(command: Command, refused: Any) -> None:
    rest = [flag for flag in command.required if flag.location != "path"]
    words = ["id"] * len(command.positional)
    said = refused(*command.words, *words, "more", *command.args(rest))
    assert said == 'error: "more": unexpected argument; nothing was sent\n'
