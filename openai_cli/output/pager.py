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
from openai_cli.output.terminal import terminal_size

_COLOUR = re.compile("\x1b\\[[0-9;]*m")


class PagingSink(Sink):
    """A terminal that shows a long answer in `PAGER`, or in `less` if that is installed.

    Only complete answers are paged; streams and lists go straight to the terminal.
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
        """Show the text in the pager; False if the pager cannot be started or fails."""
        # The pager gets no API keys. R makes less pass colours through.
        safe = {k: v for k, v in self._environ.items() if not k.startswith("OPENAI_")}
        with _interrupts_left_to_pager() as pressed:
            try:
                pager = subprocess.Popen(  # noqa: S603 - the user's own choice of program
                    command, stdin=subprocess.PIPE, env={"LESS": "FRX", **safe}
                )
            except OSError:
                return False
            _feed(pager, text)
        # A pager that exits with an error has probably shown nothing, so the text is printed as
        # well. A pager ended by Ctrl-C or another signal had shown it.
        return pressed() or pager.returncode <= 0


@contextmanager
def _interrupts_left_to_pager() -> Iterator[Callable[[], bool]]:
    """Let only the pager handle Ctrl-C; yields a function that returns whether it was pressed."""
    was_pressed = False

    def note(_number: int, _frame: object) -> None:
        nonlocal was_pressed
        was_pressed = True

    # The child process would inherit SIG_IGN; it does not inherit a handler.
    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: was_pressed
    finally:
        signal.signal(signal.SIGINT, before)


def _feed(pager: subprocess.Popen[bytes], text: str) -> None:
    """Write the text to the pager and wait until the user quits it."""
    try:
        pager.communicate(text.encode("utf-8", errors="replace"))
    except BrokenPipeError:
        pass  # the user quit before the end of the text
    finally:
        pager.wait()


def pager_command(environ: Mapping[str, str]) -> list[str]:
    """The pager command as words: `PAGER`, else `less`.

    Empty if it is empty or `cat`, cannot be split into words or is not installed.
    """
    try:
        words = shlex.split(environ.get("PAGER", "less"))
    except ValueError:
        return []
    if not words or words[0] == "cat" or shutil.which(words[0]) is None:
        return []
    return words


def _is_long(text: str) -> bool:
    """Whether the text and the next prompt need more rows than the terminal has.

    The prompt follows on the text's last, possibly empty, line.
    """
    columns, rows = terminal_size()
    if not rows:
        return False
    needed = 0
    for line in text.split("\n"):
        needed += 1 + max(0, len(_COLOUR.sub("", line)) - 1) // max(columns, 1)
        if needed > rows:
            return True
    return False
