"""`--continue`: changes a request for a new thread into a run on the engine's newest thread."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from openai_cli.api.thread_then_run import thread_then_run
from openai_cli.errors import Problem, UsageError

if TYPE_CHECKING:
    from openai_cli.api.operation import Request
    from openai_cli.client.settings import ConnectionSettings


def on_newest_thread(request: Request, settings: ConnectionSettings) -> Request:
    """The request that adds the messages to the newest thread and starts the run there.

    One request does both, so that of two commands at the same time, one is refused and has no
    effect. Raises UsageError if there is no thread, or if the request sets thread fields other than
    messages; StoreError.
    """
    parts = thread_then_run(request)
    if parts is None:
        raise _problem("the messages have a form that cannot be added to a thread")
    if parts.thread.body:
        fields = ", ".join(parts.thread.body)
        raise _problem(f"the thread already exists and cannot be created with {fields}")
    run = parts.run(_newest_thread(settings))
    messages = [dict(fields) for fields in parts.message_fields]
    more = {"additional_messages": messages} if messages else {}
    return run._replace(body={**(run.body or {}), **more})


def _newest_thread(settings: ConnectionSettings) -> str:
    from openai_cli.engine.store import store_to_read
    from openai_cli.engine.store.connection import is_there
    from openai_cli.engine.store_place import DatabaseUrl, store_place

    place = store_place(settings.address.text, settings.environ)
    thread = None
    if isinstance(place, DatabaseUrl) or is_there(place):
        with closing(store_to_read(place)) as store, store.read() as tx:
            thread = tx.threads.newest()
    if thread is None:
        hint = "the same command without --continue creates one"
        raise _problem(f"there is no thread yet in {place}", hint=hint)
    return thread.id


def _problem(what: str, hint: str = "") -> UsageError:
    return UsageError(problems=[Problem("--continue", what)], hint=hint)
