"""The `csv` format: a header line, and one row per item."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from itertools import chain, repeat

from openai_cli.errors import one_line, shortened
from openai_cli.output.columns import Columns, members
from openai_cli.output.json_layout import compact, string_value


class CsvRows:
    """Items as CSV (RFC 4180, but with line feeds), page by page.

    Without column names, the columns are the members of the first page's items, in the order of
    their first occurrence.
    """

    def __init__(self, names: Sequence[str] = ()) -> None:
        self._columns = Columns(names, are_paths=True) if names else None
        self._begun = False
        self._left_out = ""

    def page(self, items: Sequence[str]) -> str:
        """The rows of a page of items (JSON texts), with the header above the first page."""
        found = list(map(members, items))
        if self._columns is None:
            if not items:
                return ""
            self._columns = Columns(tuple(dict.fromkeys(chain(*found))), are_paths=False)
        head = "" if self._begun else _line(self._columns.names)
        self._begun = True
        return head + "".join(map(self._row, repeat(self._columns), items, found))

    def notes(self) -> list[str]:
        """Sentences about columns without a value, and about members without a column."""
        if not self._columns:
            return []
        more = shortened(one_line(self._left_out))
        late = f"later items have more members, such as {more}: select with --columns"
        return [*self._columns.notes(), *([late] if self._left_out else [])]

    def _row(self, columns: Columns, item: str, found: dict[str, str]) -> str:
        if not (columns.are_paths or self._left_out):
            self._left_out = next((name for name in found if name not in columns.names), "")
        return _line([_field(value) for value in columns.read(item, found)])


def _field(value: str) -> str:
    """A JSON value as text: strings decoded, null empty, anything else as compact JSON."""
    if value in ("", "null"):
        return ""
    text = string_value(value)
    return compact(value) if text is None else text


def _line(fields: Sequence[str]) -> str:
    # With other line ends, the csv module does not quote carriage returns before Python 3.13.
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerow(fields)
    return out.getvalue().removesuffix("\r\n") + "\n"
