"""A pager for answers longer than the terminal."""

from __future__ import annotations

import re
import shlex
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import BinaryIO

from openai_cli.output.sink import Sink

_COLOUR = re.compile("\x1b\\[[0-9;]*m")


class PagingSink(Sink):
    """A terminal that shows a long answer through `PAGER`, or `less` where that is there.

    Only whole answers are paged: what comes bit by bit is shown as it comes.
    """

    def __init__(self, stream: BinaryIO | None, environ: Mapping[str, str]) -> None:
        super().__init__(stream, is_terminal=True)
        self._environ = environ

    def write_whole(self, text: str) -> None:
        """Write an answer, through the pager if it is longer than the screen."""
        command = pager_command(self._environ) if _is_long(text) else []
        if not (command and self._paged(command, text)):
            self.write(text)

    def _paged(self, command: list[str], text: str) -> bool:
        """Show the text in the pager; False if the pager cannot be started, or fails."""
        # The pager has no business with keys; less must pass colours on.
        safe = {k: v for k, v in self._environ.items() if not k.startswith("OPENAI_")}
        with _left_to_the_pager() as pressed:
            try:
                pager = subprocess.Popen(  # noqa: S603 - the user's own choice of program
                    command, stdin=subprocess.PIPE, env={"LESS": "FRX", **safe}
                )
            except OSError:
                return False
            _feed(pager, text)
        # A pager that says it failed has likely shown nothing: better twice than not at all.
        # One that Ctrl-C or another signal ended was being looked at.
        return pressed() or pager.returncode <= 0


@contextmanager
def _left_to_the_pager() -> Iterator[Callable[[], bool]]:
    """While this lasts, Ctrl-C is the pager's to handle; gives whether it was pressed."""
    came = False

    def note(_number: int, _frame: object) -> None:
        nonlocal came
        came = True

    # A handler, unlike SIG_IGN, is not passed on to the pager.
    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: came
    finally:
        signal.signal(signal.SIGINT, before)


def _feed(pager: subprocess.Popen[bytes], text: str) -> None:
    """Give the pager the text and wait until the reader quits it."""
    try:
        pager.communicate(text.encode("utf-8", errors="replace"))
    except BrokenPipeError:
        pass  # quit before the end: the reader has seen enough
    finally:
        pager.wait()


def pager_command(environ: Mapping[str, str]) -> list[str]:
    """The pager as words, empty if there is none: `PAGER`, else less; `cat` means none."""
    try:
        words = shlex.split(environ.get("PAGER", "less"))
    except ValueError:
        return []
    if not words or words[0] == "cat" or shutil.which(words[0]) is None:
        return []
    return words


def _is_long(text: str) -> bool:
    """Whether the text needs more rows than the terminal has, one kept for the prompt."""
    columns, rows = shutil.get_terminal_size()
    needed = 0
    for line in text.split("\n"):
        needed += 1 + max(0, len(_COLOUR.sub("", line)) - 1) // max(columns, 1)
        if needed >= rows:
            return True
    return False
