"""GJSON paths against recorded results of the original library, properties and hostile input."""

import contextlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_cli.output.gjson import PathError, Result, check, get
from openai_cli.output.gjson.json_scalars import positional
from openai_cli.output.gjson.wildcard import compile_wildcard

CASES = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "data" / "gjson" / "cases.jsonl")
    .read_text(encoding="utf-8")
    .split("\n")
    if line
]

# Recorded behaviour that is a defect of the original: (raw, text) here, and why.
DEVIATIONS = {
    # The original drops a pipe after a literal string, though it follows one after `![7,8]`.
    "quirk-03": (r'"\"x\""', '"x"'),
}


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_recorded(case: dict[str, Any]) -> None:
    result = get(case["json"], case["path"])
    expected = DEVIATIONS.get(case["id"], (case["raw"], case["str"]))
    assert (result.raw, result.text, result.exists) == (*expected, case["exists"])


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_check_accepts_every_path_that_finds_something(case: dict[str, Any]) -> None:
    if case["exists"]:
        check(case["path"])


@pytest.mark.parametrize(
    ("path", "position", "message"),
    [
        ("", 0, "empty"),
        ('items.#(sku=="b2"', 6, "query is never closed"),
        ('items.#(sku=="b2)#.x', 13, "quoted string is never closed"),
        ("a.#(b.#(c==1)", 2, "query is never closed"),
        ("a.#(b!c)", 5, "not an operator"),
        ("a.#(b==1)c", 9, "after the query"),
        ("{", 0, "'{' is never closed"),
        ("a.{b,[c}", 2, "'{' is never closed"),
        ("[a,b", 0, "'[' is never closed"),
        ("[a]b", 3, "after the closing bracket"),
        ('{"a:b}', 1, "quoted string is never closed"),
        ('a.@pretty:{"width":4', 10, "'{' is never closed"),
        ("@pretty:{}x", 10, "after the argument"),
        ("@dig:#(a", 5, "query is never closed"),
        ('!"x', 1, "never closed"),
        ("![1]2", 4, "after the literal"),
        ("[" * 60 + "]" * 60, 33, "levels deep"),
        (".".join("#" * 60), 66, "levels deep"),
        ("a" * 70_000, 65_536, "longer than"),
    ],
)
def test_check_points_at_the_culprit(path: str, position: int, message: str) -> None:
    with pytest.raises(PathError, match=re.escape(message)) as caught:
        check(path)
    assert caught.value.position == position
    assert caught.value.message == str(caught.value)


LIST = '{"data":[{"id":"a","n":1},{"id":"b","n":2.50},{"id":"c"}],"#":7,"x|y":{"k":[1,{"k":2}]}}'


@pytest.mark.parametrize(
    ("path", "raw"),
    [
        ("data.#", "3"),
        ("#", "7"),
        ("data.#.n", "[1,2.50]"),
        ("data.#(n>1).id", '"b"'),
        ("data.#(n>1).nope", ""),
        ('data.#(id=="~a")', ""),
        ('{"ids":@dig:id,@this.#}', '{"ids":["a","b","c"],"_":7}'),
        ("[@dig:k.#]", "[[2]]"),
        ("x\\|y.k.1.k", "2"),
        ("nope.@keys", "[]"),
        ("nope.more|@keys", ""),
        ("data.{nope}", "{}"),
        ("data.0|@values", '["a",1]'),
        ("data.0.@reverse", '{"n":1,"id":"a"}'),
        ("data.@group", ""),
        ("data.1.n.@pretty", "2.50"),
        ("data.0|@tostr|@fromstr|id", '"a"'),
        ('data.@join:{"preserve":true}.id', '"a"'),
        ("data.#.!true", "[true,true,true]"),
        ("@valid.data.#", "3"),
        ("data.99999999999999999999999999", ""),
    ],
)
def test_beyond_the_recording(path: str, raw: str) -> None:
    assert get(LIST, path).raw == raw


def test_result_is_a_value() -> None:
    assert get('{"a":null}', "a") == Result("null", exists=True)
    assert get("{}", "a") == Result("", exists=False)


# Properties


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(
    SCALARS.filter(lambda value: value not in (float("inf"), float("-inf"))),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
LAYOUTS = st.sampled_from(
    [{}, {"indent": 2}, {"separators": (",", ":")}, {"ensure_ascii": False, "indent": "\t"}]
)
DOCUMENTS = st.builds(lambda value, layout: json.dumps(value, **layout), VALUES, LAYOUTS)
SYNTAX = st.text(st.sampled_from('.|#@!*?\\"()[]{}:,=<>%~01ab \n\u00e9'), max_size=40)
KEYS = [
    "a",
    "0",
    "*",
    "?",
    "\\",
    "#",
    ".",
    "..",
    "|",
    "!1",
    '!"x"',
    "[",
    "]",
    "{",
    "}",
    ",",
    '"b":',
]
QUERIES = ["#(", ")", ")#", "a>1", '=="x"', "~true", "%"]
MODIFIERS = ["@dig:", "@flatten", "@join", "@keys", "@values", "@tostr", "@fromstr", "@reverse"]
OPTIONS = ["@group", "@pretty", ':{"sortKeys":true,"width":9}', ':{"deep":true,"preserve":true}']
WORDS = st.sampled_from([*KEYS, *QUERIES, *MODIFIERS, *OPTIONS])
PATHS = SYNTAX | st.lists(WORDS, max_size=12).map("".join) | st.text()
BROKEN = st.text(st.sampled_from('{}[]",:\\0123.eE-+tfnu al\n'), max_size=60) | st.text()


@st.composite
def _nested(draw: st.DrawFn) -> tuple[str, str, str]:
    """A document, a dotted path into it, and the exact text that it leads to."""
    target = draw(DOCUMENTS)
    document, components = target, list[str]()
    blank = draw(st.sampled_from(["", " ", "\r\n\t"]))
    for _ in range(draw(st.integers(1, 5))):
        before, after = draw(st.lists(DOCUMENTS, max_size=3)), draw(st.lists(DOCUMENTS, max_size=2))
        if draw(st.booleans()):
            items = [*before, document, *after]
            document = f"[{blank}{f'{blank},{blank}'.join(items)}{blank}]"
            components.append(str(len(before)))
        else:
            names = draw(st.lists(st.text(min_size=1), min_size=6, max_size=6, unique=True))
            values = [*before, document, *after]
            members = (
                f"{json.dumps(name)}{blank}:{blank}{value}"
                for name, value in zip(names, values, strict=False)
            )
            document = f"{blank}{{{f'{blank},'.join(members)}{blank}}}"
            components.append(re.sub(r"(\W)", r"\\\1", names[len(before)]))
    return document, ".".join(reversed(components)), target


@given(_nested())
def test_a_dotted_path_finds_exactly_the_source_text(nested: tuple[str, str, str]) -> None:
    document, path, target = nested
    assert get(document, path) == Result(target, exists=True)


@given(DOCUMENTS | BROKEN, PATHS)
def test_get_never_raises(document: str, path: str) -> None:
    result = get(document, path)
    assert isinstance(result.text, str)
    assert result.exists == (result.raw != "")


@given(PATHS)
def test_check_raises_only_path_errors_inside_the_path(path: str) -> None:
    with contextlib.suppress(PathError):
        check(path)
        return
    with pytest.raises(PathError) as caught:
        check(path)
    assert 0 <= caught.value.position <= len(path)


@given(VALUES, LAYOUTS)
def test_layout_modifiers_keep_the_value(value: Any, layout: dict[str, Any]) -> None:
    document = json.dumps(value, **layout)
    for path in ("@this", "@pretty", '@pretty:{"sortKeys":true,"width":20}', "@ugly", "@valid"):
        assert json.loads(get(document, path).raw) == value
    assert get(document, "@tostr").text == document
    compact = json.dumps(
        value, separators=(",", ":"), ensure_ascii=layout.get("ensure_ascii", True)
    )
    assert get(document, "@ugly").raw == compact
    assert get(document, "@pretty|@ugly").raw == compact


@given(st.dictionaries(st.text(), st.dictionaries(st.text(), st.integers()), max_size=6))
def test_sorted_keys_are_sorted(value: dict[str, dict[str, int]]) -> None:
    laid_out = json.loads(get(json.dumps(value), '@pretty:{"sortKeys":true}').raw)
    assert list(laid_out) == sorted(value)
    assert all(list(inner) == sorted(inner) for inner in laid_out.values())


@given(DOCUMENTS | BROKEN)
def test_valid_agrees_with_the_standard_library(document: str) -> None:
    try:
        json.loads(document, parse_constant=_refuse)
        valid = True
    except ValueError:
        valid = False
    assert get(document, "@valid").exists == valid


def _refuse(constant: str) -> None:
    """NaN and the infinities are not JSON, though the standard library reads them."""
    raise ValueError(constant)


@given(st.lists(st.integers(-50, 50) | st.text("ab10", max_size=3) | st.none()), st.integers(-9, 9))
def test_queries_compare_numbers(items: list[Any], limit: int) -> None:
    numbers = [item for item in items if isinstance(item, int) and item >= limit]
    found = json.loads(get(json.dumps(items), f"#(>={limit})#").raw)
    assert [item for item in found if isinstance(item, int)] == numbers


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_read_without_exponent(value: float) -> None:
    text = positional(value)
    assert float(text) == value
    assert re.fullmatch(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]*[1-9])?", text)


@given(st.text("ab*?", max_size=8), st.text("ab", max_size=10))
def test_wildcards_agree_with_the_plain_definition(pattern: str, text: str) -> None:
    reachable = {0}
    for character in pattern:
        if character == "*":
            reachable = set(range(min(reachable, default=len(text) + 1), len(text) + 1))
        else:
            reachable = {
                place + 1
                for place in reachable
                if place < len(text) and character in {"?", text[place]}
            }
    assert (compile_wildcard(pattern).fullmatch(text) is not None) == (len(text) in reachable)


# Hostile input: each of these would take for ever, exhaust memory or overflow the stack if the
# work grew faster than it should.


def hostile_documents(deep: int) -> dict[str, str]:
    return {
        "opening": "[" * deep,
        "arrays": "[" * deep + "]" * deep,
        "objects": '{"a":' * deep + "1" + "}" * deep,
        "siblings": '{"a":[1],"b":' * (deep // 3),
        "quotes": '"' * deep,
        "backslashes": '"' + "\\" * deep,
    }


DOCUMENT_NAMES = list(hostile_documents(1))
HOSTILE_PATHS = {
    "missing": "zz",
    "index": "0.0.0.0.zz",
    "keys": ".".join("a" * 30_000) + ".zz",
    "stars": ".".join("*" * 30_000) + ".zz",
    "each": ".".join("#" * 20),
    "queries": "#(" * 20 + "a" + ")" * 20,
    "dig": "@dig:zz",
    "dig index": "@dig:0",
    "flatten": '@flatten:{"deep":true}',
    "pretty": "@pretty",
    "wide": '@pretty:{"width":119999,"sortKeys":true}',
    "valid": "@valid|@ugly|@reverse|@keys",
    "lines": "..#.#.#",
    "quoting": "|".join(["@tostr"] * 60),
    "doubling": "|".join(["[@this,@this]"] * 60),
    "pipes": "|".join("0" * 30_000) + "|zz",
    "many members": f"[{','.join(['zz'] * 20_000)}]",
    "many lines": f"[{','.join(['..0'] * 10_000)}]",
    "many keys below": f"@dig:{{{','.join(['a:b'] * 15_000)}}}",
    "copies below": "[@dig:..0,@dig:@keys,@dig:@valid]",
    "layouts": "|".join(["@pretty"] * 5_000),
}


@pytest.mark.first_by_default
@pytest.mark.parametrize("name", ["opening", "objects", "backslashes"])
@pytest.mark.parametrize("path", HOSTILE_PATHS.values(), ids=HOSTILE_PATHS)
def test_deep_and_broken_documents(name: str, path: str) -> None:
    assert isinstance(get(hostile_documents(2_000)[name], path), Result)


@pytest.mark.slow
@pytest.mark.parametrize("name", DOCUMENT_NAMES)
@pytest.mark.parametrize("path", list(HOSTILE_PATHS.values())[::3], ids=list(HOSTILE_PATHS)[::3])
def test_very_deep_and_broken_documents(name: str, path: str) -> None:
    assert isinstance(get(hostile_documents(60_000)[name], path), Result)


@pytest.mark.first_by_default
@pytest.mark.parametrize(
    ("document", "path", "raw"),
    [
        ('{"' + "a" * 100_000 + '":1}', "*a" * 5_000 + "b", ""),
        ('{"' + "a" * 100_000 + '":1}', "*a*a*a*a*a*", "1"),
        ('["' + "a" * 100_000 + '"]', '#(%"' + "*a?" * 300 + 'b")', ""),
        ('{"a":1}', "[" * 30_000, ""),
        ('{"a":1}', "{" * 30_000 + "}" * 30_000, ""),
        ("[[[1]]]", "#(" * 5_000 + ")" * 5_000, ""),
        ("[" * 40 + "1" + "]" * 40, ".".join("#" * 33), "[" * 32 + "1" + "]" * 32),
        ("[[1]]", "@dig:" * 5_000 + "0", ""),
        ("[" * 300 + "]" * 300, "@dig:" * 20 + "zz", ""),
        ('{"a":1}', "@this|" * 10_000 + "a", "1"),
        ('{"a":1}', "." * 60_000, ""),
        ("[1]", "9" * 6_000, ""),
        ("[1]", "{" + "a:" * 30_000 + "}", "{}"),
        ("[" + "9" * 200_000 + "x]", "#(>1)#.zz", "[]"),
        (f'{{"s":"{"x" * 4_000_000}","z":1}}', f"[{','.join(['z'] * 15_000)}]|#", "15000"),
        (f'{{"s":"{"x" * 4_000_000}"}}', f"[{','.join(['s|x'] * 15_000)}]", ""),
        ('{"' + "a" * 300_000 + '":1}', "*" + "a" * 30_000 + "b*", ""),
        ('{"' + "a" * 300_000 + '":1}', "*" + "?" * 30_000 + "b", ""),
        ('{"' + "a" * 9_000 + '":1}', "a" * 8_999 + "*", "1"),
    ],
)
def test_hostile_paths(document: str, path: str, raw: str) -> None:
    assert get(document, path).raw == raw


@pytest.mark.slow
def test_deep_lookups_still_find_their_value() -> None:
    document = '{"a":' * 200_000 + "1" + "}" * 200_000
    assert get(document, ".".join("a" * 30_000)).raw == document[5 * 30_000 : -30_000]
    assert get(document, "|".join("a" * 30_000)).raw == document[5 * 30_000 : -30_000]


@pytest.mark.slow
def test_many_reads_of_a_large_document_are_not_hostile() -> None:
    item = '{"id":"run_1","usage":{"total":[1,2,3]},"text":"' + "x" * 60 + '"}'
    document = f'{{"data":[{",".join([item] * 5_000)}],"last":"z"}}'
    members = ",".join(["data.#.id|#", "last", "data.4999.usage.total.1"] * 10)
    assert (
        get(document, f"[{members}]").raw
        == f"[{','.join(['5000', chr(34) + 'z' + chr(34), '2'] * 10)}]"
    )


@pytest.mark.parametrize(
    ("path", "position"), [("a.*" + "b" * 257, 2), ("#(a%*" + "?" * 257 + ")", 4)]
)
def test_check_points_at_a_pattern_that_takes_too_long(path: str, position: int) -> None:
    with pytest.raises(PathError, match="more than 256 characters after a") as raised:
        check(path)
    assert raised.value.position == position
