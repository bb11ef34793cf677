"""Reads the lines of `--each`: JSON lines, OpenAI's Batch files, or CSV with a header."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from openai_cli.api.check import shown
from openai_cli.bulk.custom_ids import CustomIds
from openai_cli.bulk.open_input import LineSource
from openai_cli.errors import Problem
from openai_cli.input.document import read_json_object

LONGEST_LINE = 64 * 2**20
"""Maximum bytes of a line; reading stops with an error at a longer one."""
_BOM = b"\xef\xbb\xbf"
_ENVELOPE = ("custom_id", "body", "url")
"""Keys that requests lack: an object with one of these is a line of a Batch file."""


class InputLine(NamedTuple):
    """One line: its number in the file, from 1, and its bytes.

    `fields` are the body of a request in JSON, or the columns of a row in CSV; `problems` say why
    the line cannot be used. `digest` is the SHA-256 of the bytes.
    """

    number: int
    digest: bytes
    fields: dict[str, Any]
    custom_id: str | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def source(self) -> str:
        """How messages name the line."""
        return f"line {self.number}"


class InputFile:
    """The lines of a source, in order, without blank lines.

    A `custom_id` must be unique: the second line with the same id gets a problem.

    `digest` covers all bytes read so far, `at_end` is set at the end of the file, and `columns`
    are the names in a CSV file's header.
    """

    def __init__(self, source: LineSource, path: str, *, is_csv: bool) -> None:
        self._source = source
        self._path = path
        self._digest = hashlib.sha256()
        self._number = 0
        self._row = bytearray()
        self._ids = CustomIds()
        self._rows: Iterator[list[str]] | None = None
        if is_csv:
            csv.field_size_limit(LONGEST_LINE)
            self._rows = csv.reader(self._texts(), strict=True)
        self.at_end = False
        self.columns: tuple[str, ...] = ()
        if self._rows is not None:
            self.columns = self._header(self._rows)

    @property
    def digest(self) -> str:
        """The SHA-256 of the bytes read so far, as hexadecimal digits."""
        return self._digest.hexdigest()

    def lines(self) -> Iterator[InputLine]:
        """The remaining lines.

        Raises OSError if the file cannot be read, ValueError if it cannot be split into lines.
        """
        lines = self._json_lines() if self._rows is None else self._csv_lines(self._rows)
        for line in lines:
            yield line if line.custom_id is None else self._named_once(line, line.custom_id)

    def _named_once(self, line: InputLine, ident: str) -> InputLine:
        first = self._ids.add(ident, line.number)
        if not first:
            return line
        problem = Problem(
            line.source, f"{shown(ident)} is already used in line {first}", "custom_id"
        )
        return line._replace(problems=(*line.problems, problem))

    def _json_lines(self) -> Iterator[InputLine]:
        for raw in self._raw_lines():
            text = raw.strip()
            if text:
                yield self._json_line(text)

    def _raw_lines(self) -> Iterator[bytes]:
        while raw := self._source.readline(LONGEST_LINE + 1):
            self._number += 1
            if len(raw) > LONGEST_LINE:
                limit = LONGEST_LINE >> 20
                raise ValueError(f"line {self._number} is longer than {limit} MiB")
            self._digest.update(raw)
            yield raw.removeprefix(_BOM) if self._number == 1 else raw
        self.at_end = True

    def _json_line(self, raw: bytes) -> InputLine:
        line = InputLine(self._number, hashlib.sha256(raw).digest(), {})
        try:
            value = read_json_object(raw)
        except ValueError as error:
            return line._replace(problems=(Problem(line.source, str(error)),))
        if value.keys().isdisjoint(_ENVELOPE):
            return line._replace(fields=value)
        return _opened(line, value, self._path)

    def _texts(self) -> Iterator[str]:
        for raw in self._raw_lines():
            self._row += raw
            try:
                yield raw.decode()
            except UnicodeDecodeError:
                raise ValueError(f"line {self._number} is not valid UTF-8") from None

    def _header(self, rows: Iterator[list[str]]) -> tuple[str, ...]:
        try:
            columns = tuple(name.strip() for name in next(filter(None, rows), []))
        except csv.Error as error:
            raise ValueError(f"the header is not CSV: {error}") from None
        if not all(columns) or len(set(columns)) < len(columns):
            raise ValueError("each column needs a name in the header, and the names must differ")
        if not columns:
            raise ValueError("the file is empty; CSV begins with a header")
        return columns

    def _csv_lines(self, rows: Iterator[list[str]]) -> Iterator[InputLine]:
        while True:
            self._row.clear()
            first = self._number + 1
            try:
                row = next(rows, None)
            except csv.Error as error:
                raise ValueError(f"line {first} is not CSV: {error}") from None
            if row is None:
                return
            if row:
                yield self._csv_line(first, row)

    def _csv_line(self, number: int, row: list[str]) -> InputLine:
        line = InputLine(number, hashlib.sha256(self._row).digest(), {})
        if len(row) != len(self.columns):
            what = f"expected {len(self.columns)} columns, found {len(row)}"
            return line._replace(problems=(Problem(line.source, what),))
        fields = dict(zip(self.columns, row, strict=True))
        return line._replace(fields=fields, custom_id=fields.get("custom_id") or None)


def _opened(line: InputLine, value: dict[str, Any], path: str) -> InputLine:
    """A line of a Batch file, with the id and body from its envelope, or with its problems."""
    ident, body = value.get("custom_id"), value.get("body")
    problems = []
    if not isinstance(ident, str | None):
        problems.append(Problem(line.source, f"expected a text, found {shown(ident)}", "custom_id"))
        ident = None
    if not isinstance(body, dict):
        found = f"expected an object, found {shown(body)}" if "body" in value else "is required"
        problems.append(Problem(line.source, found, "body"))
        body = {}
    url = value.get("url")
    if url is not None and (not isinstance(url, str) or url.removeprefix("/v1") != path):
        what = f"expected {json.dumps('/v1' + path)}, found {shown(url)}"
        problems.append(Problem(line.source, what, "url"))
    method = value.get("method")
    if method not in (None, "POST"):
        problems.append(Problem(line.source, f'expected "POST", found {shown(method)}', "method"))
    return line._replace(fields=body, custom_id=ident, problems=tuple(problems))
