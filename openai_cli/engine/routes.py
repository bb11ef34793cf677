"""The engine's routes: one line for each operation."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from urllib.parse import unquote

from openai_cli.engine.handlers import (
    assistants,
    lookup,
    messages,
    runs,
    steps,
    threads,
    tool_outputs,
)
from openai_cli.engine.refusals import RefusalError
from openai_cli.engine.validation import bodies, queries
from openai_cli.engine.validation.checks import Check

Operation = Callable[..., Any]


class Route(NamedTuple):
    """One operation: where it is found, what its body must look like, what it does."""

    method: str
    path: str
    operation: Operation
    body: Check = bodies.EMPTY
    query: Sequence[str] = ()
    """The names of the query parameters it takes."""


_ASSISTANT = "/assistants/{assistant_id}"
_THREAD = "/threads/{thread_id}"
_MESSAGES = "/threads/{thread_id}/messages"
_MESSAGE = "/threads/{thread_id}/messages/{message_id}"
_RUNS = "/threads/{thread_id}/runs"
_RUN = "/threads/{thread_id}/runs/{run_id}"
_SUBMIT = f"{_RUN}/submit_tool_outputs"

# `/threads/runs` stands before `/threads/{thread_id}`: the first match counts.
ROUTES = (
    Route("POST", "/assistants", assistants.create, bodies.CREATE_ASSISTANT),
    Route("GET", "/assistants", assistants.list_, query=queries.WINDOW),
    Route("GET", _ASSISTANT, assistants.retrieve),
    Route("POST", _ASSISTANT, assistants.update, bodies.MODIFY_ASSISTANT),
    Route("DELETE", _ASSISTANT, assistants.delete),
    Route("POST", "/threads", threads.create, bodies.CREATE_THREAD),
    Route("POST", "/threads/runs", runs.create_with_thread, bodies.CREATE_THREAD_AND_RUN),
    Route("GET", _THREAD, threads.retrieve),
    Route("POST", _THREAD, threads.update, bodies.MODIFY_THREAD),
    Route("DELETE", _THREAD, threads.delete),
    Route("POST", _MESSAGES, messages.create, bodies.CREATE_MESSAGE),
    Route("GET", _MESSAGES, messages.list_, query=(*queries.WINDOW, "run_id")),
    Route("GET", _MESSAGE, messages.retrieve),
    Route("POST", _MESSAGE, messages.update, bodies.MODIFY_METADATA),
    Route("DELETE", _MESSAGE, messages.delete),
    Route("POST", _RUNS, runs.create, bodies.CREATE_RUN, queries.INCLUDE),
    Route("GET", _RUNS, runs.list_, query=queries.WINDOW),
    Route("GET", _RUN, runs.retrieve),
    Route("POST", _RUN, runs.update, bodies.MODIFY_METADATA),
    Route("POST", f"{_RUN}/cancel", runs.cancel),
    Route("POST", _SUBMIT, tool_outputs.submit, bodies.SUBMIT_TOOL_OUTPUTS),
    Route("GET", f"{_RUN}/steps", steps.list_, query=(*queries.WINDOW, *queries.INCLUDE)),
    Route("GET", f"{_RUN}/steps/{{step_id}}", steps.retrieve, query=queries.INCLUDE),
)


def find(method: str, path: str) -> tuple[Route, dict[str, str]]:
    """The route of a request, and the ids in its path.

    Raises:
        ApiError: there is no such URL, it has no such method, or an id has the wrong prefix.
    """
    parts = [unquote(part) for part in path.strip("/").split("/")]
    allowed = []
    for route in ROUTES:
        ids = _match(route.path.strip("/").split("/"), parts)
        if ids is None:
            continue
        allowed.append(route.method)
        if route.method == method:
            for name, value in ids.items():
                lookup.check_prefix(name, value)
            return route, ids
    if allowed:
        headers = {"allow": ", ".join(allowed)}
        raise RefusalError(f"Not allowed to {method} on {path}.", status=405, headers=headers)
    raise RefusalError(f"Invalid URL ({method} {path})", status=404)


def _match(pattern: list[str], parts: list[str]) -> dict[str, str] | None:
    if len(pattern) != len(parts):
        return None
    ids = {}
    for wanted, part in zip(pattern, parts, strict=True):
        if wanted.startswith("{"):
            ids[wanted[1:-1]] = part
        elif wanted != part:
            return None
    return ids
