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
    """Whether a raw value satisfies a condition; `raw` is '' if the condition's path found nothing.

    Strings are compared by code point, numbers as floats; null, objects and arrays satisfy no
    operator. With a tilde, the truthiness of the value is compared with true.
    """
    operand = condition.operand
    if condition.tilde:
        matches = _matches_word(operand[1:], raw)
        if matches is None:
            return False
        raw, operand = "true" if matches else "false", "true"
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


def _matches_word(word: str, raw: str) -> bool | None:
    """Whether a value satisfies `~word`; None for an unknown word."""
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
    """Compare booleans as GJSON does: true is the greatest value, false the smallest."""
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
