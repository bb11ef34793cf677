"""The flags that `--help` shows, from a generated file: loading the request models takes 70 ms.

`make docs` writes the file from the models, and a test compares them. A command that is not in
the file gets its rows from its model.
"""

from __future__ import annotations

import json
from pathlib import Path

from openai_cli.api.operation import Operation
from openai_cli.api.operations import OPERATIONS
from openai_cli.cli.catalog import FlagRow, request_rows, tool_rows

FILE = Path(__file__).with_name("help_rows.json")
_KEPT = ("name", "metavar", "takes", "help", "panel", "kind")


def help_rows(operation: Operation) -> tuple[FlagRow, ...]:
    """All flags of a command, without the fields that only the parser needs."""
    try:
        kept = json.loads(FILE.read_bytes())[operation.name]
    except (OSError, KeyError):
        return (*request_rows(operation), *tool_rows(operation))
    return (*(FlagRow(short="", **row) for row in kept), *tool_rows(operation))


def kept_rows() -> str:
    """The content of the file."""
    rows = {
        operation.name: [
            {name: getattr(row, name) for name in _KEPT} for row in request_rows(operation)
        ]
        for operation in OPERATIONS
    }
    return json.dumps(rows, indent=1) + "\n"
