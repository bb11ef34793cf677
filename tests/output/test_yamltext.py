"""YAML: the same value to readers of version 1.2, and no trap for readers of 1.1."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
import yaml as pyyaml
from hypothesis import example, given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from openai_cli.output.yaml_layout import as_yaml
from tests.output.strategies import NUMBERS, TRAPS, documents, texts


def read_1_2(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(io.StringIO(text))


def _finite(text: str) -> bool:
    """Python's own readers refuse integers of more than 4300 digits."""
    return "9" * 4000 not in text


@given(documents.filter(_finite))
@example('["a\\u0085b", "a\\u2028b\\nc", "\\ufeff"]')
@example('{"? ": 1, "": 2, "a\\nb": 3, "- ": [[], {}, [[]]]}')
def test_a_reader_of_yaml_1_2_gets_the_same_value(text: str) -> None:
    assert read_1_2(as_yaml(text)) == json.loads(text)


@given(st.lists(texts))
@example(list(TRAPS))
def test_a_reader_of_yaml_1_1_gets_every_text_as_text(values: list[str]) -> None:
    assert pyyaml.safe_load(as_yaml(json.dumps(values))) == values


@given(st.dictionaries(texts, texts))
@example(dict.fromkeys(TRAPS, ""))
def test_keys_stay_text_too(value: dict[str, str]) -> None:
    assert pyyaml.safe_load(as_yaml(json.dumps(value))) == value


@pytest.mark.parametrize("number", NUMBERS)
def test_numbers_keep_their_spelling(number: str) -> None:
    assert as_yaml(f'{{"top_p":{number}}}') == f"top_p: {number}\n"


def test_order_stays_and_the_last_of_repeated_keys_counts() -> None:
    assert as_yaml('{"z":1,"a":2,"z":3}') == "z: 3\na: 2\n"


def test_control_characters_are_escapes() -> None:
    shown = as_yaml(json.dumps("\x1b[2J\x07\x9b\x7f\r\u2028"))
    assert shown.rstrip("\n").isprintable()


def test_a_text_of_several_lines_reads_as_one() -> None:
    assert as_yaml('{"value":"Dear all,\\n\\nyes.\\n","top_p":1}').splitlines() == [
        "value: |", "  Dear all,", "", "  yes.", "top_p: 1",
    ]  # fmt: skip
