"""The progress of `--each`: counts, and their wording."""

from __future__ import annotations

from typing import NamedTuple


class JobProgress(NamedTuple):
    """Counts of lines. `total` is None while unknown; `pause` is in seconds."""

    done: int = 0
    failed: int = 0
    in_flight: int = 0
    skipped: int = 0
    total: int | None = None
    tokens: int = 0
    pause: float = 0.0
    stopping: str = ""


def status_line(progress: JobProgress, seconds: float) -> str:
    """The progress in one line; `seconds` is the time since the start."""
    of_total = "" if progress.total is None else f" of {progress.total}"
    parts = [
        f"{progress.done + progress.skipped}{of_total} lines done",
        *details(progress, seconds),
    ]
    return ", ".join(parts)


def details(progress: JobProgress, seconds: float) -> list[str]:
    """Failures, runs in flight and rate; tokens, remaining time, pause and stop if known."""
    rate = progress.done / seconds if seconds else 0.0
    parts = [f"{progress.failed} failed", f"{progress.in_flight} in flight", f"{rate:.1f}/s"]
    if progress.tokens:
        parts.append(f"{progress.tokens:,} tokens")
    if progress.total is not None and rate and not progress.stopping:
        left = (progress.total - progress.skipped - progress.done) / rate
        parts.append(f"{duration(left)} left")
    if progress.pause >= 1:
        parts.append(f"paused by the server for {duration(progress.pause)}")
    if progress.stopping:
        parts.append(progress.stopping)
    return parts


def duration(seconds: float) -> str:
    """A readable duration: `1:02:03`, `2:03`, `3 s`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def counted(count: int, what: str) -> str:
    """`1 line`, `2 lines`."""
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"
