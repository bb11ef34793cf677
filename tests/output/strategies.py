"""JSON texts as servers write them: odd numbers, escapes, repeated keys, any spacing."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

NUMBERS = (
    "0", "-0", "-0.0", "1.0", "1.10", "1e3", "1E3", "1E+3", "1e-7", "1E400", "-1e999",
    "123456789012345678901234567890", "0.1000000000000000055511151231257827", "9" * 5000,
)  # fmt: skip
TRAPS = (
    "yes", "No", "on", "OFF", "y", "n", "~", "null", "Null", "true", "", "12:30", "190:20:30",
    "0x1F", "0o17", "017", "0b11", "1_000", "1e3", "1.5", ".5", ".inf", "-.INF", ".nan", "+1",
    "2026-08-26", "2001-12-14t21:59:43.10-05:00", "2001-12-14 21:59:43", "=", "<<", "- a", "a: b",
    "a #b", "# x", "%x", "@x", "`x`", "!x", "&x", "*x", "? x", "|", ">", "--- a", "---", "...",
    " lead", "trail ", "a\nb", "a\n", "\n", "\n\n", "a\n\n\nb", " a\nb", "a \nb", "a\tb", "\ta\nb",
    "a\u2028b", "a\u2029\nb", "a\u0085b", "\u007f", "\u009b31m", "\x1b[31m", "\0", "\r", "a\r\nb",
    "\ufeff", "😀", "é", "e\u0301", "x" * 200, "{a}", "[a]", "a, b", "'", '"', "\\", "\\n",
)  # fmt: skip

texts = st.sampled_from(TRAPS) | st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
spaces = st.sampled_from(["", " ", "\n", "\t", "\r\n  "])


def _string(text: str) -> st.SearchStrategy[str]:
    return st.sampled_from([json.dumps(text), json.dumps(text, ensure_ascii=False)])


strings = texts.flatmap(_string)
scalars = st.sampled_from(NUMBERS) | st.sampled_from(["true", "false", "null"]) | strings


def _containers(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    items = st.lists(st.tuples(spaces, inner, spaces).map("".join), max_size=4)
    pairs = st.lists(
        st.tuples(spaces, strings, spaces, st.just(":"), inner).map("".join), max_size=4
    )
    lists = st.tuples(items, spaces).map(lambda parts: "[" + (",".join(parts[0]) or parts[1]) + "]")
    objects = st.tuples(pairs, spaces).map(
        lambda parts: "{" + (",".join(parts[0]) or parts[1]) + "}"
    )
    return lists | objects


documents = st.recursive(scalars, _containers, max_leaves=12)


def exact(text: str) -> Any:
    """A JSON text's value with nothing lost: numbers as spelled, all pairs in their order."""
    return json.loads(
        text,
        parse_int=lambda number: ("number", number),
        parse_float=lambda number: ("number", number),
        object_pairs_hook=lambda pairs: ("object", pairs),
    )
