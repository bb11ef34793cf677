"""Records Ctrl-C, so that the command ends even if the KeyboardInterrupt is lost.

Python drops a KeyboardInterrupt that is raised inside one of its callbacks, as during imports, and
pydantic turns it into another error.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from openai_cli.errors import CliError, Interrupted, TimeUpError

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

_SECOND_ALARM = 1.0
"""Seconds from the first interrupt to the next, if the command has not ended."""


@contextmanager
def time_limit(seconds: float | None) -> Iterator[None]:
    """Interrupt the block after this time, as Ctrl-C would; None is no limit.

    Raises TimeUpError, with the consequence for the interrupted work.
    """
    if seconds is None:
        yield
        return
    up = False

    def on_alarm(_number: int, _frame: FrameType | None) -> None:
        nonlocal up
        up = True
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, on_alarm)
    signal.setitimer(signal.ITIMER_REAL, seconds, _SECOND_ALARM)
    try:
        yield
    except BaseException as error:
        signal.setitimer(signal.ITIMER_REAL, 0)
        if not up or (isinstance(error, CliError) and not isinstance(error, Interrupted)):
            raise
        what = error.what if isinstance(error, Interrupted) else ""
        message = f"not finished after {seconds:g} s (--max-time)"
        hint = error.hint if isinstance(error, Interrupted) else ""
        raise TimeUpError(f"{message}; {what}" if what else message, hint=hint) from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def watched() -> Iterator[Callable[[], int]]:
    """Yields a function that returns how often Ctrl-C was pressed.

    A process started with SIGINT ignored, as by `nohup`, continues to ignore it.
    """
    pressed = 0

    def on_interrupt(_number: int, _frame: FrameType | None) -> None:
        nonlocal pressed
        pressed += 1
        raise KeyboardInterrupt

    def drop_interrupts(unraisable: UnraisableHookArgs) -> None:
        if unraisable.exc_type is not KeyboardInterrupt:
            sys.__unraisablehook__(unraisable)

    before, hook = signal.getsignal(signal.SIGINT), sys.unraisablehook
    if before is signal.default_int_handler:
        signal.signal(signal.SIGINT, on_interrupt)
    sys.unraisablehook = drop_interrupts
    try:
        yield lambda: pressed
    finally:
        sys.unraisablehook = hook
        signal.signal(signal.SIGINT, before)
