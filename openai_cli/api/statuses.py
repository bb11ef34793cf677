"""The statuses of a run that the tool distinguishes."""

from __future__ import annotations

WAITS_FOR_OUTPUTS = "requires_action"
NOT_COMPLETED = ("failed", "cancelled", "expired", "incomplete")
"""Statuses of a run that has ended without completing."""
STOPPED = frozenset({"completed", *NOT_COMPLETED, WAITS_FOR_OUTPUTS})
"""Statuses in which a run stays until a client acts; a stream ends there."""
