"""`local serve --passthrough`: chat completions and responses by way of the engine's server."""

import gzip
import json
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from openai_cli.engine.serve.descriptors import shared_out
from openai_cli.engine.serve.limits import ServerLimits
from openai_cli.engine.serve.relay import MOST_RELAYS
from tests.engine.serve.support import Served, connect, talk
from tests.engine.support import Api, ask
from tests.engine.upstream.support import (
    DONE,
    Upstream,
    chat_message,
    chunk,
    endless,
    refusal,
    wire,
)
from tests.support.http import PLAIN
from tests.support.server import Reply
from tests.support.shell import Shell
from tests.support.waiting import until

pytestmark = pytest.mark.slow

KEY = "sk-of-the-upstream-alone"
CHAT = "/chat/completions"
HELLO: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "Hello"}]}

Serve = Callable[..., Served]
Pass = Callable[..., httpx.Client]


@pytest.fixture
def passing(serve: Serve, upstream: Upstream) -> Iterator[Pass]:
    """Clients of servers that pass requests on; words go to the command."""
    with ExitStack() as stack:

        def start(*words: str, **options: Any) -> httpx.Client:
            env = {
                "OPENAI_LOCAL_UPSTREAM_URL": upstream.url,
                "OPENAI_LOCAL_UPSTREAM_KEY": KEY,
                "OPENAI_LOCAL_SERVER_KEY": "sk-of-the-client",
            }
            served = serve("--passthrough", *words, env=env, **options)
            client = httpx.Client(base_url=served.url, timeout=30, **PLAIN)
            return stack.enter_context(client)

        yield start


def error_of(response: httpx.Response) -> tuple[int, Any]:
    return response.status_code, response.json()["error"]["message"]


def test_a_whole_answer(passing: Pass, upstream: Upstream) -> None:
    answer = chat_message("Hello yourself — é")
    upstream.reply(Reply(body=answer, headers={"X-Request-Id": "req_up", "Set-Cookie": "a=b"}))
    response = passing().post(CHAT, json={**HELLO, "more": [1.0, None, "\u2028"]})
    assert (response.status_code, response.json()) == (200, answer)
    assert response.headers["content-type"] == "application/json"
    assert response.headers["x-request-id"] == "req_up"
    assert "set-cookie" not in response.headers
    assert (upstream.last.method, upstream.last.path) == ("POST", "/v1/chat/completions")
    assert upstream.last.json == {**HELLO, "more": [1.0, None, "\u2028"]}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/responses"),
        ("GET", "/responses/resp_1-a"),
        ("DELETE", "/responses/resp_1"),
        ("POST", "/responses/resp_1/cancel"),
        ("GET", "/responses/resp_1/input_items"),
        ("GET", "/chat/completions/chatcmpl-1/messages"),
    ],
)
def test_operations(passing: Pass, upstream: Upstream, method: str, path: str) -> None:
    upstream.reply(Reply(status=202, body={"id": "resp_1"}))
    response = passing().request(method, f"{path}?include[]=a&include[]=b&after=x&api-key=secret")
    assert (response.status_code, response.json()) == (202, {"id": "resp_1"})
    seen = upstream.last
    query = "include%5B%5D=a&include%5B%5D=b&after=x"
    assert (seen.method, seen.path) == (method, f"/v1{path}?{query}")
    assert seen.content == b""


def test_each_chunk_arrives_before_the_next_is_sent(passing: Pass, upstream: Upstream) -> None:
    arrived = threading.Semaphore(0)
    pieces = [chunk(content="a")[:9], chunk(content="a")[9:], chunk("stop"), DONE]

    def sent() -> Iterator[bytes]:
        for piece in pieces:
            yield piece
            assert arrived.acquire(timeout=30)

    upstream.reply(Reply(chunks=sent()))
    with passing().stream("POST", CHAT, json={**HELLO, "stream": True}) as response:
        assert response.headers["content-type"] == "text/event-stream"
        got = []
        for piece in response.iter_raw():
            got.append(piece)
            arrived.release()
    assert got == pieces


def test_only_our_own_headers_are_sent(passing: Pass, upstream: Upstream) -> None:
    upstream.reply(Reply(body={}))
    client = passing("--require-key", "--upstream-header", "X-Team: blue")
    headers = {
        "Authorization": "Bearer sk-of-the-client",
        "Cookie": "session=1",
        "OpenAI-Organization": "org-of-the-client",
        "X-Api-Key": "sk-of-the-client",
        "X-Other": "1",
    }
    assert client.post(CHAT, json=HELLO, headers=headers).status_code == 200
    seen = {name.lower(): value for name, value in upstream.last.headers}
    assert set(seen) == {
        *("accept", "accept-encoding", "authorization", "connection", "content-length"),
        *("content-type", "host", "user-agent", "x-team"),
    }
    assert (seen["authorization"], seen["x-team"]) == (f"Bearer {KEY}", "blue")
    assert client.post(CHAT, json=HELLO).status_code == 401
    assert len(upstream.seen) == 1


def test_a_parameter_of_the_base_url_cannot_be_replaced(serve: Serve, upstream: Upstream) -> None:
    upstream.reply(Reply(body={}))
    served = serve("--passthrough", "--upstream-url", f"{upstream.url}?tenant=ours")
    httpx.get(f"{served.url}/responses/r?tenant=theirs&limit=2", **PLAIN)
    assert upstream.last.path == "/v1/responses/r?tenant=ours&limit=2"


@pytest.mark.parametrize(
    "path",
    [
        "/v1/chat/completions/../models",
        "/v1/responses/../files",
        "/v1/responses/%2e%2e/files",
        "/v1/responses/..%2ffiles",
        "/v1/responses/a/b/c",
        "/v1/responses/",
        "/v1/responses//files",
        "/v1/responses\\..\\files",
        "/v1/chat",
        "/v1/embeddings",
        "/v1/files/responses",
    ],
)
def test_other_paths_go_nowhere(passing: Pass, upstream: Upstream, path: str) -> None:
    url = str(passing().base_url)
    head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    assert talk(url, head.encode()).startswith(b"HTTP/1.1 404 ")
    assert upstream.seen == []


def test_other_methods_go_nowhere(passing: Pass, upstream: Upstream) -> None:
    client = passing()
    for method in ("PUT", "PATCH", "OPTIONS", "HEAD"):
        assert client.request(method, CHAT).status_code == 404
    assert upstream.seen == []


@pytest.mark.parametrize(
    ("path", "model", "asked"),
    [
        ("/v1/chat/completions", "gpt-4o", "llama"),
        ("/v1/chat/completions", "other", "small"),
        ("/openai/deployments/gpt-4o/chat/completions", None, "llama"),
        ("/openai/deployments/gpt-4o/chat/completions", "other", "small"),
        ("/openai/v1/responses", "gpt-4o", "llama"),
        ("/v1/responses", None, None),
    ],
)
def test_names_of_models(
    passing: Pass, upstream: Upstream, path: str, model: str | None, asked: str | None
) -> None:
    upstream.reply(Reply(body={}))
    client = passing("--upstream-model", "gpt-4o=llama,*=small")
    body = {} if model is None else {"model": model}
    url = client.base_url.copy_with(path=path, params={"api-version": "2024-10-21"})
    assert client.post(url, json=body).status_code == 200
    assert upstream.last.json.get("model") == asked
    assert upstream.last.path in ("/v1/chat/completions", "/v1/responses")


@pytest.mark.parametrize("name", ["echo", "reply"])
def test_the_engines_own_model(passing: Pass, upstream: Upstream, name: str) -> None:
    refused = passing("--upstream-model", "reply=echo").post(CHAT, json={**HELLO, "model": name})
    error = refused.json()["error"]
    assert (refused.status_code, error["code"], error["param"]) == (404, "model_not_found", "model")
    assert error["message"] == f"The model '{name}' is the engine's own and answers runs only."
    assert upstream.seen == []


@pytest.mark.parametrize("content", [b"{", b"[1]", b"\xff", b"[" * 100_000])
def test_bodies_that_are_no_objects(passing: Pass, upstream: Upstream, content: bytes) -> None:
    assert passing().post(CHAT, content=content).status_code in (400, 413)
    assert upstream.seen == []


def test_errors_are_passed_on_without_secrets(passing: Pass, upstream: Upstream) -> None:
    upstream.reply(refusal(429, f"Slow down, {KEY}!", code="rate_limit", retry_after="7"))
    refused = passing().post(CHAT, json=HELLO)
    assert error_of(refused) == (429, "Slow down, [redacted]!")
    assert refused.json()["error"]["code"] == "rate_limit"
    assert refused.headers["retry-after"] == "7"


def test_a_compressed_answer(passing: Pass, upstream: Upstream) -> None:
    packed = gzip.compress(json.dumps(chat_message("packed")).encode())
    upstream.reply(Reply(body=packed, headers={"Content-Encoding": "gzip"}))
    response = passing().post(CHAT, json=HELLO)
    assert response.json() == chat_message("packed")
    assert "content-encoding" not in response.headers


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(drop=True), "closed the connection without an answer"),
        (Reply(status=307, headers={"Location": "http://127.0.0.1:9/"}), "redirects to"),
        (Reply(raw=b"HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n"), "answered 999"),
        (Reply(raw=b"SSH-2.0\r\n\r\n"), "is incomplete or not HTTP"),
    ],
)
def test_no_usable_answer(passing: Pass, upstream: Upstream, reply: Reply, said: str) -> None:
    upstream.reply(reply)
    status, message = error_of(passing().post(CHAT, json=HELLO))
    assert status == 502
    assert said in message


def test_an_upstream_that_is_not_there(serve: Serve) -> None:
    served = serve("--passthrough", "--upstream-url", "http://127.0.0.1:9/v1")
    refused = httpx.post(f"{served.url}{CHAT}", json=HELLO, **PLAIN)
    status, message = error_of(refused)
    assert status == 502
    assert "cannot connect to 127.0.0.1:9" in message


def test_a_broken_answer_is_broken_off(passing: Pass, upstream: Upstream) -> None:
    """What came is passed on, and nobody can take it for all of it."""
    upstream.reply(wire(chunk(content="half"), cut=True))
    client = passing()
    with client.stream("POST", CHAT, json=HELLO) as response:
        pieces = response.iter_raw()
        assert next(pieces) == chunk(content="half")
        with pytest.raises(httpx.RemoteProtocolError, match="incomplete chunked read"):
            next(pieces)
    upstream.reply(Reply(body={}))
    assert client.post(CHAT, json=HELLO).status_code == 200


def test_a_client_that_hangs_up(passing: Pass, upstream: Upstream) -> None:
    over = threading.Event()
    upstream.reply(Reply(chunks=endless(chunk(content="more"), over)))
    with passing().stream("POST", CHAT, json=HELLO) as response:
        next(response.iter_raw())
    assert upstream.hung_up.wait(30)
    over.set()


def test_a_client_that_hangs_up_before_there_is_a_head(passing: Pass) -> None:
    """The upstream says nothing, and sees its connection closed."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(30)
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"
        url = str(passing("--upstream-url", address).base_url)
        body = json.dumps(HELLO).encode()
        head = (
            b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
        )
        with connect(url) as client:
            client.sendall(head % len(body) + body)
            asked, _ = silent.accept()
            asked.settimeout(30)
            assert asked.recv(4)
        with asked:
            while asked.recv(65536):
                pass


def test_many_at_once(passing: Pass, upstream: Upstream, ask_at: Callable[[str], Api]) -> None:
    """Beyond the limit they are refused, and runs are worked on meanwhile."""
    over = threading.Event()
    upstream.behave = lambda _: Reply(chunks=endless(chunk(content="more"), over))
    client = passing()
    with ExitStack() as stack:
        for _ in range(MOST_RELAYS):
            response = stack.enter_context(client.stream("POST", CHAT, json=HELLO))
            assert response.status_code == 200
        refused = stack.enter_context(client.stream("POST", CHAT, json=HELLO))
        assert refused.status_code == 503
        refused.read()
        message = "The server has no room for more requests to the upstream."
        assert error_of(refused) == (503, message)
        assert refused.headers["retry-after"] == "1"
        assert ask_at(str(client.base_url)).run("in the middle of it")["status"] == "completed"
    over.set()
    upstream.behave = lambda _: Reply(body={})
    until(lambda: client.post(CHAT, json=HELLO).status_code == 200)


def test_answers_do_not_mix(passing: Pass, upstream: Upstream) -> None:
    upstream.behave = lambda body: Reply(body={"said": body["model"]})
    client = passing()

    def said(name: str) -> Any:
        return client.post(CHAT, json={"model": name}).json()["said"]

    names = [f"m{number}" for number in range(100)]
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(said, names)) == names


def test_stopping_gives_answers_their_time(serve: Serve, upstream: Upstream) -> None:
    """A second signal breaks them off."""
    over = threading.Event()
    upstream.reply(Reply(chunks=endless(chunk(content="more"), over)))
    served = serve("--passthrough", "--grace", "60", "--upstream-url", upstream.url)
    with httpx.stream("POST", f"{served.url}{CHAT}", json=HELLO, **PLAIN) as response:
        pieces = response.iter_raw()
        next(pieces)
        served.process.send_signal(signal.SIGTERM)
        for _ in range(20):
            next(pieces)
        served.process.send_signal(signal.SIGTERM)
        with pytest.raises(httpx.RemoteProtocolError, match="incomplete chunked read"):
            for _ in pieces:
                pass
    assert served.wait() == 0
    over.set()


def test_stopping_before_there_is_a_head(serve: Serve, upstream: Upstream) -> None:
    """The grace period is over at once."""
    upstream.reply(Reply(hang=20))
    served = serve("--passthrough", "--grace", "0", "--upstream-url", upstream.url)
    with ThreadPoolExecutor(1) as threads:
        asked = threads.submit(
            httpx.post, f"{served.url}{CHAT}", json=HELLO, trust_env=False, timeout=30
        )
        until(lambda: upstream.seen)
        assert served.stop() == 0
        assert error_of(asked.result()) == (503, "The server was stopped.")


def test_without_the_flag(serve: Serve, upstream: Upstream) -> None:
    served = serve("--upstream-url", upstream.url)
    status, message = error_of(httpx.post(f"{served.url}{CHAT}", json=HELLO, **PLAIN))
    assert status == 404
    assert "`openai local serve --passthrough`" in message
    assert upstream.seen == []


def test_without_an_upstream(openai: Shell) -> None:
    done = openai("local serve --port 0 --passthrough")
    assert (done.code, done.out) == (2, "")
    assert "--passthrough: The upstream api.openai.com needs a key: set OPENAI_API_KEY" in done.err


def test_runs_and_models_as_before(
    passing: Pass, upstream: Upstream, ask_at: Callable[[str], Api]
) -> None:
    upstream.reply(Reply(body={"data": [{"id": "llama"}]}))
    client = passing()
    assert [one["id"] for one in client.get("/models").json()["data"]] == ["echo", "llama"]
    api = ask_at(str(client.base_url))
    assert api.client.post("/threads/runs", json=ask("Hello")).status_code == 200


@pytest.mark.parametrize("few", [1, 128, 200, 256, 1024, 10**6])
def test_descriptors(few: int) -> None:
    wanted = ServerLimits(relays=MOST_RELAYS)
    limits = shared_out(few, wanted)
    assert limits.relays >= 4
    assert limits.runs >= 1
    assert limits.connections >= 1
    if few >= 200:
        assert limits.connections + limits.relays + 3 * limits.runs <= few - 128
    assert (limits == wanted) == (few > 4096)
