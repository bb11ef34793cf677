"""Parses YAML 1.2 (core schema) to plain values, with ruamel.yaml's parser.

Only the parser is ruamel's. This module converts scalars, so that `yes`, `on` and dates stay text,
numbers stay exact, keys keep their spelling, and aliases cannot multiply the size of a request.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from types import NoneType
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError, YAMLWarning
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode
from ruamel.yaml.resolver import VersionedResolver
from ruamel.yaml.scanner import Scanner
from ruamel.yaml.tag import Tag

from openai_cli.input.document_limits import (
    MAX_DEPTH,
    BrokenTextError,
    DocumentError,
    whole_number,
)

_MAX_TOKENS = 50_000
"""Maximum tokens: about 16,000 keys with values, which take a second. JSON is faster."""
_MAX_REPEATS = 100_000
"""Maximum values that a document's aliases may add."""

_NULL = re.compile(r"null|Null|NULL|~|")
_TRUE = re.compile(r"true|True|TRUE")
_FALSE = re.compile(r"false|False|FALSE")
_INTEGER = re.compile(r"[-+]?[0-9]+")
_RADIX = re.compile(r"0(?:o([0-7]+)|x([0-9a-fA-F]+))")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_JSON = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_CORE = "tag:yaml.org,2002:"
_PLAIN = "plain"
_TAGS: dict[str, tuple[type, ...]] = {
    _PLAIN: (object,),
    _CORE + "null": (NoneType,),
    _CORE + "bool": (bool,),
    _CORE + "int": (int,),
    _CORE + "float": (int, float),
    _CORE + "str": (str,),
    _CORE + "seq": (list,),
    _CORE + "map": (dict,),
}
"""The supported tags, with the Python types that a value with the tag must have."""

_NO_BREAKS = "\x85\u2028\u2029"
"""Characters that ruamel's scanner takes as line breaks, as in YAML 1.1."""

_JOINED = re.compile(r"([\w.-]+):(.*)", re.DOTALL)
"""`{env:prod}`: a pair without the space after the colon, as JSON allows."""


class _Untyped(VersionedResolver):
    """Leaves plain scalars untyped, for `_scalar`; an explicit `!!str` remains visible."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        if kind is ScalarNode and implicit[0]:
            return Tag(suffix=_PLAIN)
        return super().resolve(kind, value, implicit)


class _Scanner(Scanner):
    """Keeps a `?` before a word inside braces and brackets, as YAML 1.2 does.

    Stops early at texts that are too deep or too large: ruamel checks every level at each token.
    """

    _tokens = 0

    def fetch_more_tokens(self) -> Any:
        self._tokens += 1
        if self._tokens > _MAX_TOKENS:
            raise DocumentError(f"more than {_MAX_TOKENS} YAML tokens; JSON may be longer")
        if self.flow_level > MAX_DEPTH:
            raise DocumentError(f"nested more than {MAX_DEPTH} levels deep")
        return super().fetch_more_tokens()

    def check_key(self) -> bool:
        return self.reader.peek(1) in " \t\r\n\0" + (",[]{}" if self.flow_level else "")

    def check_plain(self) -> bool:
        return bool(self.reader.peek() == "?" or super().check_plain())


def read_yaml(text: str) -> Any:
    """The value of the one document in `text`; None if there is none.

    Raises DocumentError with the position of the error.
    """
    stand_ins = _stand_ins(text)
    originals = {ord(stand_in): chr(code) for code, stand_in in stand_ins.items()}
    try:
        yaml = YAML(typ="safe", pure=True)
        yaml.Resolver = _Untyped
        yaml.Scanner = _Scanner
        with warnings.catch_warnings():
            # Redefined anchors are valid; Python's warnings are not for users.
            warnings.simplefilter("ignore", YAMLWarning)
            root = yaml.compose(text.translate(stand_ins))
        return None if root is None else _Builder(originals).value(root)
    except MarkedYAMLError as error:
        raise BrokenTextError(_where(error)) from None
    except RecursionError:
        raise DocumentError(f"nested more than {MAX_DEPTH} levels deep") from None
    except (YAMLError, ValueError) as error:
        if isinstance(error, DocumentError):
            raise
        raise BrokenTextError(str(error).strip().splitlines()[0]) from None


def _stand_ins(text: str) -> dict[int, str]:
    """Maps each of `_NO_BREAKS` to a private-use character that is absent from the text."""
    used = set(text)
    free = (chr(code) for code in range(0x10FFFD, 0xEFFFF, -1) if chr(code) not in used)
    return {ord(char): next(free) for char in _NO_BREAKS}


def _where(error: MarkedYAMLError) -> str:
    problem = str(error.problem or error.context or "not YAML").strip()
    if problem.startswith("but "):
        problem = f"{error.context}, {problem}"
    mark = error.problem_mark or error.context_mark
    return f"{problem} at {_place(mark)}" if mark else problem


def _place(mark: Any) -> str:
    return f"line {mark.line + 1}, column {mark.column + 1}"


class _Builder:
    """Converts composed nodes to values; limits repetition by aliases and detects cycles.

    `originals` maps the stand-ins to the original characters.
    """

    def __init__(self, originals: dict[int, str]) -> None:
        self.originals = originals
        self.seen: set[int] = set()
        self.repeats = 0
        self.open: list[Node] = []

    def value(self, node: Node) -> Any:
        self.repeats += id(node) in self.seen
        self.seen.add(id(node))
        if self.repeats > _MAX_REPEATS:
            raise DocumentError("aliases make this value too large")
        if len(self.open) > MAX_DEPTH:
            raise DocumentError(f"nested more than {MAX_DEPTH} levels deep")
        if any(node is above for above in self.open):
            raise DocumentError("a value that contains itself cannot be sent")
        self.open.append(node)
        value = self._scalar(node) if isinstance(node, ScalarNode) else self._collection(node)
        self.open.pop()
        if not isinstance(value, _TAGS.get(str(node.tag), ())):
            raise _misfit(node)
        return value

    def _collection(self, node: Node) -> Any:
        if isinstance(node, MappingNode):
            return self._mapping(node)
        return [self.value(item) for item in node.value]

    def _mapping(self, node: MappingNode) -> dict[str, Any]:
        own: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if _is_merge(key_node):
                for inherited in self._merged(value_node):
                    merged = {**inherited, **merged}
                continue
            key, value = self._pair(node, key_node, value_node)
            if key in own:
                raise DocumentError(f'duplicate key "{key}", {_place(key_node.start_mark)}')
            own[key] = value
        return {**merged, **own} if merged else own

    def _merged(self, node: Node) -> Iterator[dict[str, Any]]:
        value = self.value(node)
        for part in value if isinstance(value, list) else [value]:
            if not isinstance(part, dict):
                raise DocumentError(f"<< needs an object, {_place(node.start_mark)}")
            yield part

    def _pair(self, mapping: MappingNode, key: Node, value: Node) -> tuple[str, Any]:
        if not isinstance(key, ScalarNode):
            raise DocumentError(f"a key must be a text, {_place(key.start_mark)}")
        if str(key.tag) not in _TAGS:
            raise _misfit(key)
        text = self._text(key)
        joined = _JOINED.fullmatch(text) if mapping.flow_style and _is_plain(key) else None
        if joined and _is_plain(value) and not value.value:
            return joined[1], _plain_value(joined[2])
        return text, self.value(value)

    def _scalar(self, node: ScalarNode) -> Any:
        text = self._text(node)
        return text if str(node.tag) == _CORE + "str" else _plain_value(text)

    def _text(self, node: ScalarNode) -> str:
        return str(node.value).translate(self.originals)


def _misfit(node: Node) -> DocumentError:
    return DocumentError(f"the tag {node.tag} does not fit, {_place(node.start_mark)}")


def _is_plain(node: Node) -> bool:
    return isinstance(node, ScalarNode) and node.style is None and str(node.tag) == _PLAIN


def _is_merge(node: Node) -> bool:
    return _is_plain(node) and node.value == "<<"


def _plain_value(text: str) -> Any:
    if _NULL.fullmatch(text):
        return None
    if _TRUE.fullmatch(text):
        return True
    if _FALSE.fullmatch(text):
        return False
    if _INTEGER.fullmatch(text):
        return whole_number(text)
    if radix := _RADIX.fullmatch(text):
        return whole_number(radix[1], 8) if radix[1] else whole_number(radix[2], 16)
    if _NOT_JSON.fullmatch(text):
        raise DocumentError(f"{text} cannot be sent: JSON has no such number")
    return float(text) if _FLOAT.fullmatch(text) else text
