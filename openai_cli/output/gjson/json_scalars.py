"""JSON scalars as text: decoding, quoting, and numbers in plain digits."""

import math
import re
from json.encoder import encode_basestring

_ESCAPE = re.compile(
    r"\\(?:u(?P<high>[dD][89abAB][0-9a-fA-F]{2})\\u(?P<low>[dD][c-fC-F][0-9a-fA-F]{2})"
    r"|u(?P<unit>[0-9a-fA-F]{4})|(?P<short>.))",
    re.DOTALL,
)
_SHORT = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_WORDS = {"1": True, "t": True, "true": True, "0": False, "f": False, "false": False}
_INTEGER = re.compile(r"-?[0-9]+")
_NUMBER = re.compile(r"[-+]?(?:[0-9]++(?:(?>\.[0-9]*+))?+|\.[0-9]++)(?:[eE][-+]?[0-9]++)?")


def decode(inside: str) -> str:
    """Decode the text between the quotes of a JSON string; a lone surrogate becomes U+FFFD."""
    return _ESCAPE.sub(_unescape, inside) if "\\" in inside else inside


def _unescape(escape: re.Match[str]) -> str:
    if escape["high"]:
        return chr(
            0x10000 + ((int(escape["high"], 16) - 0xD800) << 10) + int(escape["low"], 16) - 0xDC00
        )
    if escape["unit"]:
        unit = int(escape["unit"], 16)
        return "\ufffd" if 0xD800 <= unit <= 0xDFFF else chr(unit)
    return _SHORT.get(escape["short"], escape[0])


def quote(text: str) -> str:
    """Encode text as a JSON string that is also safe inside HTML and JavaScript."""
    quoted: str = encode_basestring(text)
    for unsafe in "<>&\u2028\u2029":
        quoted = quoted.replace(unsafe, f"\\u{ord(unsafe):04x}")
    return quoted


def readable(raw: str) -> str:
    """Return a value as plain text: strings decoded, numbers without exponent, null empty.

    Containers and booleans are returned as source text.
    """
    match raw[:1]:
        case '"':
            return string(raw)
        case "{" | "[" | "t" | "f":
            return raw
        case "" | "n":
            return ""
        case _:
            return raw if _INTEGER.fullmatch(raw) else positional(number(raw))


def string(raw: str) -> str:
    """Decode a JSON string with its quotes; the closing quote may be missing."""
    return decode(raw[1:-1] if len(raw) > 1 and raw.endswith('"') else raw[1:])


def number(text: str) -> float:
    """Parse a decimal number; anything else is 0."""
    return float(text) if _NUMBER.fullmatch(text) else 0.0


def positional(value: float) -> str:
    """Write a number without exponent, in the fewest digits that read back the same."""
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    point = len(whole) + int(exponent or 0)
    digits = (whole + fraction).rjust(len(whole + fraction) - min(point - 1, 0), "0")
    point = max(point, 1)
    sign = "-" if math.copysign(1.0, value) < 0 else ""
    tail = digits[point:].rstrip("0")
    return sign + digits[:point].ljust(point, "0") + (f".{tail}" if tail else "")


def truth(raw: str) -> bool | None:
    """Return the truthiness of a raw value; None for containers and other strings."""
    match raw[:1]:
        case "" | "n" | "f":
            return False
        case "t":
            return True
        case "{" | "[":
            return None
        case '"':
            word = string(raw).lower()
            return _WORDS.get(word)
        case _:
            return number(raw) != 0
