"""Base URLs that lead past the API."""

from __future__ import annotations

from typing import Any

import pytest

from openai_cli.client.address import read_address
from openai_cli.client.wrong_address import better_base_url, is_no_route
from tests.network.conftest import Ask
from tests.support.server import Reply, Server

pytestmark = pytest.mark.in_process(process_when_slow=True)

NO_ROUTE: list[Any] = [
    {"detail": "Not Found"},
    {"detail": "Method Not Allowed"},
    {"error": "Not Found"},
    {"error": {"message": "Invalid URL (POST /v1/v1/threads/runs)", "type": "invalid_request"}},
    {"error": {"code": 404, "message": "File Not Found", "type": "not_found_error"}},
    {"error": {"code": "404", "message": "Resource not found"}},
    {"error": "Unexpected endpoint or method. (POST /threads/runs)"},
    {"message": "no Route matched with those values"},
    {"message": "Cannot POST /threads/runs", "error": "Not Found", "statusCode": 404},
    {"timestamp": 1, "status": 404, "error": "Not Found", "path": "/threads/runs"},
    {"message": "Route POST:/threads/runs not found", "statusCode": 404},
    {},
    "404 page not found",
    "<html>Not Found</html>",
]
ABOUT_AN_OBJECT = [
    "No thread found with id 'thread_abc'.",
    "No assistant found with id 'asst_abc'.",
    "Assistant not found",
    "The model `gpt-9` does not exist or you do not have access to it.",
    "Vector store with id [vs_1] not found.",
    "Run run_abc not found",
]


@pytest.mark.parametrize("body", NO_ROUTE, ids=str)
def test_a_missing_route_says_what_was_asked(ask: Ask, server: Server, body: Any) -> None:
    server.reply(Reply(status=404, body=body))
    bare = server.url.removesuffix("/v1")
    done = ask(bare)
    assert (done.code, done.out) == (4, "")
    assert f"the request was POST {bare}/threads/runs; a base URL ends before" in done.err
    assert f"try --base-url {server.url}\n" in done.err


@pytest.mark.parametrize("message", ABOUT_AN_OBJECT)
@pytest.mark.parametrize("bare", [True, False])
def test_a_missing_object_is_no_missing_route(
    ask: Ask, server: Server, message: str, bare: bool
) -> None:
    server.reply(Reply(status=404, body={"error": {"message": message}}))
    done = ask(server.url.removesuffix("/v1") if bare else server.url)
    assert (done.code, "hint" in done.err) == (4, False)


@pytest.mark.parametrize(
    ("path", "better"),
    [
        ("", "/v1"),
        ("/", "/v1"),
        ("/v1", ""),
        ("/v1/v1", "/v1"),
        ("/v1/v1/v1", "/v1"),
        ("/v1/chat/completions", "/v1"),
        ("/v1/responses", "/v1"),
        ("/v1/threads/runs", "/v1"),
        ("/threads/runs", "/v1"),
        ("/api/v1/models?a=b", "/api/v1?a=b"),
        ("/api", ""),
        ("/v2/v1", ""),
        ("/openai/deployments/D", ""),
    ],
)
def test_the_url_that_was_meant(path: str, better: str) -> None:
    address = read_address(f"http://a.example{path}", "--base-url")
    assert better_base_url(address) == (f"http://a.example{better}" if better else "")


@pytest.mark.parametrize(
    ("path", "better"), [("", "/v1"), ("/v1/v1", "/v1"), ("/v1/chat/completions", "/v1")]
)
@pytest.mark.parametrize("via", ["ask", "ask_upstream"])
def test_the_upstream_is_told_alike(
    request: pytest.FixtureRequest, server: Server, path: str, better: str, via: str
) -> None:
    server.reply(Reply(status=404, body={"detail": "Not Found"}))
    place = server.url.removesuffix("/v1")
    done = request.getfixturevalue(via)(f"{place}{path}")
    flag, end = ("base", "threads/runs") if via == "ask" else ("upstream", "chat/completions")
    assert done.code == (4 if via == "ask" else 5)
    assert f"he request was POST {place}{path}/{end}; a base URL ends before" in done.err
    assert f"try --{flag}-url {place}{better}" in done.err


def test_a_good_address_is_only_to_be_checked(ask: Ask, server: Server) -> None:
    server.reply(Reply(status=404, body={"detail": "Not Found"}))
    assert "usually in /v1: check --base-url\n" in ask(server.url).err


@pytest.mark.parametrize("path", ["", "/v1/v1", "/v1/chat/completions", "/v1"])
def test_beside_the_word_about_the_endpoint(ask: Ask, server: Server, path: str) -> None:
    body = {"error": {"message": f"Invalid URL (POST {path}/threads/runs)"}}
    server.reply(Reply(status=404, body=body))
    proxy = f"http://127.0.0.1:{server.port}"
    done = ask(f"http://api.openai.com{path}", HTTP_PROXY=proxy)
    assert "switched the Assistants endpoints off on 2026-08-26" in done.err
    wrong = f"the request was POST http://api.openai.com{path}/threads/runs; " in done.err
    assert wrong is (path != "/v1")
    assert ("try --base-url http://api.openai.com/v1" in done.err) is wrong
    assert "\n  on the engine: openai --local" in done.err


def test_no_secret_of_the_address_is_shown(ask: Ask, server: Server) -> None:
    server.reply(Reply(status=404, body={"detail": "Not Found"}))
    done = ask(f"{server.url}/v1?api_key=hush-hush-hush")
    assert (server.last.path.endswith("hush"), "hush" in done.err) == (True, False)


@pytest.mark.parametrize("status", [400, 403, 410, 500])
def test_other_statuses_are_not_about_the_address(status: int) -> None:
    assert not is_no_route(status, "Not Found")
