"""The requests that together do what `POST /threads/runs` does, made from its body."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from openai_cli.api.operation import Request, build_request
from openai_cli.api.operations import operation_named

_CREATE_RUN = "beta:threads:runs create"


class ThreadThenRun(NamedTuple):
    """A request to make a thread; its messages and the run need the thread's id."""

    thread: Request
    message_fields: tuple[Mapping[str, Any], ...]
    run_fields: Mapping[str, Any]

    def messages(self, thread_id: str) -> Iterator[Request]:
        """One request for each message, in order."""
        operation = operation_named("beta:threads:messages create")
        for fields in self.message_fields:
            yield build_request(operation, {**fields, "thread_id": thread_id})

    def run(self, thread_id: str) -> Request:
        """The request that starts the run."""
        return build_request(
            operation_named(_CREATE_RUN), {**self.run_fields, "thread_id": thread_id}
        )


def thread_then_run(request: Request) -> ThreadThenRun | None:
    """The requests in place of `POST /threads/runs`; None for a body that cannot be divided.

    Fields that only the thread has in the other requests (`tool_resources`) are merged into it.
    Messages are never sent with the thread: some servers drop them there without a word.
    """
    body = dict(request.body or {})
    thread = body.pop("thread", None) or {}
    messages = thread.get("messages") or [] if isinstance(thread, dict) else None
    if not isinstance(messages, list) or not all(isinstance(one, dict) for one in messages):
        return None  # a body of --no-validate
    of_thread = {name: value for name, value in thread.items() if name != "messages"}
    for name in _kept_by_thread(request) & body.keys():
        of_thread[name] = _merged(of_thread.get(name), body.pop(name))
    return ThreadThenRun(
        build_request(operation_named("beta:threads create"), of_thread), tuple(messages), body
    )


def _kept_by_thread(request: Request) -> set[str]:
    """Fields of the run that the request for a run on an existing thread does not have."""
    ours = request.operation.request.model_fields
    return ours.keys() - operation_named(_CREATE_RUN).request.model_fields.keys()


def _merged(first: Any, second: Any) -> Any:
    """Both values in one: objects key by key, lists without duplicates, else the second."""
    if isinstance(first, dict) and isinstance(second, dict):
        both = {key: _merged(first[key], second[key]) for key in first.keys() & second.keys()}
        return {**first, **second, **both}
    if isinstance(first, list) and isinstance(second, list):
        return [*first, *(item for item in second if item not in first)]
    return first if second is None else second
