"""How far the lines are, in numbers and in words."""

from __future__ import annotations

from typing import NamedTuple


class Standing(NamedTuple):
    """How far the lines are. `total` is None while it is not known; `pause` is in seconds."""

    done: int = 0
    failed: int = 0
    in_flight: int = 0
    skipped: int = 0
    total: int | None = None
    tokens: int = 0
    pause: float = 0.0
    stopping: str = ""


def status_line(standing: Standing, seconds: float) -> str:
    """How far it is, in words."""
    of_total = "" if standing.total is None else f" of {standing.total}"
    parts = [
        f"{standing.done + standing.skipped}{of_total} lines done",
        *details(standing, seconds),
    ]
    return ", ".join(parts)


def details(standing: Standing, seconds: float) -> list[str]:
    """Failures, runs in flight, rate, tokens, remaining time: those that there are."""
    rate = standing.done / seconds if seconds else 0.0
    parts = [f"{standing.failed} failed", f"{standing.in_flight} in flight", f"{rate:.1f}/s"]
    if standing.tokens:
        parts.append(f"{standing.tokens:,} tokens")
    if standing.total is not None and rate and not standing.stopping:
        left = (standing.total - standing.skipped - standing.done) / rate
        parts.append(f"{duration(left)} left")
    if standing.pause >= 1:
        parts.append(f"the server asks to wait {duration(standing.pause)}")
    if standing.stopping:
        parts.append(standing.stopping)
    return parts


def duration(seconds: float) -> str:
    """A time for a person: `1:02:03`, `2:03`, `3 s`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def counted(count: int, what: str) -> str:
    """`1 line`, `2 lines`."""
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"
