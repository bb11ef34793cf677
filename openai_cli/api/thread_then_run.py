"""Replaces `POST /threads/runs` by separate requests: thread, messages, run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from openai_cli.api.operation import Request, build_request
from openai_cli.api.operations import operation_named

_CREATE_RUN = "beta:threads:runs create"


class ThreadThenRun(NamedTuple):
    """A request to make a thread; its messages and the run need the thread's id.

    `idempotency_key` is the key of the replaced request.
    """

    thread: Request
    message_fields: tuple[Mapping[str, Any], ...]
    run_fields: Mapping[str, Any]
    idempotency_key: str

    def messages(self, thread_id: str) -> Iterator[Request]:
        """One request for each message, in order."""
        operation = operation_named("beta:threads:messages create")
        for number, fields in enumerate(self.message_fields):
            request = build_request(operation, {**fields, "thread_id": thread_id})
            yield _with_key(request, self.idempotency_key, f"message-{number}")

    def run(self, thread_id: str) -> Request:
        """The request that starts the run."""
        fields = {**self.run_fields, "thread_id": thread_id}
        request = build_request(operation_named(_CREATE_RUN), fields)
        return _with_key(request, self.idempotency_key, "run")


def thread_then_run(request: Request) -> ThreadThenRun | None:
    """The requests that replace `POST /threads/runs`; None for a body that cannot be split.

    Fields that the request for a run lacks (`tool_resources`) are merged into the thread. Messages
    are never sent with the thread: some servers drop them silently.
    """
    body = dict(request.body or {})
    thread = body.pop("thread", None) or {}
    messages = thread.get("messages") or [] if isinstance(thread, dict) else None
    if not isinstance(messages, list) or not all(isinstance(one, dict) for one in messages):
        return None  # a body of --no-validate
    of_thread = {name: value for name, value in thread.items() if name != "messages"}
    for name in _kept_by_thread(request) & body.keys():
        of_thread[name] = _merged(of_thread.get(name), body.pop(name))
    key = request.idempotency_key
    thread_request = build_request(operation_named("beta:threads create"), of_thread)
    return ThreadThenRun(_with_key(thread_request, key, "thread"), tuple(messages), body, key)


def _with_key(request: Request, key: str, part: str) -> Request:
    """The request with a key derived from the replaced request's key, if there is one."""
    return request._replace(idempotency_key=f"{key}-{part}") if key else request


def _kept_by_thread(request: Request) -> set[str]:
    """Fields of the body that the request for a run on an existing thread lacks."""
    ours = request.operation.request.model_fields
    return ours.keys() - operation_named(_CREATE_RUN).request.model_fields.keys()


def _merged(first: Any, second: Any) -> Any:
    """Merge two values: objects key by key, lists without duplicates, else the second."""
    if isinstance(first, dict) and isinstance(second, dict):
        both = {key: _merged(first[key], second[key]) for key in first.keys() & second.keys()}
        return {**first, **second, **both}
    if isinstance(first, list) and isinstance(second, list):
        return [*first, *(item for item in second if item not in first)]
    return first if second is None else second
