"""Columns: how their names are divided, and what rows hold."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_cli.output.columns import members, split_columns
from openai_cli.output.csv_rows import CsvRows
from openai_cli.output.table import TabbedTable
from tests.output.strategies import documents

ITEM = '{"id":"a","n":1.50,"t":{"x" : [1, 2]},"no":null,"yes":true,"s":"\\u00e9"}'


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("id", ["id"]),
        (" id , role ", ["id", "role"]),
        ("id,,role,", ["id", "", "role", ""]),
        ("", [""]),
        ("{a,b},[c,d],e", ["{a,b}", "[c,d]", "e"]),
        ('a.#(b=="x,y").c,d', ['a.#(b=="x,y").c', "d"]),
        ('a.#(b=="(,").c,d', ['a.#(b=="(,").c', "d"]),
        (r"a\,b,c", [r"a\,b", "c"]),
        ('"a,b', ['"a', "b"]),
        ("a),b", ["a)", "b"]),
    ],
)
def test_commas_divide_columns_except_inside_of_a_path(text: str, columns: list[str]) -> None:
    assert split_columns(text) == columns


def test_members_keep_their_text() -> None:
    assert members(' {"a" : 1.50 , "b":{"c": [1, 2]},"\\u0061":2}') == {
        "a": "1.50",
        "b": '{"c": [1, 2]}',
    }
    assert members("{}") == {}
    assert members(" [1, 2] ") == {"value": "[1, 2]"}


def test_values_keep_their_spelling() -> None:
    assert CsvRows().page([ITEM]) == 'id,n,t,no,yes,s\na,1.50,"{""x"":[1,2]}",,true,é\n'


def test_a_column_is_a_member_or_else_a_path() -> None:
    rows = CsvRows(["a.b", "t.x.#", "none"])
    assert rows.page(['{"a.b":1,"a":{"b":2}}', '{"a":{"b":2}}', ITEM]) == (
        "a.b,t.x.#,none\n1,,\n2,,\n,2,\n"
    )
    assert rows.notes() == ["no item has none; the first one has a.b, a"]


def test_notes_are_one_line_whatever_names_hold() -> None:
    rows = CsvRows(["a\nb", "x" * 1000])
    rows.page(['{"c\\nd":1}'])
    (note,) = rows.notes()
    assert note.startswith(r"no item has a\nb, xxx")
    assert note.endswith(r"…; the first one has c\nd")
    rows = CsvRows()
    rows.page(['{"a":1}'])
    rows.page(['{"e\\nf":1}'])
    assert r"such as e\nf: " in rows.notes()[0]


def test_columns_that_were_not_named_are_no_paths() -> None:
    assert CsvRows().page(['{"*":1}', '{"b":2}', '{"@this":3}']) == "*,b,@this\n1,,\n,2,\n,,3\n"


def test_the_first_page_with_items_has_the_columns() -> None:
    rows = CsvRows()
    assert rows.page([]) == ""
    assert rows.page(['{"a":1}', '{"b":2}', "7"]) == "a,b,value\n1,,\n,2,\n,,7\n"
    assert rows.page(['{"b":3,"late":4,"later":5}']) == ",3,\n"
    (note,) = rows.notes()
    assert note == "later items have more members, such as late: select with --columns"


def test_names_give_a_header_to_an_empty_list() -> None:
    for rows in (CsvRows(["id", "n"]), TabbedTable(["id", "n"])):
        assert rows.page([]).split() in (["id,n"], ["id", "n"])
        assert rows.notes() == []


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1))
def test_csv_can_be_read_back(texts: list[str]) -> None:
    text = CsvRows(["a", "b"]).page([json.dumps({"a": text, "b": 1}) for text in texts])
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    assert (header, rows) == (["a", "b"], [[text, "1"] for text in texts])


NAMES = [
    "a",
    "b.0",
    "@this",
    "..0",
    "..#",
    "!1",
    "!x",
    "@keys",
    "@ugly",
    "{a,b}",
    "#.a",
    "*",
    "a|b",
]


@given(st.lists(documents, max_size=3), st.lists(st.sampled_from(NAMES), unique=True, max_size=4))
def test_every_value_has_a_row(items: list[str], names: list[str]) -> None:
    rows = list(csv.reader(io.StringIO(CsvRows(names).page(items), newline="")))
    assert len(rows) == (1 + len(items) if items or names else 0)
    lines = TabbedTable(names).page(items).splitlines()
    assert len(lines) == len(rows)
    assert len({line.count("\t") for line in lines}) <= 1
