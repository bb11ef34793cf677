"""The environment of a command: variables, streams, arguments."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, TextIO

from openai_cli.output.sink import OutputClosedError, OutputFailedError, Sink
from openai_cli.output.terminal import harmless, wants_colour


def _never() -> bool:
    return False


@dataclass(frozen=True)
class Env:
    """Environment variables and the three streams; a stream is None if it is closed.

    An empty variable is an unset one, so `environ` holds none. `interrupted` says whether Ctrl-C
    was pressed.
    """

    environ: Mapping[str, str]
    stdin: BinaryIO | None
    out: Sink
    err: Sink
    args: tuple[str, ...] = field(default=())
    interrupted: Callable[[], bool] = _never

    def paged(self) -> Sink:
        """Standard output, with a pager for long answers where it is a terminal."""
        if not self.out.is_terminal:
            return self.out
        from openai_cli.output.pager import PagingSink

        return PagingSink(self.out.stream, self.environ)

    def say(self, kind: str, text: str) -> None:
        """A line for the user on stderr: `kind: text`, the kind in colour where that works."""
        colours = {"error": "31;1", "warning": "33;1", "hint": "36", "note": "36"}
        label = f"{kind}:"
        if wants_colour(self.environ, self.err.is_terminal):
            label = f"\x1b[{colours.get(kind, '0')}m{label}\x1b[0m"
        # What follows the first line stays below it: a server's text cannot pose as our own.
        first, *more = harmless(text).splitlines() or [""]
        self.put("\n".join([f"{label} {first}", *(f"  {line}" for line in more), ""]))

    def talk(self, line: str) -> None:
        """A line on stderr without a label, control characters made harmless."""
        self.put(harmless(line) + "\n")

    def put(self, text: str) -> None:
        """Text on stderr as it is. A closed stderr is not an error."""
        try:
            self.err.write(text)
        except (OutputClosedError, OutputFailedError):
            return


def system_env(args: tuple[str, ...], interrupted: Callable[[], bool]) -> Env:
    """The environment of this process."""
    return Env(
        environ={name: value for name, value in os.environ.items() if value},
        stdin=sys.stdin.buffer if sys.stdin else None,
        out=_sink(sys.stdout),
        err=_sink(sys.stderr),
        args=args,
        interrupted=interrupted,
    )


def _sink(stream: TextIO | None) -> Sink:
    return Sink(
        stream.buffer if stream else None, is_terminal=stream is not None and stream.isatty()
    )
