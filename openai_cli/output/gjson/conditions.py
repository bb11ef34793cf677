"""Whether a value satisfies the comparison of a query."""

import operator as op
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from openai_cli.output.gjson.json_scalars import number, string, truth
from openai_cli.output.gjson.syntax import Condition

_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = MappingProxyType(
    {
        "=": op.eq,
        "!=": op.ne,
        "<": op.lt,
        "<=": op.le,
        ">": op.gt,
        ">=": op.ge,
    }
)


def satisfies(condition: Condition, raw: str) -> bool:
    """Compare a value, '' where the path of the condition found none.

    The type of the value decides how: strings by code point, numbers as floats; null, objects
    and arrays satisfy no operator. A tilde compares how the value reads with true instead.
    """
    operand = condition.operand
    if condition.tilde:
        reads = _reads_as(operand[1:], raw)
        if reads is None:
            return False
        raw, operand = "true" if reads else "false", "true"
    if raw == "" or not condition.operator:
        return raw != ""
    match raw[0]:
        case "{" | "[" | "n":
            return False
        case '"':
            return _compare_string(condition, string(raw))
        case "t" | "f":
            return _compare_boolean(condition.operator, raw[0] == "t", operand)
        case _:
            compare = _COMPARISONS.get(condition.operator)
            return compare is not None and compare(number(raw), number(operand))


def _reads_as(word: str, raw: str) -> bool | None:
    match word:
        case "*":
            return raw != ""
        case "null":
            return raw[:1] in {"", "n"}
        case "true":
            return truth(raw) is True
        case "false":
            return truth(raw) is False
        case _:
            return None


def _compare_string(condition: Condition, value: str) -> bool:
    if condition.pattern is not None:
        matches = condition.pattern.fullmatch(value) is not None
        return matches == (condition.operator == "%")
    return _COMPARISONS[condition.operator](value, condition.operand)


def _compare_boolean(operator: str, value: bool, operand: str) -> bool:
    """Compare with true greatest of all: `>=` always holds for it, and `<=` for false."""
    same = operand == ("true" if value else "false")
    other = operand == ("false" if value else "true")
    match operator:
        case "=":
            return same
        case "!=":
            return not same
        case ">" | "<":
            return other and value == (operator == ">")
        case _:
            return operator == (">=" if value else "<=")
