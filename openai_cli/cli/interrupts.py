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

if TYPE_CHECKING:
    from sys import UnraisableHookArgs


@contextmanager
def watched() -> Iterator[Callable[[], bool]]:
    """Yields a function that returns whether Ctrl-C was pressed.

    A process started with SIGINT ignored, as by `nohup`, continues to ignore it.
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
