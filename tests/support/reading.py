"""Turns command-line arguments into a request, without running a command."""

from __future__ import annotations

from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import Any

from openai_cli.api.operation import Request
from openai_cli.api.operations import operation_named
from openai_cli.cli.catalog import command_rows
from openai_cli.cli.flag_parser import read_arguments
from openai_cli.errors import UsageError
from openai_cli.input.read_request import read_request
from openai_cli.input.stdin import Stdin


@dataclass(frozen=True)
class Read:
    """Result of reading arguments: a request and warnings, or problems with a `hint`."""

    request: Request | None
    warnings: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    hint: str = ""

    @property
    def body(self) -> Any:
        assert self.request is not None, self.problems
        return self.request.body


def create_and_run(*args: str, stdin: bytes | str | None = None, check: bool = True) -> Read:
    """Read these flags of `beta:threads create-and-run`, with an `--assistant-id` added."""
    return read_args(
        "beta:threads create-and-run", "--assistant-id=a", *args, stdin=stdin, check=check
    )


def read_args(
    command: str, *args: str, stdin: bytes | str | None = None, check: bool = True
) -> Read:
    """Read the flags of a command, with `stdin` as a file on standard input."""
    operation = operation_named(command)
    arguments = read_arguments(args, command_rows(operation))
    data = stdin.encode() if isinstance(stdin, str) else stdin or b""
    try:
        with TemporaryFile() as stream:
            stream.write(data)
            stream.seek(0)
            request, warnings = read_request(operation, arguments, Stdin(stream), check=check)
    except UsageError as error:
        return Read(None, problems=tuple(map(str, error.problems)), hint=error.hint)
    return Read(request, warnings=tuple(map(str, warnings)))
