"""Starts a run; on a server without `POST /threads/runs`, by separate requests."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from openai_cli.api.operation import Request, build_request, usable_id
from openai_cli.api.operations import operation_named
from openai_cli.cli.env import Env
from openai_cli.client.client import Client
from openai_cli.client.responses import Document, Stream
from openai_cli.client.retry import NOT_OFFERED, TOO_MANY_REQUESTS, is_transient
from openai_cli.client.settings import ConnectionSettings
from openai_cli.errors import ApiError, CliError, Interrupted, NoAnswerError, shortened

if TYPE_CHECKING:
    from openai_cli.api.thread_then_run import ThreadThenRun

_NO_ROUTE = (404, 405, NOT_OFFERED)
_CLEANUP_TIMEOUT = 5.0
"""Seconds for the one attempt to delete a thread."""


class Started(NamedTuple):
    """The answer with the run, and the answer with the thread if it took a separate request."""

    answer: Document | Stream
    thread: Document | None = None


def start_run(client: Client, request: Request, env: Env, *, fallback: bool) -> Started:
    """Send the request. With `fallback`, create thread and run separately if the route is missing.

    Raises CliError; before that, a thread on which no run was started is deleted, if possible.
    """
    try:
        return Started(client.send(request))
    except ApiError as error:
        may = fallback and request.operation.has_fallback
        if not (may and _lacks_route(error, request, client.settings)):
            raise
        from openai_cli.api.thread_then_run import thread_then_run

        parts = thread_then_run(request)
        if parts is None:
            raise
        refusal = error
    return _Fallback(client, parts, env).start(request, refusal)


def _lacks_route(error: ApiError, request: Request, settings: ConnectionSettings) -> bool:
    """Whether the server refused the address, not something in the request.

    A refusal that names the assistant, the model or a parameter comes from a server with the route.
    The engine has the route, and OpenAI's and Azure's servers lack the other routes as well.
    """
    if error.status not in _NO_ROUTE or settings.in_process or settings.address.is_openai:
        return False
    if error.fields.get("param") or error.unclear_before:
        return False
    said = " ".join([error.message, *map(str, error.fields.values())])
    body = request.body or {}
    ids = [str(body[key]) for key in ("assistant_id", "model") if body.get(key)]
    named = any(re.search(rf"(?<!\w){re.escape(one)}(?!\w)", said) for one in ids)
    return not (named or "assistant" in said.lower())


def is_definite(error: ApiError) -> bool:
    """Whether the refusal of a run means that it was not started."""
    status = error.status or 0
    refused = status == TOO_MANY_REQUESTS or (status >= 400 and not is_transient(status))
    return refused and not error.unclear_before


class _Fallback:
    """Makes the thread, adds its messages and starts the run, one request each."""

    def __init__(self, client: Client, parts: ThreadThenRun, env: Env) -> None:
        self._client = client
        self._parts = parts
        self._env = env

    def start(self, request: Request, refusal: ApiError) -> Started:
        """Send the requests. Raises `refusal` if the server has no threads at all."""
        thread = self._make_thread(refusal)
        thread_id = _id_of(thread)
        try:
            self._env.say(
                "note",
                f"the server has no {request.operation.method} {request.path} (status "
                f"{refusal.status}): made thread {shortened(thread_id)} to start the run on it",
            )
            for message in self._parts.messages(thread_id):
                self._client.send(message)
        except (CliError, KeyboardInterrupt):
            self._delete(thread_id)
            raise
        return Started(self._start_run(thread_id), thread)

    def _make_thread(self, refusal: ApiError) -> Document:
        try:
            answer = self._client.send(self._parts.thread)
        except ApiError as error:
            raise refusal if error.status in _NO_ROUTE else error from None
        if not isinstance(answer, Document) or not _id_of(answer):
            raise NoAnswerError("the server's answer to a request for a thread is not a thread")
        return answer

    def _start_run(self, thread_id: str) -> Document | Stream:
        """Start the run. The thread is deleted only if it is certain that no run was started."""
        from openai_cli.cli.suggested_commands import list_runs_command

        where = f"a run on thread {shortened(thread_id)} may have started"
        command = f"list its runs with: {list_runs_command(thread_id, self._client.settings)}"
        try:
            return self._client.send(self._parts.run(thread_id))
        except (ApiError, NoAnswerError) as error:
            if isinstance(error, ApiError) and is_definite(error):
                self._delete(thread_id)
            else:
                error.hint = "\n".join(filter(None, [error.hint, f"{where}; {command}"]))
            raise
        except KeyboardInterrupt:
            raise Interrupted(where, hint=command) from None

    def _delete(self, thread_id: str) -> None:
        """Try to delete the thread, and report the result."""
        thread = f"thread {shortened(thread_id)}, on which no run was started"
        request = build_request(operation_named("beta:threads delete"), {"thread_id": thread_id})
        try:
            self._client.send(request, attempt_timeout=_CLEANUP_TIMEOUT)
        except (CliError, KeyboardInterrupt) as error:
            why = f": {error.message}" if isinstance(error, CliError) else ""
            self._env.say("warning", f"could not delete {thread}{why}")
        else:
            self._env.say("note", f"deleted {thread}")


def _id_of(thread: Document) -> str:
    return usable_id(thread.value.get("id")) if isinstance(thread.value, dict) else ""
