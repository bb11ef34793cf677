"""Whether there are enough file descriptors for the runs that `--each` has in progress."""

from __future__ import annotations

from openai_cli.errors import Problem, UsageError

_OWN = 40
"""For the process itself, and the store of the embedded engine."""


def check_descriptors(concurrency: int) -> None:
    """Raise the limit if it is too low for so many runs. Raises UsageError if that cannot be.

    Each of them has a connection, to the server or, from the embedded engine, to a model.
    """
    from openai_cli.open_files import raise_limit

    wanted = _OWN + concurrency
    found = raise_limit(wanted)
    if found < wanted:
        what = f"{concurrency} runs need {wanted} open files, and the limit is {found} (ulimit -n)"
        hint = f"--concurrency {max(1, found - _OWN)} works"
        raise UsageError(problems=[Problem("--concurrency", what)], hint=hint)
