"""Single numbers and truth values, as flags spell them."""

from __future__ import annotations

import pytest

from openai_cli.input.scalars import read_boolean, read_integer, read_number


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("007", 7),
        ("-0", 0),
        ("+5", 5),
        ("0x1F", 31),
        ("0X1f", 31),
        ("-0x10", -16),
        ("0o17", 15),
        ("0b101", 5),
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
    ],
)
def test_integer(text: str, value: int) -> None:
    assert read_integer(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "", " 1", "1 ", "1\n", "1.0", "1e3", "1_000", "--1", "+", "0x", "0b2", "0o8", "x",
        "٣", "²", "1,000", "9223372036854775808", "-9223372036854775809", "9" * 5000, "null",
    ],
)  # fmt: skip
def test_no_integer(text: str) -> None:
    with pytest.raises(ValueError, match="whole number"):
        read_integer(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("-2", -2),
        ("1.0", 1.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("+.5", 0.5),
        ("5e-1", 0.5),
        ("1E0", 1.0),
        ("123456789012345678901", 123456789012345678901.0),
        ("1e-400", 0.0),
    ],
)
def test_number(text: str, value: float) -> None:
    number = read_number(text)
    assert (number, type(number)) == (value, type(value))


@pytest.mark.parametrize(
    "text",
    ["", ".", "e5", "1,5", "1_0", "0x1", " 1", "1\n", "nan", "NaN", "inf", "Infinity", "-inf",
     "1e400", "9" * 5000, "٣", "1.5.2", "1e", "1e+", "null"],
)  # fmt: skip
def test_no_number(text: str) -> None:
    with pytest.raises(ValueError, match="a number"):
        read_number(text)


@pytest.mark.parametrize("text", ["1", "t", "T", "true", "True", "TRUE"])
def test_true(text: str) -> None:
    assert read_boolean(text) is True


@pytest.mark.parametrize("text", ["0", "f", "F", "false", "False", "FALSE"])
def test_false(text: str) -> None:
    assert read_boolean(text) is False


@pytest.mark.parametrize("text", ["", "yes", "no", "on", "off", "tRue", "2", "null", " true"])
def test_no_boolean(text: str) -> None:
    with pytest.raises(ValueError, match="true or false"):
        read_boolean(text)
