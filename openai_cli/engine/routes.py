"""Routes: each declared operation with its handler."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

from openai_cli.api.operation import Operation
from openai_cli.api.operations import OPERATIONS
from openai_cli.engine import foreign_paths
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

if TYPE_CHECKING:
    from openai_cli.api.base import RequestModel

Handler = Callable[..., Any]

HANDLERS: Mapping[str, Handler] = MappingProxyType(
    {
        "beta:assistants create": assistants.create,
        "beta:assistants retrieve": assistants.retrieve,
        "beta:assistants update": assistants.update,
        "beta:assistants list": assistants.list_,
        "beta:assistants delete": assistants.delete,
        "beta:threads create": threads.create,
        "beta:threads retrieve": threads.retrieve,
        "beta:threads update": threads.update,
        "beta:threads delete": threads.delete,
        "beta:threads create-and-run": runs.create_with_thread,
        "beta:threads:runs create": runs.create,
        "beta:threads:runs retrieve": runs.retrieve,
        "beta:threads:runs update": runs.update,
        "beta:threads:runs list": runs.list_,
        "beta:threads:runs cancel": runs.cancel,
        "beta:threads:runs submit-tool-outputs": tool_outputs.submit,
        "beta:threads:runs:steps retrieve": steps.retrieve,
        "beta:threads:runs:steps list": steps.list_,
        "beta:threads:messages create": messages.create,
        "beta:threads:messages retrieve": messages.retrieve,
        "beta:threads:messages update": messages.update,
        "beta:threads:messages list": messages.list_,
        "beta:threads:messages delete": messages.delete,
    }
)


class Route(NamedTuple):
    """One operation and its handler; `pattern` matches its path."""

    operation: Operation
    handler: Handler
    pattern: re.Pattern[str]

    @property
    def request(self) -> "type[RequestModel]":
        """The model for validating the request."""
        if self.handler is assistants.create:
            from openai_cli.engine.extended_requests import CreateAssistantWithId

            return CreateAssistantWithId
        return self.operation.request


class Subject(NamedTuple):
    """The operation and run of a request, for logs and metrics."""

    operation: str
    """The name of the operation; empty if there is none."""
    run_id: str
    """The id of the run in the path, or empty."""


@cache
def routes() -> tuple[Route, ...]:
    """All routes. The first match counts: `/threads/runs` stands before `/threads/{thread_id}`."""
    ordered = sorted(OPERATIONS, key=lambda operation: operation.path.count("{"))
    return tuple(
        Route(operation, HANDLERS[operation.name], _pattern(operation.path))
        for operation in ordered
    )


@cache
def _by_depth() -> Mapping[int, Sequence[Route]]:
    """Routes by the number of slashes in their paths; ids have no slashes."""
    found: dict[int, list[Route]] = {}
    for route in routes():
        found.setdefault(route.operation.path.strip("/").count("/"), []).append(route)
    return found


def find(method: str, path: str) -> tuple[Route, dict[str, str]]:
    """The route of a request, and the ids in its path.

    Raises:
        RefusalError: the URL is unknown, the method is not allowed, or an id has the wrong prefix.
    """
    allowed = []
    for route, ids in _matching(path):
        allowed.append(route.operation.method)
        if route.operation.method == method:
            for name, value in ids.items():
                lookup.check_prefix(name, value)
            return route, ids
    if allowed:
        headers = {"allow": ", ".join(allowed)}
        raise RefusalError(f"Not allowed to {method} on {path}.", status=405, headers=headers)
    more = foreign_paths.advice(path)
    message = f"Invalid URL ({method} {path})"
    raise RefusalError(f"{message}. {more}" if more else message, status=404)


def subject_of(method: str, path: str) -> Subject:
    """The operation and run of a request, also for requests that are refused."""
    for route, ids in _matching(path):
        if route.operation.method == method:
            return Subject(route.operation.name, ids.get("run_id", ""))
    return Subject("", "")


def _matching(path: str) -> Iterator[tuple[Route, dict[str, str]]]:
    """The routes of a path, and the ids in it."""
    path = path.strip("/")
    for route in _by_depth().get(path.count("/"), ()):
        matched = route.pattern.fullmatch(path)
        if matched is not None:
            yield route, {name: unquote(value) for name, value in matched.groupdict().items()}


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]*)", template.strip("/")))
