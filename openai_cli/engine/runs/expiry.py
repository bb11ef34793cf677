"""Ends stale runs: expired ones, and those of dead processes.

There is no daemon: stale runs are ended at the start of each request. The watchdog of a run that is
being worked on also ends it when it expires.
"""

from openai_cli.engine.lease import is_alive
from openai_cli.engine.runs import lifecycle
from openai_cli.engine.store import Store, Transaction


def expire_stale_runs(store: Store, now: int) -> None:
    """End stale runs; writes only if there are any."""
    with store.read() as tx:
        due = has_stale_runs(tx, now)
    if due:
        with store.write() as tx:
            expire_stale_runs_in(tx, now)


def has_stale_runs(tx: Transaction, now: int) -> bool:
    """Whether there are any to end."""
    return bool(_overdue(tx, now))


def expire_stale_runs_in(tx: Transaction, now: int) -> None:
    """End stale runs, inside a write transaction."""
    for run_id, orphaned in _overdue(tx, now):
        run = tx.runs.get(run_id)
        if run is None:
            continue
        if orphaned:
            lifecycle.give_up(tx, run, now)
        else:
            lifecycle.expire(tx, run, now)


def _overdue(tx: Transaction, now: int) -> list[tuple[str, bool]]:
    """Ids of the runs, and whether their process is dead."""
    found = []
    for run in tx.runs.stale_candidates(now):
        orphaned = run.owner is not None and not is_alive(run.owner, run.heartbeat_at, now)
        if orphaned or run.expires_at <= now:
            found.append((run.run_id, orphaned))
    return found
