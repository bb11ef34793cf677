"""A client in this process with recorded waits, and the command pointed at the server."""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, Protocol

import pytest
import trustme

from openai_cli.api.operation import Request
from openai_cli.api.operations import main_operation, operation_named
from openai_cli.cli.engine_transport import engine_transport
from openai_cli.client.address import read_address
from openai_cli.client.client import Client
from openai_cli.client.settings import ConnectionSettings
from tests.support.inprocess import InProcess
from tests.support.server import Reply, Server
from tests.support.shell import Result, Shell

KEY = "sk-test-51H8aXQ2ZcL0pW"
RUN = ("beta:threads", "create-and-run", "--assistant-id", "asst_abc")

CREATE = Request(main_operation(), "/threads/runs", {}, {"assistant_id": "asst_abc"})
STREAM = Request(
    main_operation(), "/threads/runs", {}, {"assistant_id": "asst_abc", "stream": True}
)
RETRIEVE = Request(
    operation_named("beta:threads:runs retrieve"), "/threads/thread_abc/runs/run_abc", {}, None
)


@pytest.fixture
def openai(openai: Shell) -> Shell:
    """The command in this process: the way to the server is the subject here, not a start."""
    return InProcess(openai.folder, openai.environ)


class Ask(Protocol):
    def __call__(self, *args: str, **options: Any) -> Result: ...


@pytest.fixture
def ask(openai: Shell, server: Server) -> Ask:
    """`openai … beta:threads create-and-run` against the server, with a key."""

    def run(*args: str, **options: Any) -> Result:
        return openai("--base-url", server.url, "--api-key", KEY, *RUN, *args, **options)

    return run


class Connect(Protocol):
    waits: list[float]
    trace: list[str]

    def __call__(self, url: str = ..., **settings: Any) -> Client: ...


@pytest.fixture
def connect(server: Server) -> Iterator[Connect]:
    """Clients of this process; they sleep by writing down for how long."""
    with ExitStack() as stack:

        class Connecting:
            waits: list[float] = []
            trace: list[str] = []

            def __call__(self, url: str = server.url, **settings: Any) -> Client:
                address = read_address(url, "--base-url")
                wanted = {"api_key": KEY, "environ": dict(os.environ), **settings}
                made = ConnectionSettings(address=address, trace=self.trace.append, **wanted)
                return stack.enter_context(
                    Client(made, engine_transport(made), sleep=self.waits.append)
                )

        Connecting.waits, Connecting.trace = [], []
        yield Connecting()


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """More servers, plain or with TLS."""
    with ExitStack() as stack:

        def start(*replies: Any, context: Any = None) -> Server:
            server = Server(context)
            stack.callback(server.close)
            server.reply(*replies)
            return server

        yield start


@pytest.fixture(scope="session")
def ca() -> trustme.CA:
    """A certificate authority nobody trusts until told."""
    return trustme.CA()


@pytest.fixture
def authority(ca: trustme.CA, openai: Shell) -> str:
    """The CA's certificate, in a file of the shell's folder."""
    ca.cert_pem.write_to_path(openai.folder / "ca.pem")
    return str(openai.folder / "ca.pem")


@pytest.fixture
def secure(ca: trustme.CA, serve: Callable[..., Server], example_run: dict[str, Any]) -> Server:
    """A server with a certificate of the CA, also for a host that does not exist."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1", "far.example").configure_cert(context)
    return serve(Reply(body=example_run), context=context)
