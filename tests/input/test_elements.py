"""Repeatable flags: whole elements, whole lists and dotted flags, in any order."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.reading import Read, read_args
from tests.support.shell import Shell

SUBMIT = ("beta:threads:runs submit-tool-outputs", "t", "r")


def thread(*args: str, stdin: str | None = None) -> Read:
    return read_args("beta:threads create", *args, stdin=stdin)


def submit(*args: str) -> Read:
    return read_args(*SUBMIT, *args)


def says(text: str, role: str = "user", **more: Any) -> dict[str, Any]:
    return {"role": role, "content": text, **more}


A, B, C = says("a"), says("b"), says("c")
ROLE, CONTENT = "--message.role=user", "--message.content="


@pytest.mark.parametrize(
    ("args", "messages"),
    [
        ([ROLE, CONTENT + "a"], [A]),
        ([CONTENT + "a", ROLE], [A]),
        ([ROLE, CONTENT + "a", ROLE, CONTENT + "b"], [A, B]),
        ([CONTENT + "a", ROLE, ROLE, CONTENT + "b"], [A, B]),
        ([CONTENT + "a", ROLE, CONTENT + "b", ROLE], [A, B]),
        (["--message=a", ROLE, CONTENT + "b"], [A, B]),
        ([ROLE, CONTENT + "a", "--message=b"], [A, B]),
        (["--message=a", ROLE, CONTENT + "b", "--message=c"], [A, B, C]),
        ([ROLE, CONTENT + "a", "--message=b", ROLE, CONTENT + "c"], [A, B, C]),
        # an element is open until one of its fields comes again, whatever stands between
        ([ROLE, "--message=b", CONTENT + "a"], [A, B]),
        ([f"--message={json.dumps([A, B])}", ROLE, CONTENT + "c"], [A, B, C]),
        ([ROLE, CONTENT + "a", f"--message={json.dumps([B, C])}"], [A, B, C]),
        ([ROLE, CONTENT + "a", "--message.metadata=k=v"], [says("a", metadata={"k": "v"})]),
        ([ROLE, CONTENT + "a", "--message.metadata=null"], [says("a", metadata=None)]),
        # elements of a list inside an element gather there
        (
            [ROLE, CONTENT + "a", "--message.attachments={file_id: f}",
             "--message.attachments=[{file_id: g}, {file_id: h}]"],
            [says("a", attachments=[{"file_id": "f"}, {"file_id": "g"}, {"file_id": "h"}])],
        ),
        (
            [ROLE, CONTENT + '[{"type": "text", "text": "a"}]'],
            [{"role": "user", "content": [{"type": "text", "text": "a"}]}],
        ),
    ],
)  # fmt: skip
def test_elements_of_messages(args: list[str], messages: Any) -> None:
    assert thread(*args).body == {"messages": messages}


def test_outputs_of_several_calls() -> None:
    args = ("--tool-output.tool-call-id", "c1", "--tool-output.output", "5",
            "--tool-output.tool-call-id", "c2", "--tool-output.output", "{n: 1}",
            "--tool-output", "{tool_call_id: c3, output: ''}")  # fmt: skip
    assert submit(*args).body == {
        "tool_outputs": [
            {"tool_call_id": "c1", "output": "5"},
            {"tool_call_id": "c2", "output": "{n: 1}"},
            {"tool_call_id": "c3", "output": ""},
        ]
    }


def test_fields_from_files(openai: Shell) -> None:
    (openai.folder / "out.txt").write_text("ü\n")
    args = (*SUBMIT[0].split(), *SUBMIT[1:], "--dry-run", "--transform=body", "--format=jsonl")
    result = openai(*args, "--tool-output.tool-call-id=c", "--tool-output.output=@out.txt")
    assert result.json == {"tool_outputs": [{"tool_call_id": "c", "output": "ü\n"}]}


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        ([ROLE], "--message.content: is required beside --message.role"),
        ([CONTENT + "a"], "--message.role: is required beside --message.content"),
        (
            [ROLE, CONTENT + "a", "--message=b", ROLE],
            "--message.content: is required beside --message.role (no. 2)",
        ),
        (
            ["--message.role=usr", CONTENT + "a"],
            '--message.role: expected "user" or "assistant", found "usr" (did you mean user?)',
        ),
        (
            ["--message=x", ROLE, CONTENT + "a", "--message.role=usr", CONTENT + "a"],
            '--message.role (no. 2): expected "user" or "assistant", found "usr" '
            "(did you mean user?)",
        ),
        (
            [ROLE, CONTENT + "a", "--message={role: user}"],
            "--message: content: is required",
        ),
        (
            [f"--message={json.dumps([A, {'role': 'me', 'content': 'x'}])}", ROLE, CONTENT + "a"],
            '--message: [1].role: expected "user" or "assistant", found "me"',
        ),
        (
            [ROLE, CONTENT + "a", "--message.attachments={file_id: 5}"],
            "--message.attachments: file_id: expected a text, found 5",
        ),
        (["--message.metadata=5", *[ROLE, CONTENT + "a"]],
            "--message.metadata: expected an object such as {key: value}, or key=value, found 5"),
    ],
)  # fmt: skip
def test_problems_name_the_flag_that_was_typed(args: list[str], problem: str) -> None:
    assert thread(*args).problems == (problem,)


def test_every_element_that_lacks_a_field_is_told_apart() -> None:
    assert submit("--tool-output.output=a", "--tool-output.output=b").problems == (
        "--tool-output.tool-call-id: is required beside --tool-output.output",
        "--tool-output.tool-call-id: is required beside --tool-output.output (no. 2)",
    )


@pytest.mark.parametrize("args", [["--message=Hi"], [ROLE, CONTENT + "Hi"]])
def test_a_list_from_flags_takes_the_place_of_the_one_on_stdin(args: list[str]) -> None:
    stdin = '{"messages": [{"role": "user", "content": "piped"}], "metadata": {"k": "v"}}'
    assert thread(*args, stdin=stdin).body == {
        "messages": [says("Hi")],
        "metadata": {"k": "v"},
    }


def test_stdin_is_not_blamed_for_what_flags_replaced() -> None:
    stdin = '{"messages": [{"role": "user", "content": "piped"}], "metadata": {"k": 1}}'
    assert thread(ROLE, stdin=stdin).problems == (
        "--message.content: is required beside --message.role",
        "stdin: metadata.k: expected a text, found 1",
    )


FLAGS = ("--message", "--message.role", "--message.content", "--message.metadata")
_texts = st.integers(0, 999).map(lambda number: f"t{number}")


def _typed(name: str, text: str) -> str:
    words = {"--message.role": "user", "--message.metadata": f"k={text}"}
    return f"{name}={words.get(name, text)}"


@given(st.lists(st.tuples(st.sampled_from(FLAGS), _texts), max_size=9))
def test_nothing_is_lost_in_any_order(typed: list[tuple[str, str]]) -> None:
    read = thread(*(_typed(*one) for one in typed))
    if read.request is None:
        # Refused: an element lacks a field, and the flag that would set it is named.
        assert all("is required beside --message." in problem for problem in read.problems)
        return
    messages = read.body.get("messages", [])
    contents = [text for name, text in typed if name in ("--message", "--message.content")]
    assert sorted(message["content"] for message in messages) == sorted(contents)
    pairs = [text for name, text in typed if name == "--message.metadata"]
    assert sorted(m["metadata"]["k"] for m in messages if "metadata" in m) == sorted(pairs)
    assert all(message["role"] == "user" for message in messages)


OPEN = ("--additional-message", "--additional-message.role", "--additional-message.content")


@given(st.lists(st.tuples(st.sampled_from(OPEN), st.sampled_from(["null", "user", "[]"]))))
def test_null_among_elements_breaks_nothing(typed: list[tuple[str, str]]) -> None:
    args = ("t", "--assistant-id=a", *(f"{name}={text}" for name, text in typed))
    read = read_args("beta:threads:runs create", *args)
    assert read.request is not None or read.problems
