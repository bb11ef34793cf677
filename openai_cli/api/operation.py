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
    into the path and may also be given by position, in this order. The other fields go into the
    JSON body of a POST, or the query of other methods; `bodiless`: a POST without a body.

    `pages`: the answer is a paginated list. `answers_run`: the answer is a run that --wait can wait
    for. `continues_run`: this call starts or continues the run, so the run's end decides the exit
    code. `has_fallback`: other operations can replace this one on servers that lack it.
    `takes_lines`: --each may send one request per line of a file. `gone`: OpenAI's own servers no
    longer offer the operation.
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
        """Command lines that run unchanged on the embedded engine."""
        from openai_cli.api.examples import EXAMPLES

        return EXAMPLES.get(self.name, ())

    @property
    def shown_examples(self) -> tuple[str, ...]:
        """The examples for help: first a plain call with placeholder ids.

        The other examples run unchanged, so some of them get their ids from another command.
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
        """The usage line: the command and its positional arguments."""
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

    `idempotency_key` is used each time this request is sent; if empty, each call makes a new key.
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
    """An id from a server's answer; "" if it is missing or cannot be sent.

    JSON can hold a lone UTF-16 surrogate, which UTF-8 cannot encode.
    """
    if not isinstance(value, str):
        return ""
    try:
        value.encode()
    except UnicodeEncodeError:
        return ""
    return value


def build_request(operation: Operation, values: Mapping[str, Any]) -> Request:
    """Put each value into the path (percent-encoded), the query or the body."""
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
