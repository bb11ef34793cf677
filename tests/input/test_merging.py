"""Flags of all forms and standard input become one request, and nothing is lost on the way."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from tests.support.reading import create_and_run


def body(*args: str, stdin: str | None = None) -> Any:
    found = dict(create_and_run(*args, stdin=stdin).body)
    assert found.pop("assistant_id") == "a"
    return found


def problems(*args: str, stdin: str | None = None) -> tuple[str, ...]:
    return create_and_run(*args, stdin=stdin).problems


def says(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


WHOLE = ("--thread", "{messages: [{role: user, content: w}], metadata: {a: whole, w: 1w}}")
DOTTED = ("--thread.messages", "{role: user, content: d}")
LIST = ("--thread.messages", "[{role: user, content: l}, {role: user, content: m}]")
SHORT = ("--message", "s")
METADATA = ("--thread.metadata", "{a: dotted, d: 1d}")
STDIN = """
thread:
  messages: [{role: user, content: never}]
  metadata: {a: never, stdin: never}
  extension: kept
model: m
"""

CONTENTS = {WHOLE: ["w"], DOTTED: ["d"], LIST: ["l", "m"], SHORT: ["s"]}


@pytest.mark.first_by_default(cases=24)
@pytest.mark.parametrize("order", [*permutations([WHOLE, DOTTED, LIST, SHORT, METADATA])])
def test_thread_in_every_order(order: tuple[tuple[str, str], ...]) -> None:
    found = body(*(word for flag in order for word in flag), stdin=STDIN)
    contents = [text for flag in order for text in CONTENTS.get(flag, [])]
    assert found == {
        "thread": {
            "messages": [says(text) for text in contents],
            "metadata": {"a": "dotted", "w": "1w", "d": "1d"},
            "extension": "kept",
        },
        "model": "m",
    }


@pytest.mark.parametrize(
    "order",
    [
        *permutations(
            [
                ("--truncation-strategy", "{type: auto, last_messages: 1, x: 2}"),
                ("--truncation-strategy.type", "last_messages"),
                ("--truncation-strategy.last-messages", "9"),
            ]
        )
    ],
)
def test_dotted_flags_win_over_the_whole_object(order: tuple[tuple[str, str], ...]) -> None:
    found = body(*(word for flag in order for word in flag))
    assert found["truncation_strategy"] == {"type": "last_messages", "last_messages": 9, "x": 2}


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        # maps merge, the later one wins for a key they share
        (["--metadata", "a=1", "--metadata", "{a: x, b: y}"], {"metadata": {"a": "x", "b": "y"}}),
        # null in place of an object takes back what came before, and is replaced by what follows
        (["--metadata", "a=1", "--metadata", "null"], {"metadata": None}),
        (["--metadata", "null", "--metadata", "a=1"], {"metadata": {"a": "1"}}),
        (["--tool", "file_search", "--tool", "null"], {"tools": None}),
        (["--tool", "null", "--tool", "file_search"], {"tools": [{"type": "file_search"}]}),
        # … but a dotted flag is not taken back by the whole object
        (["--thread.metadata", "{a: b}", "--thread", "null"], {"thread": {"metadata": {"a": "b"}}}),
        (["--thread", "null", "--thread.metadata", "{a: b}"], {"thread": {"metadata": {"a": "b"}}}),
        (["--message", "x", "--thread", "{messages: null}"], {"thread": {"messages": [says("x")]}}),
        (["--thread.metadata", "null", "--thread", "{metadata: {a: b}}"],
         {"thread": {"metadata": None}}),
        # lists append, inside maps too, and keep the order of typing
        (["--tool", "code_interpreter", "--tool", "[file_search]"],
         {"tools": [{"type": "code_interpreter"}, {"type": "file_search"}]}),
        (["--tool-resources.file-search", "{vector_store_ids: [b]}",
          "--tool-resources", "{file_search: {vector_store_ids: [a]}, x: [1]}",
          "--tool-resources", "{x: [2]}"],
         {"tool_resources": {"file_search": {"vector_store_ids": ["b", "a"]}, "x": [1, 2]}}),
        # one element where a list belongs joins it
        (["--thread", "{messages: {role: user, content: w}}", "--message", "s"],
         {"thread": {"messages": [says("w"), says("s")]}}),
        # scalars and choices: the last one
        (["--temperature", "1", "--temperature", "0.5"], {"temperature": 0.5}),
        (["--tool-choice", "{type: function, function: {name: f}}",
          "--tool-choice", "{type: file_search}"], {"tool_choice": {"type": "file_search"}}),
    ],
)  # fmt: skip
def test_repeats(args: list[str], expected: object) -> None:
    assert body(*args) == expected


@pytest.mark.parametrize(
    ("args", "stdin", "expected"),
    [
        ([], "metadata: {a: b}", {"metadata": {"a": "b"}}),
        (["--metadata", "c=d"], "metadata: {a: b}", {"metadata": {"c": "d"}}),
        (["--temperature", "1"], "{temperature: 9, top_p: 0.5}", {"temperature": 1, "top_p": 0.5}),
        (["--thread", "null"], "thread: {x: y}", {"thread": None}),
        (["--thread.metadata", "{a: b}"], "thread: null", {"thread": {"metadata": {"a": "b"}}}),
        (["--thread.metadata", "{a: b}"], "thread: {x: y}",
         {"thread": {"x": "y", "metadata": {"a": "b"}}}),
        (["--truncation-strategy.last-messages", "5"],
         "truncation_strategy: {type: last_messages, last_messages: 3}",
         {"truncation_strategy": {"type": "last_messages", "last_messages": 5}}),
        ([], "assistant_id: a\nunknown: {deep: [1, {er: 2}]}",
         {"unknown": {"deep": [1, {"er": 2}]}}),
        ([], "", {}), ([], " \n# nothing\n", {}), ([], "{}", {}), ([], "null", {}),
        ([], "\ufeffmodel: m", {"model": "m"}),
    ],
)  # fmt: skip
def test_stdin_lies_below_the_flags(args: list[str], stdin: str, expected: object) -> None:
    assert body(*args, stdin=stdin) == expected


@pytest.mark.parametrize(
    ("flags", "used"),
    [
        (["--model", "m"], False),
        (["--model", "m", "--thread.metadata", "{c: e}"], False),
        (["--thread.metadata", "{c: e}"], True),
        (["--model", "m", "--body", "-"], True),
    ],
)
def test_a_body_of_which_nothing_is_sent_is_told(flags: list[str], used: bool) -> None:
    inner = ", thread: {metadata: {c: d}}" if "--thread.metadata" in flags else ""
    told = [str(one) for one in create_and_run(*flags, stdin=f"{{model: n{inner}}}").warnings]
    assert [one.startswith("stdin: nothing of this object is sent") for one in told] == (
        [] if used else [True]
    )


@pytest.mark.parametrize("text", ["[1]", "text", "7", "true"])
def test_a_body_must_be_an_object(text: str) -> None:
    assert problems(stdin=text) == ("stdin: expected an object with the request's fields",)


def test_what_cannot_be_merged_is_refused_and_not_dropped() -> None:
    assert problems("--thread", "{messages: x}", "--message", "y") == (
        '--thread: messages[0]: expected an object, found "x"',
    )
    assert problems("--message", "y", "--thread", "{messages: x}") == (
        '--thread: messages: expected an object, found "x"',
    )
    assert problems("--thread.metadata", "{a: b}", stdin="thread: [1]") == (
        "stdin: thread: expected an object, found [1]",
    )


def test_problems_name_who_is_to_blame_and_where() -> None:
    bad = "{role: bad, content: x}"
    good = "{role: user, content: x}"
    found = problems(
        *("--thread", f"{{messages: [{good}, {bad}], metadata: {{a: 1, b: 1}}}}"),
        *("--thread.messages", bad),
        *("--message", "fine"),
        *("--thread.messages", f"[{good}, {bad}]"),
        *("--message", bad),
        *("--thread.metadata", "{b: 2, c: 3}"),
        *("--metadata", "{a: 1}"),
        *("--metadata", "{b: 2}"),
        *("--tool", "code_interpreter"),
        *("--tool", "{type: code_interpretor}"),
        *("--tool", "[file_search, {type: function, function: {name: ''}}]"),
        *("--temperature", "3"),
        *("--parallel-tool-calls=maybe",),
        stdin="{top_p: 2, thread: {extension: 1}, truncation_strategy: {type: all}}",
    )
    role = 'expected "user" or "assistant", found "bad"'
    kinds = '"code_interpreter", "file_search" or "function"'
    assert sorted(found) == sorted(
        [
            f"--thread: messages[1].role: {role}",
            f"--thread.messages: role: {role}",
            f"--thread.messages (no. 2): [1].role: {role}",
            f"--message (no. 2): role: {role}",
            "--thread: metadata.a: expected a text, found 1",
            "--thread.metadata: b: expected a text, found 2",
            "--thread.metadata: c: expected a text, found 3",
            "--metadata: a: expected a text, found 1",
            "--metadata (no. 2): b: expected a text, found 2",
            f"--tool (no. 2): expected an object whose type is {kinds}, found "
            '{"type": "code_interpretor"} (did you mean code_interpreter?)',
            "--tool (no. 3): [1].function.name: expected 1 to 64 letters, digits, underscores "
            'or dashes, found ""',
            "--temperature: expected a number of at most 2, found 3",
            '--parallel-tool-calls: expected true or false, found "maybe"',
            "stdin: top_p: expected a number of at most 1, found 2",
            'stdin: truncation_strategy.type: expected "auto" or "last_messages", found "all"',
        ]
    )


def test_what_is_missing_is_named_by_the_flag_that_would_set_it() -> None:
    assert problems("--truncation-strategy.last-messages", "5") == (
        "--truncation-strategy.type: is required",
    )
    assert problems("--message", "{content: x, rol: user}") == (
        "--message: role: is required (found rol)",
    )


def test_an_unreadable_value_is_not_missing_as_well() -> None:
    assert problems("--truncation-strategy.type", "@no.txt", "--truncation-strategy", "{}") == (
        '--truncation-strategy.type: cannot read the file "no.txt": No such file or directory '
        r"(text that begins with @ is written \@)",
    )


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("plain", "plain"), ("", ""), ("null", "null"), ("42", "42"), ("{", "{"), ("{a", "{a"),
        ("{role: user, content: hi} and more", "{role: user, content: hi} and more"),
        ("[1, 2]", "[1, 2]"), ("[]", "[]"), ("a: b", "a: b"), ("- a", "- a"), ("  {x", "  {x"),
        ('{"role": "user", "content": "x"}', "x"), ("{role: user, content: x}", "x"),
        ("[{role: user, content: x}]", "x"),
    ],
)  # fmt: skip
def test_a_message_is_text_unless_it_reads_as_an_object(text: str, content: str) -> None:
    assert body(f"--message={text}") == {"thread": {"messages": [says(content)]}}
