"""HTTP itself: paths, methods, sizes, patience; whatever goes wrong is told in the API's shape."""

import json
import re
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from openai_cli.engine import strict_json
from openai_cli.engine.serve.limits import ServerLimits
from tests.engine.serve.support import Running, connect, talk
from tests.engine.support import Api, ask, check
from tests.support.http import PLAIN
from tests.support.waiting import until

Start = Callable[..., Running]
AskAt = Callable[[str], Api]


def read_error(answer: bytes) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Status, error and headers of an answer as it went over the wire."""
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    assert headers["content-type"] == "application/json"
    assert re.fullmatch(r"req_[a-z0-9]{24}", headers["x-request-id"])
    return int(status.split()[1]), check(json.loads(body))["error"], headers


@pytest.mark.parametrize(
    "prefix", ["", "/v1", "/openai", "/openai/v1", "/openai/deployments/gpt-4o%20mini"]
)
def test_prefixes(running: Start, ask_at: AskAt, prefix: str) -> None:
    api = ask_at(running().url.removesuffix("/v1") + prefix)
    thread = api.post("/threads")
    assert api.get(f"/threads/{thread['id']}") == thread
    assert api.refused("GET", "/v1/v1/threads")[0] == 404
    assert api.refused("GET", "/openai/threads/thread_x")[0] == 404


def test_the_version_of_azure_is_ignored(running: Start, ask_at: AskAt) -> None:
    api = ask_at(running().url.removesuffix("/v1") + "/openai")
    version = {"params": {"api-version": "2024-05-01-preview"}}
    run = api.post("/threads/runs", ask("Hi"), **version)
    path = f"/threads/{run['thread_id']}"
    lists = ("/messages", "/runs", f"/runs/{run['id']}/steps")
    for one in ("/assistants", path, f"{path}/runs/{run['id']}", *(path + one for one in lists)):
        assert api.ask("GET", one, **version).status_code == 200
    wrong = {"params": {"api_version": "2024-05-01-preview"}}
    assert api.refused("GET", f"{path}/messages", **wrong)[2:] == (
        "api_version",
        "unknown_parameter",
    )


@pytest.mark.parametrize(
    ("method", "path", "status", "message"),
    [
        ("GET", "/", 404, "Invalid URL (GET /)"),
        ("GET", "/v1", 404, "Invalid URL (GET /v1)"),
        ("POST", "/v1/vectors", 404, "Invalid URL (POST /vectors)"),
        ("GET", "/openai/deployments/threads", 404, "Invalid URL (GET /deployments/threads)"),
        ("GET", "/v1/threads/runs/x/y/z/zz", 404, "Invalid URL (GET /threads/runs/x/y/z/zz)"),
        ("GET", "/v1/%2e%2e/etc/passwd", 404, "Invalid URL (GET /%2e%2e/etc/passwd)"),
        ("PUT", "/v1/threads", 405, "Not allowed to PUT on /threads."),
        ("OPTIONS", "/v1/threads", 405, "Not allowed to OPTIONS on /threads."),
        ("PATCH", "/threads/thread_x", 405, "Not allowed to PATCH on /threads/thread_x."),
        ("HEAD", "/v1/assistants", 405, None),
    ],
)
def test_no_such_place(
    running: Start, method: str, path: str, status: int, message: str | None
) -> None:
    request = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    answer = talk(running().url, request.encode())
    if message is None:  # an answer to HEAD has no body
        assert answer.startswith(b"HTTP/1.1 405 ")
        assert answer.endswith(b"\r\n\r\n")
        return
    found, error, headers = read_error(answer)
    assert (found, error["message"]) == (status, message)
    assert ("allow" in headers) == (status == 405)


def test_a_method_that_is_allowed_is_named(running: Start) -> None:
    answer = httpx.put(f"{running().url}/assistants", **PLAIN)
    assert answer.headers["allow"] == "POST, GET"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{", "The body of the request is not valid JSON: "),
        (b"[]", "The body of the request must be a JSON object."),
        (b"\xff\xfe", "The body of the request is not valid JSON: "),
        (b'{"metadata": ' + b"[" * 90_000, "The body of the request is not valid JSON: "),
        (b'{"metadata": {"a": "\\ud800"}}', "The body of the request is not valid JSON: "),
    ],
)
def test_bodies_that_cannot_be_read(running: Start, body: bytes, message: str) -> None:
    answer = httpx.post(f"{running().url}/threads", content=body, **PLAIN)
    assert answer.status_code == 400
    assert check(answer.json())["error"]["message"].startswith(message)


@pytest.mark.parametrize(
    "sent",
    [
        b"HELLO\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /v1/assistants HTTP/1.1\r\n\r\n",
        b"GET /v1/assistants HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"POST /v1/threads HTTP/1.1\r\nHost: localhost\r\nContent-Length: many\r\n\r\n{}",
    ],
    ids=["not HTTP", "TLS", "no host", "two hosts", "length"],
)
def test_what_is_not_http(running: Start, sent: bytes) -> None:
    status, error, headers = read_error(talk(running().url, sent + b"\r\n\r\n"))
    assert (status, error["message"]) == (400, "The request is not valid HTTP.")
    assert headers["connection"] == "close"


@pytest.mark.parametrize("size", [66_000, 200_000, 3_000_000])
@pytest.mark.parametrize("ends", [True, False])
@pytest.mark.parametrize("at_once", [True, False])
def test_a_head_that_is_too_large(running: Start, size: int, ends: bool, at_once: bool) -> None:
    head = b"GET /v1/assistants HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * size
    head += b"\r\n\r\n" if ends else b""
    step = len(head) if at_once else 1000
    answer = talk(running().url, *(head[at : at + step] for at in range(0, len(head), step)))
    status, error, headers = read_error(answer)
    assert status == 431
    assert error["message"] == "The head of the request is larger than 65536 bytes."
    assert headers["connection"] == "close"


def test_a_head_within_the_limit(running: Start) -> None:
    head = b"GET /v1/assistants HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX: "
    answer = talk(running().url, head + b"x" * 65_000 + b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ")


def test_a_broken_chunk(running: Start) -> None:
    head = b"POST /v1/threads HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    status, error, _ = read_error(talk(running().url, head + b"2\r\n{}\r\n", b"oops\r\n\r\n"))
    assert (status, error["message"]) == (400, "The request is not valid HTTP.")


def test_size_of_a_body(running: Start, ask_at: AskAt) -> None:
    limit = 4096
    api = ask_at(running(limits=ServerLimits(body=limit)).url)

    def padded(size: int) -> bytes:
        return b'{"metadata": {}' + b" " * (size - 16) + b"}"

    def chunks(size: int) -> Any:
        return (padded(size)[at : at + 100] for at in range(0, size, 100))

    for send in (padded, chunks):
        assert api.client.post("/threads", content=send(limit)).status_code == 200
        for size in (limit + 1, 2 * limit, 2 * limit + 1, 50 * limit):
            answer = api.client.post("/threads", content=send(size))
            assert answer.status_code == 413
            error = check(answer.json())["error"]
            assert error["message"] == f"The body of the request is larger than {limit} bytes."
            assert error["code"] == "request_too_large"
            assert answer.headers["connection"] == "close"
    assert api.client.post("/threads", json={}).status_code == 200


def test_a_body_that_is_announced_too_large_is_not_waited_for(running: Start) -> None:
    head = b"POST /v1/threads HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n"
    status, error, headers = read_error(talk(running().url, head))
    assert (status, error["code"]) == (413, "request_too_large")
    assert headers["connection"] == "close"


@pytest.mark.parametrize(
    ("body", "fits"),
    [
        ('{"metadata": {"a": [1, 2, 3, 4, 5, 6, 7, 8]}}', True),
        ('{"metadata": {"a": [1, 2, 3, 4, 5, 6, 7, 8, 9]}}', False),
        ('{"metadata": {"a": 1, "b": 2, "c": 3, "d": 4, "e": 5, "f": 6, "g": 7, "h": 8}}', True),
        ('{"metadata": {"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":8,"i":9,"j":0}}', False),
        ('{"metadata": [[[[[[[[[]]]]]]]]]}', True),
        ('{"metadata": [[[[[[[[[[]]]]]]]]]]}', False),
        (r'{"metadata": {"a, [{\"[[[[\\\"": "\\\\,,,,,,,,,,,,,,,,,,,,,,,,"}}', True),
        (r'{"metadata": {"a\\": [1,2,3,4,5,6,7,8,9], "b\\": ""}}', False),
        (r'{"metadata": {"a\"": [1,2,3,4,5,6,7,8,9], "b\"": ""}}', False),
        ("[" * 5_000_000, False),
        ('"' * 5_000_000 + "," * 11, False),
    ],
)
def test_keys_and_elements_of_a_body(running: Start, body: str, fits: bool) -> None:
    url = f"{running(limits=ServerLimits(elements=10)).url}/threads"
    answer = httpx.post(url, content=body, **PLAIN)
    error = check(answer.json()).get("error", {})
    told = "The body of the request has more than 10 keys and elements."
    assert (answer.status_code == 413, error.get("message") == told) == (not fits, not fits)
    assert error.get("code") != "request_too_large" or not fits


@pytest.mark.slow
def test_two_million_keys(running: Start) -> None:
    members = ",".join(f'"key {number}": 1' for number in range(2_000_000))
    url, body = f"{running().url}/threads", f'{{"metadata": {{{members}}}}}'
    answer = httpx.post(url, content=body, timeout=60, **PLAIN)
    assert answer.status_code == 413
    error = check(answer.json())["error"]
    assert error["message"] == "The body of the request has more than 100000 keys and elements."
    assert error["code"] == "request_too_large"


@pytest.mark.slow
def test_large_requests_wait_for_each_other_and_nobody_for_them(
    running: Start, ask_at: AskAt, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = running()
    at_work, go_on = threading.Semaphore(0), threading.Event()
    parse = strict_json.parse

    def slow(data: bytes) -> Any:
        if len(data) > 1 << 20:
            at_work.release()
            go_on.wait()
        return parse(data)

    monkeypatch.setattr(strict_json, "parse", slow)
    body = b'{"metadata": {}' + b" " * (2 << 20) + b"}"
    with ThreadPoolExecutor(20) as pool:
        options = {"content": body, "trust_env": False, "timeout": 60}
        large = [pool.submit(httpx.post, f"{service.url}/threads", **options) for _ in range(20)]
        try:
            assert at_work.acquire(timeout=30)
            for _ in range(20):
                assert ask_at(service.url).run("x")["status"] == "completed"
            assert not at_work.acquire(blocking=False)
        finally:
            go_on.set()
        assert {one.result().status_code for one in large} == {200}


@pytest.mark.slow
def test_the_default_limit_lets_long_threads_pass(running: Start, ask_at: AskAt) -> None:
    api = ask_at(running().url)
    messages = [{"role": "user", "content": "x" * 250_000} for _ in range(100)]
    thread = api.post("/threads", {"messages": messages})["id"]
    assert len(api.get(f"/threads/{thread}/messages", limit=100)["data"]) == 100


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET /v1/assist",
        b"GET /v1/assistants HTTP/1.1\r\nHost: local",
        b"GET /v1/assistants?limit=1 HTTP/1.1\r\nHost: localhost\r\n\r\nGET /v1/ass",
    ],
    ids=["nothing", "a line", "a head", "a second request"],
)
def test_a_request_that_never_ends_is_hung_up_on(running: Start, sent: bytes) -> None:
    service = running(limits=ServerLimits(head_time=0.5))
    answer = talk(service.url, *(bytes([byte]) for byte in sent))
    assert answer.count(b"HTTP/1.1 ") == answer.count(b"HTTP/1.1 200 OK") == sent.count(b"limit")


def test_a_body_that_never_comes(running: Start) -> None:
    service = running(limits=ServerLimits(body_time=0.5))
    head = b"POST /v1/threads HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20\r\n\r\n"
    status, error, headers = read_error(talk(service.url, head, b"{"))
    assert status == 408
    assert error["message"] == "The body of the request was not received within 0.5 seconds."
    assert headers["connection"] == "close"


def test_an_idle_connection_is_closed(running: Start) -> None:
    service = running(limits=ServerLimits(idle_time=1))
    answer = talk(service.url, b"GET /v1/assistants HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 OK")


def test_others_are_answered_while_some_never_finish(running: Start, ask_at: AskAt) -> None:
    service = running()
    stuck = [connect(service.url) for _ in range(100)]
    for connection in stuck:
        connection.sendall(b"POST /v1/threads HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n")
    assert ask_at(service.url).run("x")["status"] == "completed"
    for connection in stuck:
        connection.close()


def test_a_client_that_leaves_in_the_middle_of_its_request(running: Start, ask_at: AskAt) -> None:
    service = running()
    with connect(service.url) as connection:
        connection.sendall(
            b"POST /v1/threads HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{"
        )
    assert ask_at(service.url).post("/threads")
    assert service.faults == []


def test_several_requests_at_once_on_one_connection(running: Start) -> None:
    request = b"GET /v1/assistants HTTP/1.1\r\nHost: localhost\r\n\r\n"
    last = request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    answer = talk(running().url, request * 4 + last)
    assert answer.count(b"HTTP/1.1 200 OK") == 5


def test_how_soon_to_ask_again(running: Start, ask_at: AskAt) -> None:
    api = ask_at(running().url)
    first = api.ask("POST", "/threads/runs", ask("one two\n!slow 1"))
    assert "openai-poll-after-ms" not in first.headers
    run = first.json()
    assert run["status"] == "queued"
    path = f"/threads/{run['thread_id']}/runs/{run['id']}"
    assert api.ask("GET", path).headers["openai-poll-after-ms"] == "250"
    assert "openai-poll-after-ms" not in api.ask("GET", f"{path}/steps").headers


def test_a_fault_of_ours_is_told_without_its_story(
    running: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise ZeroDivisionError("a secret of the house")

    service = running()
    monkeypatch.setattr(service.service._store, "read", broken)
    answer = httpx.get(f"{service.url}/assistants", **PLAIN)
    assert answer.status_code == 500
    error = check(answer.json())["error"]
    assert error["message"] == "The server had an error while processing your request."
    assert error["type"] == "server_error"
    assert answer.headers["x-should-retry"] == "false"
    report = until(lambda: service.reports)[0]
    assert report.request_id == answer.headers["x-request-id"]
    assert isinstance(report.fault, ZeroDivisionError)


def test_a_store_that_breaks(running: Start, ask_at: AskAt, store_file: Path) -> None:
    service = running()
    assert ask_at(service.url).get("/assistants")["data"]
    with sqlite3.connect(store_file) as connection:
        connection.execute("ALTER TABLE assistants RENAME TO gone")
    answer = httpx.get(f"{service.url}/assistants", **PLAIN)
    assert answer.status_code == 500
    assert check(answer.json())["error"]["message"] == "The store cannot be used."
    assert str(store_file) not in answer.text
    assert str(store_file) in str(until(lambda: service.reports[1:])[0].fault)
