"""The process environment of a command: variables, streams, arguments."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from typing import BinaryIO, NamedTuple, TextIO

from openai_cli.output.sink import OutputClosedError, OutputFailedError, Sink
from openai_cli.output.terminal import harmless, wants_colour


def _never() -> int:
    return 0


_MAY_BE_EMPTY = ("PAGER", "OPENAI_CONFIG")
"""Variables whose empty value has a meaning: no pager, no configuration file."""


class Env(NamedTuple):
    """Environment variables, the three standard streams (None if closed), and the arguments.

    `environ` has no empty variables, as they count as unset, except those of `_MAY_BE_EMPTY`.
    `interrupted` returns how often Ctrl-C was pressed. `color` is the value of --color.
    """

    environ: Mapping[str, str]
    stdin: BinaryIO | None
    out: Sink
    err: Sink
    args: tuple[str, ...] = ()
    interrupted: Callable[[], int] = _never
    color: str = "auto"

    def paged(self) -> Sink:
        """Stdout, with a pager for long answers if it is a terminal."""
        if not self.out.is_terminal:
            return self.out
        from openai_cli.output.pager import PagingSink

        return PagingSink(self.out.stream, self.environ)

    def colours(self, sink: Sink) -> bool:
        """Whether text of our own is coloured on this stream."""
        return wants_colour(self.environ, sink.is_terminal, self.color)

    def say(self, kind: str, text: str) -> None:
        """Write a message to stderr as `kind: text`, with colour where it is wanted."""
        colours = {"error": "31;1", "warning": "33;1", "hint": "36", "note": "36"}
        label = f"{kind}:"
        if self.colours(self.err):
            label = f"\x1b[{colours.get(kind, '0')}m{label}\x1b[0m"
        # Later lines are indented, so that a server's text cannot imitate our own messages.
        first, *more = harmless(text).split("\n") or [""]
        self.put("\n".join([f"{label} {first}", *(f"  {line}" for line in more), ""]))

    def talk(self, line: str) -> None:
        """Write a line to stderr without a label; control characters are escaped."""
        self.put(harmless(line) + "\n")

    def put(self, text: str) -> None:
        """Write text to stderr unchanged. A closed stderr is not an error."""
        try:
            self.err.write(text)
        except (OutputClosedError, OutputFailedError):
            return


def system_env(args: tuple[str, ...], interrupted: Callable[[], int]) -> Env:
    """The environment of this process."""
    return Env(
        environ=without_empty(os.environ),
        stdin=sys.stdin.buffer if sys.stdin else None,
        out=_sink(sys.stdout),
        err=_sink(sys.stderr),
        args=args,
        interrupted=interrupted,
    )


def without_empty(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that count as set."""
    return {name: value for name, value in environ.items() if value or name in _MAY_BE_EMPTY}


def _sink(stream: TextIO | None) -> Sink:
    return Sink(
        stream.buffer if stream else None, is_terminal=stream is not None and stream.isatty()
    )
