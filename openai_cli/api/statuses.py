"""The statuses of a run that the tool distinguishes."""

from __future__ import annotations

WAITS_FOR_OUTPUTS = "requires_action"
NOT_COMPLETED = ("failed", "cancelled", "expired", "incomplete")
"""Statuses of a run that has ended without completing."""
STOPPED = frozenset({"completed", *NOT_COMPLETED, WAITS_FOR_OUTPUTS})
"""Statuses that nothing but a call from outside leads out of; a stream ends there."""
