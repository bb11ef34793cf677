"""The declaration of one operation; everything else is derived from it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast
from urllib.parse import quote

if TYPE_CHECKING:
    from openai_cli.api.base import RequestModel

Method = Literal["GET", "POST", "DELETE"]


_EXAMPLE_IDS = {
    "assistant_id": "asst_abc123",
    "thread_id": "thread_abc123",
    "run_id": "run_abc123",
    "step_id": "step_abc123",
    "message_id": "msg_abc123",
}


class Operation(NamedTuple):
    """One documented command.

    `model` names the request model, `module:Class`. `path` may hold `{names}`: those fields go
    into the path and may also be given by position, in this order. Of the rest, a POST sends a
    JSON body and any other method a query; `bodiless` POSTs send none. `pages` says that the
    answer is a list in pages, `answers_run` that it is a run that can be waited for, and
    `continues_run` that this call set it going, so its end decides the exit code. `has_fallback`
    says that other operations do the same on servers that lack this one. `takes_lines` says that
    one command may send it for each line of a file. `gone` says that
    OpenAI's own servers no longer offer it.
    """

    resource: str
    command: str
    summary: str
    method: Method
    path: str
    model: str
    streams: bool = False
    pages: bool = False
    bodiless: bool = False
    answers_run: bool = False
    continues_run: bool = False
    has_fallback: bool = False
    takes_lines: bool = False
    gone: bool = True

    @property
    def request(self) -> type[RequestModel]:
        """The request model, imported when it is first needed: models cost start-up time."""
        return _imported(self.model)

    @property
    def query_fields(self) -> frozenset[str]:
        """Fields of the request that travel in the query."""
        return _query_fields(self)

    @property
    def takes_body(self) -> bool:
        """Whether the request has a body."""
        return self.method == "POST" and not self.bodiless

    @property
    def name(self) -> str:
        """The command as typed: `beta:threads create-and-run`."""
        return f"{self.resource} {self.command}"

    @property
    def examples(self) -> tuple[str, ...]:
        """Command lines that work as they stand on the embedded engine."""
        from openai_cli.api.examples import EXAMPLES

        return EXAMPLES.get(self.name, ())

    @property
    def shown_examples(self) -> tuple[str, ...]:
        """The examples for people: first the plain call, with ids that stand for others.

        The examples themselves work as they stand, so some of them find their ids first.
        """
        if not self.examples:
            return ()
        _, pipe, call = self.examples[0].rpartition("| xargs ")
        if not pipe:
            return self.examples
        ids = [_EXAMPLE_IDS[name] for name in self.path_fields]
        if "--tool-output.tool-call-id" in self.examples[0]:
            ids.append("--tool-output.tool-call-id call_abc123")
        plain = call.replace(" --local", "").replace(self.name, " ".join([self.name, *ids]))
        return (plain, *self.examples)

    @property
    def usage(self) -> str:
        """The command as it is typed, with the places of its words."""
        words = (f"[{name.upper()}]" for name in self.path_fields)
        return " ".join(["openai", self.name, *words, "[flags]"])

    @property
    def path_fields(self) -> tuple[str, ...]:
        """Fields of the request that are part of the path, in path order."""
        return tuple(re.findall(r"{(\w+)}", self.path))


@cache
def _imported(model: str) -> type[RequestModel]:
    module, _, name = model.partition(":")
    return cast("type[RequestModel]", getattr(import_module(module), name))


@cache
def _query_fields(operation: Operation) -> frozenset[str]:
    from openai_cli.api.base import InQuery

    fields = operation.request.model_fields.items()
    if operation.method == "POST":
        return frozenset(
            name for name, info in fields if any(isinstance(m, InQuery) for m in info.metadata)
        )
    return frozenset(name for name, _ in fields if name not in operation.path_fields)


class Request(NamedTuple):
    """A request ready to be sent: plain values, independent of the command line.

    `idempotency_key` is the same whenever this request is sent; empty for a new one at each call.
    """

    operation: Operation
    path: str
    query: Mapping[str, Any]
    body: Mapping[str, Any] | None
    idempotency_key: str = ""

    @property
    def streams(self) -> bool:
        """Whether the request asks for server-sent events."""
        return self.body is not None and self.body.get("stream") is True


def usable_id(value: object) -> str:
    """An id that a server sent; "" if it is missing or cannot stand in a request.

    JSON can hold half of a UTF-16 pair, which has no bytes in UTF-8.
    """
    if not isinstance(value, str):
        return ""
    try:
        value.encode()
    except UnicodeEncodeError:
        return ""
    return value


def build_request(operation: Operation, values: Mapping[str, Any]) -> Request:
    """Put each value where the operation sends it; path values are percent-encoded."""
    in_path = {name: quote(str(values[name]), safe="") for name in operation.path_fields}
    rest = {name: value for name, value in values.items() if name not in in_path}
    if operation.method != "POST":
        query, body = rest, None
    else:
        in_query = operation.query_fields
        query = {name: value for name, value in rest.items() if name in in_query}
        body = {name: value for name, value in rest.items() if name not in in_query}
    return Request(
        operation=operation,
        path=operation.path.format(**in_path),
        query=query,
        body=None if operation.bodiless and not body else body,
    )
