"""What holds for every input, not only for the ones somebody thought of."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openai_cli.api.flags import flags_of
from openai_cli.api.operations import main_operation
from openai_cli.input.document import read_document
from openai_cli.input.document_limits import DocumentError
from tests.support.reading import create_and_run, read_args
from tests.support.wire import CASES

LONG = settings(max_examples=1000)

# Lone surrogates stand for bytes of a command line that are not UTF-8.
TEXT = st.text(st.characters(exclude_categories=[]), max_size=12)
SYNTAX = st.text("{}[]:,&*!|>'\"%@`#?-<=~\\ \n\tabn0123.eE+x_\ufeff", max_size=40)
SNIPPETS = st.sampled_from(
    ["{a: &x [1], b: *x}", "<<: {a: b}", "!!int x", '{"a": 1e999}', "role: user", "@-", "@./no",
     "[.nan]", "0x" + "f" * 4000, "- - - -", "? {a: b}", "null", "\\@x", "key=value", "{" * 300]
)  # fmt: skip
# No text that begins with \\@ can be written in a value: it stands for one that begins with @.
SENDABLE = st.text(max_size=12).filter(lambda text: not text.startswith("\\@"))
TEXTS = st.one_of(TEXT, SYNTAX, st.lists(st.one_of(SNIPPETS, SYNTAX), max_size=3).map(" ".join))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)  # fmt: skip
FLAGS = [flag.name for flag in flags_of(main_operation())]
WORDS = st.one_of(
    st.sampled_from([*FLAGS, "--no-validate", "--", "-r", "--debug", "--bogus"]),
    st.tuples(st.sampled_from(FLAGS), TEXTS).map("=".join),
    TEXTS,
)
BODIES = st.one_of(
    TEXTS.map(lambda text: text.encode(errors="surrogateescape" if text.isascii() else "replace")),
    st.binary(max_size=30),
    st.dictionaries(st.sampled_from([f.lstrip("-").replace("-", "_") for f in FLAGS]), VALUES).map(
        lambda value: json.dumps(value).encode()
    ),
)


def never_worse_than_a_refusal(words: list[str], body: bytes, command: str) -> None:
    """Anything but a request or a UsageError is raised here."""
    for check in (True, False):
        read = read_args(command, *words, stdin=body, check=check)
        if read.request is None:
            assert read.problems
            assert all(read.problems)
        else:
            sent = json.dumps(read.request.body, allow_nan=False).encode()
            assert json.loads(sent) == read.request.body


@given(st.lists(WORDS, max_size=6), BODIES)
def test_any_command_line_is_read_or_refused(words: list[str], body: bytes) -> None:
    never_worse_than_a_refusal(["--assistant-id=a", *words], body, "beta:threads create-and-run")


@pytest.mark.slow
@LONG
@given(
    st.lists(WORDS, max_size=8),
    BODIES,
    st.sampled_from(["beta:threads create-and-run", "beta:threads:runs retrieve"]),
)
def test_very_many_command_lines_are_read_or_refused(
    words: list[str], body: bytes, command: str
) -> None:
    never_worse_than_a_refusal(words, body, command)


@pytest.mark.slow
@LONG
@given(st.sampled_from([case for case in CASES if "create-and-run" in case.argv]), st.data())
def test_damaged_command_lines_are_read_or_refused(case: Any, data: st.DataObject) -> None:
    words = list(case.argv[case.argv.index("create-and-run") + 1 :])
    position = data.draw(st.integers(0, max(0, len(words) - 1)))
    if words and len(words[position]) < 2000:
        word = words[position]
        cut = data.draw(st.integers(0, len(word)))
        words[position] = word[:cut] + data.draw(TEXTS) + word[cut + data.draw(st.integers(0, 3)) :]
    never_worse_than_a_refusal(words, (case.stdin or "").encode(), "beta:threads create-and-run")


def reads_or_refuses(text: str) -> None:
    try:
        value = read_document(text)
    except DocumentError:
        return
    assert read_document(json.dumps(value, allow_nan=False)) == value


@given(TEXTS)
def test_any_document_is_read_or_refused(text: str) -> None:
    reads_or_refuses(text)


@pytest.mark.slow
@settings(LONG, max_examples=4_000)
@given(TEXTS)
def test_very_many_documents_are_read_or_refused(text: str) -> None:
    reads_or_refuses(text)


@given(VALUES)
def test_json_comes_back_as_it_was(value: Any) -> None:
    assert read_document(json.dumps(value)) == value
    assert read_document(json.dumps(value, ensure_ascii=False, indent=1)) == value


@given(VALUES)
def test_yaml_reads_json_as_json(value: Any) -> None:
    """A comment makes it YAML, and changes nothing."""
    plain = json.dumps(value)
    assert read_document(plain + " # YAML now") == value


MESSAGES = st.lists(
    st.fixed_dictionaries({"role": st.just("user"), "content": SENDABLE}),
    min_size=1,
    max_size=5,
)


@given(MESSAGES, st.data())
def test_a_list_may_be_split_over_flags(messages: list[Any], data: st.DataObject) -> None:
    escaped = [{**m, "content": escape(m["content"])} for m in messages]
    cut = data.draw(st.integers(0, len(messages)))
    whole = create_and_run("--thread.messages", json.dumps(escaped))
    one_each = [word for m in escaped for word in ("--thread.messages", json.dumps(m))]
    parts = [json.dumps(part) for part in (escaped[:cut], escaped[cut:]) if part]
    in_two = [word for part in parts for word in ("--thread.messages", part)]
    assert whole.body["thread"]["messages"] == messages
    assert create_and_run(*one_each).body == create_and_run(*in_two).body == whole.body


METADATA = st.dictionaries(st.text("abcxyz-_ é.:", max_size=6), SENDABLE, min_size=1, max_size=6)


@given(METADATA, st.randoms())
def test_maps_merge_in_any_order(metadata: dict[str, str], random: Any) -> None:
    flags = [json.dumps({key: escape(value)}) for key, value in metadata.items()]
    random.shuffle(flags)
    read = create_and_run(*(word for flag in flags for word in ("--metadata", flag)))
    assert read.body["metadata"] == metadata


@given(SENDABLE)
def test_text_arrives_to_the_byte(text: str) -> None:
    read = create_and_run(f"--instructions={escape(text)}", f"--message=\\@{text}")
    expected = None if text == "null" else text
    assert read.body["instructions"] == expected
    assert read.body["thread"]["messages"] == [{"role": "user", "content": "@" + text}]


def escape(text: str) -> str:
    """The text with a leading at sign made literal."""
    return "\\" + text if text.startswith("@") else text
