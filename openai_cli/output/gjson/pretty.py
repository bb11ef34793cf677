"""Pretty-prints JSON; arrays without objects stay on one line if they fit."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from openai_cli.output.gjson.json_scalars import number, readable, string, truth
from openai_cli.output.gjson.source import OPEN_STRING

# Unlimited indentation would let hostile nesting grow the output quadratically.
MAX_INDENT = 100
MAX_INDENT_LENGTH = 16
MAX_WIDTH = 1_000_000

_STRING = OPEN_STRING + '"?+'
_TOKEN = re.compile(
    rf"[\x00-\x20,:]*+(?:(?P<key>{_STRING}(?=[\x00-\x20]*+:))"
    rf'|(?P<value>{_STRING}|[^\x00-\x20,:\[\]{{}}"]++)|(?P<open>[\[{{])|(?P<close>[\]}}]))',
    re.DOTALL,
)


class PrettyStyle(NamedTuple):
    """Layout settings; `width` is in bytes of UTF-8."""

    indent: str = "  "
    prefix: str = ""
    sort_keys: bool = False
    width: int = 80

    @classmethod
    def of(cls, options: Mapping[str, str]) -> "PrettyStyle":
        """Read the style from the options of the modifier."""
        style = cls()
        width = number(readable(options.get("width", str(style.width))))
        return cls(
            indent=_blanks(options.get("indent"), style.indent),
            prefix=_blanks(options.get("prefix"), style.prefix),
            sort_keys=truth(options.get("sortKeys", "")) is True,
            width=int(max(0, min(width, MAX_WIDTH))),
        )


def _blanks(raw: str | None, default: str) -> str:
    if raw is None:
        return default
    blanks = "".join(character for character in readable(raw) if character in " \t\n\r")
    return blanks[:MAX_INDENT_LENGTH]


def pretty(text: str, style: PrettyStyle) -> str:
    """Pretty-print the first value of a text, with a final newline; '' if there is none."""
    layout = _Layout(style, _line_sizes(text) if style.width else {})
    position = 0
    while token := _TOKEN.match(text, position):
        position = token.end()
        if token["key"]:
            layout.key(token["key"])
        elif token["value"]:
            layout.value(token["value"])
        elif token["close"]:
            layout.close(token["close"])
        elif (line := layout.line(text, position - 1)) is not None:
            position = line
        else:
            layout.open(token["open"])
        if not layout.frames:
            break
    return layout.text()


class _Frame(NamedTuple):
    """An open container: output indexes of its items and its keys, for sorting."""

    is_object: bool
    items: list[int]
    names: list[str]


class _Layout:
    def __init__(self, style: PrettyStyle, line_sizes: Mapping[int, int]) -> None:
        self.style = style
        self.line_sizes = line_sizes
        self.frames: list[_Frame] = []
        self.out: list[str] = []
        self.column = 0

    def text(self) -> str:
        return "".join([*self.out, "\n"]) if self.out else ""

    def key(self, raw: str) -> None:
        if self.frames and self.frames[-1].is_object:
            self._item(column=1)
            self.frames[-1].names.append(raw)
            self._put(f"{raw}: ")
        else:
            self.value(raw)

    def value(self, raw: str) -> None:
        self._start_item()
        self._put(raw)

    def open(self, bracket: str) -> None:
        self._start_item()
        self._put(bracket)
        self.frames.append(_Frame(bracket == "{", [], []))

    def close(self, bracket: str) -> None:
        if not self.frames:
            return
        frame = self.frames.pop()
        if frame.is_object and self.style.sort_keys and len(self.frames) < MAX_INDENT:
            self._sort(frame)
        if frame.items:
            self._newline(column=1)
        self._put(bracket)

    def line(self, text: str, start: int) -> int | None:
        """Put the array at a position on one line if it fits; return its end, or None."""
        size = self.line_sizes.get(start)
        if size is None:
            return None
        saved = len(self.out), self.column, len(self.frames[-1].items) if self.frames else 0
        self._start_item()
        if size > self.style.width - self.column or self.style.width - self.column <= 3:
            self._restore(*saved)
            return None
        line, end = _one_line(text, start)
        self._put(line)
        return end

    def _restore(self, length: int, column: int, items: int) -> None:
        del self.out[length:]
        self.column = column
        if self.frames:
            del self.frames[-1].items[items:]

    def _start_item(self) -> None:
        """Start a new item if the value is an array element; after a key it stays on that line."""
        if self.frames and not self.frames[-1].is_object:
            # As in the original GJSON, lines after the first element have one column more.
            self._item(column=0 if self.frames[-1].items else 1)

    def _item(self, column: int) -> None:
        frame = self.frames[-1]
        if frame.items:
            self._put(",")
        frame.items.append(len(self.out))
        self._newline(column)

    def _newline(self, column: int) -> None:
        style = self.style
        self.out.append("\n")
        self.column = column
        self._put(style.prefix + style.indent * min(len(self.frames), MAX_INDENT))

    def _put(self, text: str) -> None:
        self.out.append(text)
        self.column += _size(text)

    def _sort(self, frame: _Frame) -> None:
        names = [string(name) for name in frame.names]
        order = sorted(range(len(names)), key=names.__getitem__)
        if order == list(range(len(names))):
            return
        ends = [*(start - 1 for start in frame.items[1:]), len(self.out)]
        items = [self.out[start:end] for start, end in zip(frame.items, ends, strict=True)]
        del self.out[frame.items[0] :]
        for rank, index in enumerate(order):
            self.out += ([","] if rank else []) + items[index]


def _line_sizes(text: str) -> dict[int, int]:
    """Return the size in bytes on one line of each array without objects, by position.

    All arrays are measured in one pass; one by one, nested arrays would be read many times.
    """
    sizes: dict[int, int] = {}
    opened: list[_Measure] = []
    position = 0
    while token := _TOKEN.match(text, position):
        position = token.end()
        if token["open"]:
            opened.append(_Measure(position - 1, token["open"] == "["))
        elif not token["close"]:
            if opened:
                opened[-1].add(_size(token["value"] or token["key"]))
        elif opened:
            measure = opened.pop()
            if measure.plain:
                sizes[measure.start] = measure.size
            if opened:
                opened[-1].add(measure.size, plain=measure.plain)
    return sizes


class _Measure:
    """An open container: its size in bytes on one line, and whether it holds no object."""

    __slots__ = ("plain", "size", "start")

    def __init__(self, start: int, plain: bool) -> None:
        self.start = start
        self.plain = plain
        self.size = 2

    def add(self, size: int, plain: bool = True) -> None:
        self.size += size + (2 if self.size > 2 else 0)
        self.plain = self.plain and plain


def _one_line(text: str, start: int) -> tuple[str, int]:
    """Return a measured array on one line, and its end position."""
    pieces: list[str] = []
    position, depth = start, 0
    while token := _TOKEN.match(text, position):
        position = token.end()
        piece = token[token.lastgroup or 0]
        if pieces and piece != "]" and pieces[-1] != "[":
            pieces.append(", ")
        pieces.append(piece)
        depth += (piece == "[") - (piece == "]")
        if depth == 0:
            break
    return "".join(pieces), position


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
