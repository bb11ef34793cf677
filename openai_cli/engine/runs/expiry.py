"""Ends stale runs: expired runs, and runs of dead processes.

There is no daemon: each request first ends stale runs. The watchdog also ends running runs that
expire.
"""

from functools import partial

from openai_cli.engine.lease import is_alive, is_claim, own_prefix
from openai_cli.engine.runs import lifecycle
from openai_cli.engine.store import QUEUED, Store, Transaction

_UNSUSPECTED = 12
"""Seconds without a heartbeat (due every 10) after which an owner is checked."""


def expire_stale_runs(store: Store, now: int) -> None:
    """End stale runs, each in a separate transaction; writes only if there are any.

    Transactions that lock several runs, or a run and then a thread, in different orders could
    deadlock.
    """
    for run_id in store.view(partial(_overdue, now=now)):
        store.transact(partial(_end, run_id=run_id, now=now), idempotent=True)


def has_stale_runs(tx: Transaction, now: int) -> bool:
    """Whether there are stale runs."""
    return bool(_overdue(tx, now))


def _end(tx: Transaction, run_id: str, now: int) -> None:
    """End the run if it is still stale; a claimed run that has not started is queued again."""
    run = tx.runs.get(run_id)
    if run is None:
        return
    if run.owner is not None and not is_alive(run.owner, run.heartbeat_at, now):
        if run.status == "queued" and is_claim(run.owner):
            tx.runs.update(run.id, owner=None, heartbeat_at=None)
            tx.notify(QUEUED)
        else:
            lifecycle.give_up(tx, run, now)
    elif run.expires_at is not None and run.expires_at <= now:
        lifecycle.expire(tx, run, now)


def _overdue(tx: Transaction, now: int) -> list[str]:
    """Ids of the runs that have expired or whose process is dead."""
    # Many processes check a shared store: they ignore other runs with a recent heartbeat.
    quiet_since = now - _UNSUSPECTED if tx.shared else now
    return [
        run.run_id
        for run in tx.runs.stale_candidates(now, quiet_since, own_prefix())
        if run.expires_at <= now
        or (run.owner is not None and not is_alive(run.owner, run.heartbeat_at, now))
    ]
