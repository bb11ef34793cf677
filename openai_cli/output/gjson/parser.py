r"""Parser for paths.

    path       = stage { ("." | "|") stage }
    stage      = modifier | literal | multipath | lookup
    modifier   = "@" name [ ":" argument ]        only names that exist; others are keys
    argument   = JSON object, array or string | text up to a pipe
    literal    = "!" ( JSON object, array or string | number | "true" | "false" | "null" )
    multipath  = "[" member { "," member } "]" | "{" member { "," member } "}"
    member     = [ name ":" ] path
    lookup     = [ ".." ] { key "." } ( key | tail )
    tail       = "#" [ "." path ] | "#(" condition ")" [ "#" ] [ "." path ]
    condition  = [ path ] [ operator operand ]
    operator   = "=" | "==" | "!=" | "<" | "<=" | ">" | ">=" | "%" | "!%"

A dot continues a lookup, unless a modifier or a multipath follows it; a path after `#.` or
`#(...).` ends at the next pipe. A backslash makes the next character literal.
"""

import re
from collections.abc import Iterator

from openai_cli.output.gjson.json_scalars import decode, quote
from openai_cli.output.gjson.modifiers import MODIFIERS
from openai_cli.output.gjson.path_errors import PathError
from openai_cli.output.gjson.source import BLANKS, OPEN_STRING, STRING
from openai_cli.output.gjson.syntax import (
    Condition,
    Count,
    Dig,
    Each,
    Key,
    Literal,
    Lookup,
    Member,
    Modifier,
    Multipath,
    Path,
    Query,
    Stage,
    Tail,
)
from openai_cli.output.gjson.validity import is_valid
from openai_cli.output.gjson.wildcard import compile_wildcard, is_wild

MAX_LENGTH = 65_536  # characters of a path
MAX_NESTING = 32  # paths inside paths

_KEY = re.compile(r"(?:(?>[^.|\\]++|\\.))*+\\?+", re.DOTALL)
_ESCAPE = re.compile(r"\\(.?)", re.DOTALL)
_MODIFIER = re.compile(r"@([^.|:]*+)")
_LITERAL = re.compile(
    r'!(?:(?=["{\[])'
    r"|(?:[-+]?[0-9]++(?:(?>\.[0-9]++))?+(?:(?>[eE][-+]?[0-9]++))?+|true|false|null)(?=[.|]|\Z))"
)
_NAME = re.compile(rf'((?:(?>{OPEN_STRING}"|[^"\\:\[\](){{}}]|\\.))*+):', re.DOTALL)
_LAST_COMPONENT = re.compile(r"(?:.*(?<!\\)[.|])?(.*)", re.DOTALL)
_COMPLEX_NAME = re.compile(r"[\x00-\x1f\[\]{}()#|!]")
_OPERATOR = re.compile(r"==|=|!=|!%|<=|<|>=|>|%")
_PUNCTUATION = re.compile(rf'\\.|{OPEN_STRING}("?+)|[][(){{}},|!=<>%]', re.DOTALL)


def parse(path: str) -> Path:
    """Parse a path; raise `PathError` for unclosed brackets or quotes, or if it is too long."""
    if len(path) > MAX_LENGTH:
        raise PathError(f"the path is longer than {MAX_LENGTH} characters", MAX_LENGTH)
    return _PathReader(path, 0, len(path)).path()


class _PathReader:
    """Cursor over one path in a text; each nested path gets its own reader."""

    def __init__(self, text: str, start: int, end: int, depth: int = 0) -> None:
        if depth > MAX_NESTING:
            raise PathError(f"nested more than {MAX_NESTING} levels deep", start)
        self.text = text
        self.position = start
        self.end = end
        self.depth = depth

    def path(self, *, until_pipe: bool = False) -> Path:
        stages = [self._stage()]
        while self.position < self.end and not (until_pipe and self._next() == "|"):
            self.position += 1
            stages.append(self._stage())
        return tuple(stages)

    def _stage(self) -> Stage:
        if modifier := self._modifier_at(self.position):
            return self._modifier(modifier)
        if literal := _LITERAL.match(self.text, self.position, self.end):
            return self._literal(literal)
        if self._next() in {"[", "{"}:
            return self._multipath()
        return self._lookup()

    # Modifiers and literals

    def _modifier_at(self, position: int) -> re.Match[str] | None:
        match = _MODIFIER.match(self.text, position, self.end)
        return match if match and (match[1] in MODIFIERS or match[1] == "dig") else None

    def _modifier(self, modifier: re.Match[str]) -> Modifier | Dig:
        start = self.position = modifier.end()
        if self._next() == ":":
            start += 1
            self.position = self._argument_end(start)
            self._expect_separator("the argument")
        if modifier[1] == "dig":
            return Dig(self._inner(start, self.position).path())
        return Modifier(modifier[1], self.text[start : self.position])

    def _argument_end(self, start: int) -> int:
        if self.text[start : start + 1] in {"{", "[", '"'} and start < self.end:
            return self._closed(start)
        for position, character, depth in self._punctuation(start):
            if character == "|" and depth <= 0:
                return position
        return self.end

    def _literal(self, literal: re.Match[str]) -> Literal:
        start = self.position + 1
        end = literal.end()
        self.position = self._closed(start) if end == start else end
        self._expect_separator("the literal")
        return Literal(self.text[start : self.position])

    # Multipaths

    def _multipath(self) -> Multipath:
        start = self.position
        members = []
        begin = start + 1
        for position, character, depth in self._punctuation(start):
            if depth == 0 or (depth == 1 and character == ","):
                members.append(self._member(begin, position))
                begin = position + 1
            if depth == 0:
                self.position = begin
                self._expect_separator("the closing bracket")
                return Multipath(self.text[start] == "{", tuple(members))
        raise PathError(f"'{self.text[start]}' is never closed", start)

    def _member(self, start: int, end: int) -> Member:
        match = _NAME.match(self.text, start, end)
        name = ""
        if match and not self._ends_in_modifier(match[1]):
            name, start = match[1], match.end()
        path = self._inner(start, end).path()
        return Member(_member_name(name, self.text[start:end]), path)

    def _ends_in_modifier(self, text: str) -> bool:
        component = _last_component(text)
        return component[:1] == "@" and (component[1:] in MODIFIERS or component == "@dig")

    # Lookups

    def _lookup(self) -> Lookup:
        lines = self.text.startswith("..", self.position, self.end)
        self.position += 2 if lines else 0
        keys: list[Key] = []
        while True:
            if (tail := self._tail()) is not None:
                return Lookup(tuple(keys), tail, lines)
            keys.append(self._key())
            if not self._continues():
                return Lookup(tuple(keys), None, lines)
            self.position += 1

    def _continues(self) -> bool:
        if self._next() != ".":
            return False
        following = self._next(1)
        return following not in {"[", "{"} and not self._modifier_at(self.position + 1)

    def _key(self) -> Key:
        match = _KEY.match(self.text, self.position, self.end)
        raw = match[0] if match else ""
        start = self.position
        self.position += len(raw)
        if is_wild(raw):
            return Key(raw, compile_wildcard(raw, start))
        return Key(_ESCAPE.sub(r"\1", raw), element=_element(raw))

    def _tail(self) -> Tail | None:
        if self._next() != "#":
            return None
        match self._next(1):
            case "" | "|":
                self.position += 1
                return Count()
            case ".":
                self.position += 1
                return Each(self._rest())
            case "(" | "[":
                return self._query()
            case _:
                return None

    def _rest(self) -> Path:
        reader = self._inner(self.position + 1, self.end)
        path = reader.path(until_pipe=True)
        self.position = reader.position
        return path

    # Queries

    def _query(self) -> Query:
        start = self.position
        operator = None
        for position, character, depth in self._punctuation(start + 1, "([", ")]"):
            if depth == 0:
                condition = self._condition(start + 2, operator, position)
                return self._query_end(condition, position + 1)
            if depth == 1 and operator is None and character in "!=<>%":
                operator = position
        raise PathError("the query is never closed", start)

    def _query_end(self, condition: Condition, position: int) -> Query:
        self.position = position
        every = self._next() == "#"
        self.position += every
        self._expect_separator("the query")
        return Query(condition, every, self._rest() if self._next() == "." else None)

    def _condition(self, start: int, operator: int | None, end: int) -> Condition:
        path = self.text[start : end if operator is None else operator]
        bare = not path.strip(BLANKS)
        begin = start + len(path) - len(path.lstrip(BLANKS))
        inner = self._inner(begin, begin + len(path.strip(BLANKS))).path()
        if operator is None:
            return Condition(inner, bare, "", "", tilde=False, pattern=None)
        match = _OPERATOR.match(self.text, operator, end)
        if match is None:
            raise PathError("'!' is not an operator; did you mean '!=' or '!%'?", operator)
        operand = self.text[match.end() : end].strip(BLANKS)
        tilde = operand.startswith("~")
        if len(operand) > 1 and operand[0] == operand[-1] == '"':
            operand = decode(operand[1:-1])
        pattern = compile_wildcard(operand, match.end()) if match[0].endswith("%") else None
        return Condition(inner, bare, match[0].replace("==", "="), operand, tilde, pattern)

    # Text

    def _inner(self, start: int, end: int) -> "_PathReader":
        return _PathReader(self.text, start, end, self.depth + 1)

    def _next(self, ahead: int = 0) -> str:
        position = self.position + ahead
        return self.text[position] if position < self.end else ""

    def _expect_separator(self, what: str) -> None:
        if self._next() not in {"", ".", "|"}:
            raise PathError(f"expected '.' or '|' after {what}", self.position)

    def _closed(self, start: int) -> int:
        """Return the position after the quote or bracket that closes the one at `start`."""
        if self.text[start] == '"' and (match := STRING.match(self.text, start, self.end)):
            return match.end()
        for position, _, depth in self._punctuation(start):
            if depth == 0:
                return position + 1
        raise PathError(f"'{self.text[start]}' is never closed", start)

    def _punctuation(
        self, start: int, opening: str = "([{", closing: str = ")]}"
    ) -> Iterator[tuple[int, str, int]]:
        """Yield position, character and bracket depth of punctuation outside quotes."""
        depth = 0
        for match in _PUNCTUATION.finditer(self.text, start, self.end):
            character = match[0][0]
            if character == '"' and not match[1]:
                raise PathError("the quoted string is never closed", match.start())
            if character in {'"', "\\"}:
                continue
            depth += (character in opening) - (character in closing)
            yield match.start(), character, depth


def _element(raw: str) -> int | None:
    digits = raw.lstrip("0") or raw[:1]
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 19 else None


def _last_component(path: str) -> str:
    match = _LAST_COMPONENT.fullmatch(path)
    return match[1] if match else path


def _member_name(given: str, path: str) -> str:
    if given:
        return given if given[0] == '"' and is_valid(given) else quote(given)
    last = _last_component(path)
    return '"_"' if _COMPLEX_NAME.search(last) else quote(last)
