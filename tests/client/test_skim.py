"""What is skimmed off an answer: the elements of its list, and what is not JSON."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from openai_cli.client.responses import Document
from openai_cli.client.skim import skim
from tests.output.strategies import documents


def is_read(read: Callable[[str], object], text: str) -> bool:
    """Whether a parser takes the text."""
    try:
        read(text)
    except ValueError:
        return False
    return True


def elements(text: str) -> list[str] | None:
    """The texts of the elements of `data`."""
    content = text.encode()
    return Document(content, {}, skim(content.decode("latin-1"))).items


# Values with every kind of nesting, under keys of which some are the one looked for.
_KEYS = st.sampled_from(["data", "d", "", 'da"ta', "data:", "[data"])
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6) | st.sampled_from(["data", '"data":[1]', "],[", '\\"', "}{"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
_LAYOUTS = st.sampled_from([(None, (",", ":")), (None, (", ", ": ")), (1, (" ,", " : "))])


@given(_VALUES, st.booleans(), _LAYOUTS)
def test_elements_are_those_of_the_list(value: Any, plain_text: bool, layout: Any) -> None:
    indent, separators = layout
    text = json.dumps(value, ensure_ascii=plain_text, indent=indent, separators=separators)
    found = elements(text)
    listed = value.get("data") if isinstance(value, dict) else None
    if isinstance(listed, list):
        assert found is not None
        assert [json.loads(one) for one in found] == listed
        assert all(one in text and one == one.strip() for one in found)
    else:
        assert found is None


@given(st.lists(st.tuples(_KEYS, _VALUES), max_size=5))
def test_of_a_key_that_comes_again_the_last_one_counts(pairs: list[tuple[str, Any]]) -> None:
    text = "{" + ",".join(f"{json.dumps(key)}:{json.dumps(value)}" for key, value in pairs) + "}"
    listed = json.loads(text).get("data")
    found = elements(text)
    assert (found and [json.loads(one) for one in found]) == (
        listed if isinstance(listed, list) else None
    )


def test_ids_of_the_first_and_the_last_element() -> None:
    for first, last in (
        ('"id":"grün"', '"id":"😀"'),
        ('"id":"gr\\u00fcn"', '"id":1,"id":"gr\\u00fcn ü"'),
        (f'"n":{"9" * 5000},"id":"é"', '"ü":1,"id":{}'),
    ):
        text = f'{{"data":[{{{first}}},{{"id":"x"}},{{{last}}}]}}'
        found = skim(text.encode().decode("latin-1")).elements
        expected = [json.loads(f"{{{one}}}", parse_int=str)["id"] for one in (first, last)]
        assert found is not None
        assert [found.first_id, found.last_id] == [one or "" for one in expected]


def test_elements_keep_their_spelling() -> None:
    text = '{"data" : [ {"n":1.0 , "n" : 1e3},\n"\\u00e9" ,123456789012345678901 ]}'
    assert elements(text) == ['{"n":1.0 , "n" : 1e3}', '"\\u00e9"', "123456789012345678901"]


def test_elements_of_deep_and_long_lists() -> None:
    deep = "[" * 500 + "]" * 500
    assert elements(f'{{"data":[{deep},1]}}') == [deep, "1"]
    long = json.dumps({"data": ["\\" * 9 + '"' * 9] * 100_000})
    found = elements(long)
    assert found is not None
    assert len(found) == 100_000


@given(documents)
@example('{"data":[]}')
@example("\ufeff[1]")
def test_every_json_text_is_skimmed(text: str) -> None:
    skim(text.encode(errors="surrogatepass").decode("latin-1"))


@given(_VALUES, st.data())
def test_what_is_no_json_is_refused(value: Any, data: st.DataObject) -> None:
    text = json.dumps({"data": value, "id": 1})
    at = data.draw(st.integers(0, len(text) - 1))
    broken = text[:at] + data.draw(st.sampled_from(["", ",", "}", "x", '"'])) + text[at + 1 :]
    assert is_read(skim, broken) == is_read(json.loads, broken)


def test_ids_and_what_follows() -> None:
    found = skim('{"data":[{"id":"a","x":{"id":"no"}},{},{"b":1,"id":"z"}],"has_more":true,"x":9}')
    assert found.elements is not None
    assert (found.elements.first_id, found.elements.last_id) == ("a", "z")
    assert found.members == {"has_more": True}
    assert skim('{"error":{"message":"no"}}').members["error"]
    assert not skim('{"error":{}}').members["error"]


@pytest.mark.slow
def test_values_that_are_not_looked_at_take_no_memory() -> None:
    text = '{"data":[' + '{"a":1.5,"b":["x"]},' * 200_000 + '0],"rest":[' + "1.5," * 500_000 + "0]}"
    tracemalloc.start()
    skim(text)
    assert tracemalloc.get_traced_memory()[1] < 2 * len(text)
    tracemalloc.stop()
