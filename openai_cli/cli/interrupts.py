"""Ctrl-C, remembered.

Python loses a KeyboardInterrupt that comes while one of its own callbacks runs (modules load that
way), and pydantic makes another error of it; a command must end all the same.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sys import UnraisableHookArgs


@contextmanager
def watched() -> Iterator[Callable[[], bool]]:
    """Gives a function that says whether Ctrl-C has been pressed.

    A process that was started with SIGINT ignored, as `nohup` does, goes on ignoring it.
    """
    pressed = False

    def on_interrupt(_number: int, _frame: FrameType | None) -> None:
        nonlocal pressed
        pressed = True
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
