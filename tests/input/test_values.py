"""The three steps of a value, each alone: parse the text, expand references, shape the value."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from openai_cli.api.flags import Flag, flags_of
from openai_cli.api.operations import operation_named
from openai_cli.input.references import FileError, expand_references
from openai_cli.input.values import parse_text, read_value, shape_value


def flag(name: str, command: str = "beta:threads create-and-run") -> Flag:
    return next(f for f in flags_of(operation_named(command)) if f.name == name)


CONTENT = flag("--content", "beta:threads:messages create")


def no_stdin() -> bytes:
    raise AssertionError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with two files."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text("Hello\n")
    (tmp_path / "word.yaml").write_text("file_search\n")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("--instructions", "{a: b}", "{a: b}"),
        ("--instructions", "@none.txt", "@none.txt"),
        ("--instructions", "null", None),
        ("--temperature", "0.5", 0.5),
        ("--metadata", "k=@none.txt", {"k": "@none.txt"}),
        ("--metadata", '{k: "@none.txt"}', {"k": "@none.txt"}),
        ("--metadata", "@none.txt", "@none.txt"),
        ("--message", "a: b", "a: b"),
        ("--message", "{}", {}),
        ("--message", "\xa0{a: b}", "\xa0{a: b}"),
        ("--message", "{role: user}", {"role": "user"}),
        ("--tool", "file_search", "file_search"),
        ("--tool", r"\@x", r"\@x"),
    ],
)
def test_parsing_follows_no_reference_and_shapes_nothing(name: str, text: str, value: Any) -> None:
    assert parse_text(flag(name), text) == value


@pytest.mark.parametrize(
    ("name", "value", "expanded"),
    [
        ("--instructions", "@notes.txt", "Hello\n"),
        ("--instructions", r"\@notes.txt", "@notes.txt"),
        ("--metadata", {"k": "@notes.txt", "@notes.txt": 1}, {"k": "Hello\n", "@notes.txt": 1}),
        ("--tool", "@word.yaml", "file_search"),
        ("--tool", ["@word.yaml", r"\@x"], ["file_search", "@x"]),
        ("--message", {"content": "@notes.txt"}, {"content": "Hello\n"}),
        ("--temperature", 0.5, 0.5),
        ("--stream", None, None),
    ],
)
def test_references_are_expanded_by_the_type(name: str, value: Any, expanded: Any) -> None:
    assert expand_references(value, flag(name).annotation, no_stdin) == expanded


def test_a_failing_reference_names_its_place() -> None:
    with pytest.raises(FileError) as caught:
        expand_references([{"metadata": {"k": "@no.txt"}}], flag("--message").annotation, no_stdin)
    assert caught.value.path == (0, "metadata", "k")


@pytest.mark.parametrize(
    ("shaped", "value", "result"),
    [
        (flag("--tool"), "file_search", [{"type": "file_search"}]),
        (flag("--tool"), ["file_search", {"type": "x"}], [{"type": "file_search"}, {"type": "x"}]),
        (flag("--tool"), "@file_search", ["@file_search"]),
        (flag("--tool"), None, None),
        (flag("--message"), "@hi", [{"role": "user", "content": "@hi"}]),
        (flag("--message"), {"a": "b"}, [{"a": "b"}]),
        (CONTENT, {"type": "text"}, [{"type": "text"}]),
        (CONTENT, "text", "text"),
        (flag("--metadata"), None, None),
        (flag("--tool-choice"), {"type": "x"}, {"type": "x"}),
    ],
)
def test_values_are_shaped_for_their_kind(shaped: Flag, value: Any, result: Any) -> None:
    assert shape_value(shaped, value) == result


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("--metadata", "x", "expected an object such as {key: value}, or key=value, found"),
        ("--thread", [], "expected an object such as {key: value}, found []"),
        ("--tool", 5, "expected an object or a list of objects, found 5"),
        ("--message", None, "expected an object or a list of objects, found null"),
    ],
)
def test_values_of_another_kind_are_refused(name: str, value: Any, says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)):
        shape_value(flag(name), value)


def test_what_a_reference_became_is_not_expanded_again(folder: Path) -> None:
    (folder / "again.yaml").write_text(r"'\@notes.txt'")
    assert read_value(flag("--tool"), r"\@notes.txt", no_stdin) == ["@notes.txt"]
    assert read_value(flag("--tool"), "@again.yaml", no_stdin) == ["@notes.txt"]


def test_one_element_in_a_file_has_the_types_of_an_element(folder: Path) -> None:
    (folder / "name.json").write_text('{"name": "f"}')
    (folder / "tool.yaml").write_text('{type: function, function: "@name.json"}')
    tool = {"type": "function", "function": {"name": "f"}}
    assert read_value(flag("--tool"), "@tool.yaml", no_stdin) == [tool]
    assert read_value(flag("--tool"), '["@tool.yaml", "@word.yaml"]', no_stdin) == [
        tool,
        {"type": "file_search"},
    ]
