"""Prints answers in the format the user chose."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from openai_cli.output.formats import ROW_FORMATS
from openai_cli.output.json_layout import (
    compact,
    compact_pieces,
    escape_controls,
    indented,
    indented_pieces,
    plain,
    string_value,
)
from openai_cli.output.reply import ReplyStream, replies, reply_among
from openai_cli.output.sink import OutputFailedError, Sink
from openai_cli.output.terminal import harmless, paint, terminal_size, wants_colour

if TYPE_CHECKING:
    from openai_cli.output.csv_rows import CsvRows
    from openai_cli.output.gjson import Selector
    from openai_cli.output.table import ListTable


class OutputStyle(NamedTuple):
    """How to print an answer.

    `transform` is a GJSON path that is applied first. With `raw_strings`, strings are printed
    without quotes; with `annotated`, a reply in format `text` is followed by its annotations.
    `color` is one of COLOURS. `columns` are names or GJSON paths for the formats with rows.
    """

    format: str = "auto"
    transform: str = ""
    raw_strings: bool = False
    annotated: bool = False
    color: str = "auto"
    columns: tuple[str, ...] = ()

    @property
    def wants_reply(self) -> bool:
        """Whether only the text of a reply is printed."""
        return self.format == "text" and not self.transform


class Transform:
    """Selects the part of a JSON text at a path.

    Returns the whole text if the path is empty or selects nothing.
    """

    def __init__(self, path: str) -> None:
        self._selector: Selector | None = None
        self._hits = self._misses = 0
        if path:
            from openai_cli.output.gjson import Selector

            self._selector = Selector(path)

    def __call__(self, text: str) -> str:
        """The selected part of the text, as source text."""
        if self._selector is None:
            return text
        result = self._selector.get(text)
        if not result.exists:
            self._misses += 1
            return text
        self._hits += 1
        return result.raw

    @property
    def missed(self) -> bool:
        """Whether the path was applied and never selected anything."""
        return bool(self._misses) and not self._hits


_PIECES = {"auto": indented_pieces, "json": indented_pieces, "jsonl": compact_pieces}
"""Layouts of answers that are printed in pieces, whatever their size."""
_BLOCK = 1 << 16


def _blocks(pieces: Iterable[bytes | memoryview]) -> Iterator[bytes | memoryview]:
    """The pieces and a line break, combined into larger blocks, so that there are fewer writes."""
    block = bytearray()
    for piece in pieces:
        if len(block) + len(piece) > _BLOCK:
            yield bytes(block)
            block.clear()
        if len(piece) > _BLOCK:
            yield piece
        else:
            block += piece
    yield bytes(block + b"\n")


class Printer:
    """Prints the items of one answer to a sink.

    `document` takes the server's bytes; `page` takes the items of one page of a
    list and `event` one event, as JSON text; `chunk` takes bytes of a raw stream. `finish` ends
    an open line. Raises OutputClosedError or OutputFailedError if the sink cannot be written.
    """

    def __init__(self, sink: Sink, style: OutputStyle, environ: Mapping[str, str]) -> None:
        self._sink = sink
        self._style = style
        self._transform = Transform(style.transform)
        # With format `auto`, a pipe gets JSON without colours, whatever the settings.
        plain_json = style.format == "auto" and not sink.is_terminal
        self._colour = not plain_json and wants_colour(environ, sink.is_terminal, style.color)
        self._reply = ReplyStream(annotated=style.annotated)
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._rows: CsvRows | ListTable | None = None
        self._layouts: dict[str, Callable[[str], str]] = {
            "auto": self._json,
            "json": self._json,
            "jsonl": lambda text: compact(text) + "\n",
            "raw": lambda text: self._safe(text + "\n"),
            "yaml": self._yaml,
            "pretty": self._pretty,
            "text": self._text,
        }
        self._count = 0
        self._has_reply = False

    @property
    def wants_bytes(self) -> bool:
        """Whether a stream is written byte for byte."""
        return self._style.format == "raw" and not self._style.transform

    @property
    def path(self) -> str:
        """The GJSON path that is applied; "" for none."""
        return self._style.transform

    @property
    def transform_missed(self) -> bool:
        """Whether the transform selected nothing in all that was printed."""
        return self._transform.missed

    @property
    def lacks_reply(self) -> bool:
        """Whether a reply is to be printed but none has arrived."""
        return self._style.wants_reply and not (self._has_reply or self._reply.begun)

    @property
    def notes(self) -> list[str]:
        """Sentences about columns without a value, and about members without a column."""
        return self._rows.notes() if self._rows else []

    @property
    def line_is_open(self) -> bool:
        """Whether the last line of a reply is incomplete."""
        return self._reply.line_is_open

    @property
    def adds_replies(self) -> bool:
        """Whether a run is printed with its replies below it."""
        return self._is_pretty

    @property
    def _is_pretty(self) -> bool:
        return self._style.format == "pretty" and not self._style.transform

    def document(self, content: bytes, messages: Sequence[str] = ()) -> None:
        """Print an answer; in format `text`, only the replies in the answer.

        `messages` are a run's messages, as JSON texts, if the printer `adds_replies`.
        """
        if not self.wants_bytes:
            content = content.removeprefix(codecs.BOM_UTF8)
        if self._style.wants_reply:
            texts = replies(content.decode(), annotated=self._style.annotated)
            self._has_reply = bool(texts)
            self._write("".join(texts))
        elif self.wants_bytes:
            self.chunk(content)
        elif self._style.format in ROW_FORMATS:
            self._in_rows([content.decode()], self._sink.write_whole)
        elif self._is_plain and self._style.format in _PIECES:
            for block in _blocks(_PIECES[self._style.format](content)):
                self._sink.write_bytes(block)
        else:
            below = "".join(map(self._reply_panel, messages))
            self._item(content.decode(), lambda shown: self._sink.write_whole(shown + below))

    @property
    def _is_plain(self) -> bool:
        """Whether only the white space of an answer changes."""
        style = self._style
        changed = style.transform or style.raw_strings or self._colour
        return not (changed or self._sink.is_terminal)

    def page(self, items: Sequence[str]) -> None:
        """Print items of a list one after another; in format `text`, only the replies."""
        if self._is_pretty or self._style.format in ROW_FORMATS:
            self._in_rows(items, self._sink.write)
            return
        for item in items:
            if self._style.wants_reply:
                reply = reply_among(item, annotated=self._style.annotated)
                self._has_reply = self._has_reply or reply is not None
                self._write(reply or "")
            else:
                self._item(item, self._sink.write)

    def event(self, text: str) -> None:
        """Print one event and flush it."""
        if self._style.wants_reply:
            self._write("".join(self._reply.pieces(text)))
        elif self._is_pretty:
            from openai_cli.output.event_line import event_line

            self._sink.write(event_line(text, colour=self._colour))
        elif self._style.format in ROW_FORMATS:
            self._in_rows([text], self._sink.write)
        else:
            self._item(text, self._sink.write)

    def chunk(self, data: bytes) -> None:
        """Write bytes unchanged; on a terminal, with control characters escaped."""
        if self._sink.is_terminal:
            self._sink.write(harmless(self._decoder.decode(data)))
        else:
            self._sink.write_bytes(data)

    def finish(self) -> None:
        """Write a line break if the reply did not end with one."""
        if self._style.format == "text":
            self._write("".join(self._reply.end()))

    def _write(self, text: str) -> None:
        if text:
            self._sink.write(self._safe(text))

    def _safe(self, text: str) -> str:
        """The text, with control characters escaped if it goes to a terminal."""
        return harmless(text) if self._sink.is_terminal else text

    def _item(self, text: str, write: Callable[[str], None]) -> None:
        text = self._transform(text)
        bare = string_value(text) if self._style.raw_strings else None
        if bare is not None:
            self._write(bare + "\n")
            return
        self._count += 1
        safe = escape_controls(text) if self._sink.is_terminal else text
        layout = self._layouts[self._style.format]
        write(self._laid_out(lambda: layout(safe)))

    def _laid_out(self, layout: Callable[[], str]) -> str:
        try:
            return layout()
        except RecursionError:
            name = self._style.format
            raise OutputFailedError(f"it is nested too deeply for {name}; use json") from None

    def _in_rows(self, items: Sequence[str], write: Callable[[str], None]) -> None:
        """Write a row for each transformed item; a header precedes the first row."""
        if self._rows is None:
            self._rows = self._new_rows()
        page = self._rows.page
        text = self._laid_out(lambda: page([self._transform(item) for item in items]))
        write(self._safe(text) if self._style.format == "csv" else text)

    def _new_rows(self) -> CsvRows | ListTable:
        columns = self._style.columns
        if self._style.format == "csv":
            from openai_cli.output.csv_rows import CsvRows

            return CsvRows(columns)
        from openai_cli.output.table import ListTable, TabbedTable

        if self._style.format == "table" and not self._sink.is_terminal:
            return TabbedTable(columns)
        return ListTable(columns, width=self._width, colour=self._colour)

    def _json(self, text: str) -> str:
        return indented(text, paint if self._colour else plain) + "\n"

    def _yaml(self, text: str) -> str:
        from openai_cli.output.yaml_layout import as_yaml

        return ("---\n" if self._count > 1 else "") + self._safe(as_yaml(text))

    def _pretty(self, text: str) -> str:
        from openai_cli.output.panel import as_panels

        return as_panels(text, width=self._width, colour=self._colour)

    def _reply_panel(self, message: str) -> str:
        """The text of an assistant's message as a panel; empty for other messages."""
        from openai_cli.output.panel import reply_panel

        reply = reply_among(message, annotated=self._style.annotated)
        return "" if reply is None else reply_panel(reply, width=self._width, colour=self._colour)

    @property
    def _width(self) -> int | None:
        """Columns of the terminal; None if the output is not a terminal."""
        return terminal_size()[0] if self._sink.is_terminal else None

    def _text(self, text: str) -> str:
        """A transformed value as text: strings without quotes, anything else as compact JSON."""
        value = string_value(text)
        return self._safe((compact(text) if value is None else value) + "\n")
