"""Who is let in: keys, and without one programs of this machine but no web pages."""

from collections.abc import Callable

import httpx
import pytest

from openai_cli.engine.refusals import RefusalError
from openai_cli.engine.serve.auth import Authenticator
from tests.engine.serve.support import Running, Served
from tests.engine.support import check
from tests.support.http import PLAIN

KEY = "sk-local-0123456789"


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({}, "You didn't provide an API key."),
        ({"Authorization": ""}, "You didn't provide an API key."),
        ({"Authorization": "Bearer"}, "Incorrect API key provided."),
        ({"Authorization": f"Bearer {KEY[:-1]}"}, "Incorrect API key provided."),
        ({"Authorization": f"Bearer {KEY}x"}, "Incorrect API key provided."),
        ({"Authorization": f"Bearer {KEY.upper()}"}, "Incorrect API key provided."),
        ({"Authorization": f"Basic {KEY}"}, "Incorrect API key provided."),
        ({"Authorization": KEY}, "Incorrect API key provided."),
        ({"api-key": ""}, "You didn't provide an API key."),
        ({"api-key": KEY[:-1]}, "Incorrect API key provided."),
        ({"api-key": f"Bearer {KEY}"}, "Incorrect API key provided."),
        ({"x-api-key": KEY}, "You didn't provide an API key."),
    ],
)
def test_without_the_key(
    running: Callable[..., Running], headers: dict[str, str], message: str
) -> None:
    service = running(key=KEY)
    for method, path in (("GET", "/assistants"), ("POST", "/threads"), ("PUT", "/nowhere")):
        answer = httpx.request(method, service.url + path, headers=headers, **PLAIN)
        assert answer.status_code == 401
        error = check(answer.json())["error"]
        assert (error["message"], error["code"]) == (message, "invalid_api_key")
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.headers["x-request-id"].startswith("req_")
        assert KEY[:-1] not in answer.text
    with service.store.read() as tx:
        assert tx.threads.all() == []


def test_with_the_key(running: Callable[..., Running]) -> None:
    service = running(key=KEY)
    for scheme in ("Bearer", "bearer"):
        headers = {"Authorization": f"{scheme} {KEY}", "Host": "assistants.example"}
        answer = httpx.post(f"{service.url}/threads", json={}, headers=headers, **PLAIN)
        assert answer.status_code == 200


@pytest.mark.parametrize("other", [{}, {"Authorization": "Basic x"}, {"Authorization": "Bearer x"}])
def test_with_the_key_in_the_header_of_azure(
    running: Callable[..., Running], other: dict[str, str]
) -> None:
    headers = {"api-key": KEY, **other}
    answer = httpx.get(f"{running(key=KEY).url}/assistants", headers=headers, **PLAIN)
    assert answer.status_code == 200


def test_the_key_comes_from_the_environment_and_is_shown_nowhere(
    serve: Callable[..., Served],
) -> None:
    served = serve("--require-key", "--debug", env={"OPENAI_LOCAL_SERVER_KEY": KEY})
    headers = {"Authorization": f"Bearer {KEY}"}
    for given, status in ((headers, 200), ({"Authorization": f"Bearer x{KEY}"}, 401)):
        answer = httpx.get(f"{served.url}/assistants", headers=given, **PLAIN)
        assert answer.status_code == status
    assert served.stop() == 0
    assert b"GET /v1/assistants 401 req_" in served.said
    assert KEY.encode() not in served.said


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST:80", "127.0.0.1:1", "127.9.9.9", "[::1]:8080", "devbox:8080", ""],
)
def test_own_names(host: str) -> None:
    Authenticator("", "devbox").check({"host": host})


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "192.168.0.7", "[::2]"),
        *("[::1]evil", "[::1]evil:80", "[::1].evil.example", "[::1]:80@evil", "[::1", "::1"),
        *("localhost:80:80", "localhost:evil", "localhost@evil", "[localhost]", "[::1]]", ":80"),
    ],
)
def test_a_name_that_was_made_to_mean_this_machine(host: str) -> None:
    with pytest.raises(RefusalError, match="names of this machine only") as refused:
        Authenticator("", "127.0.0.1").check({"host": host})
    assert refused.value.status == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site", "Cross-Site", "anything"])
def test_web_pages_that_send_no_origin(running: Callable[..., Running], site: str) -> None:
    """An image, a link, a form that is sent with GET."""
    headers = {"Sec-Fetch-Site": site}
    answer = httpx.get(f"{running().url}/assistants", headers=headers, **PLAIN)
    assert answer.status_code == 403
    assert check(answer.json())["error"]["message"] == "This server does not answer web pages."


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_a_browser_s_own_address_line(running: Callable[..., Running], site: str) -> None:
    headers = {"Sec-Fetch-Site": site}
    answer = httpx.get(f"{running().url}/assistants", headers=headers, **PLAIN)
    assert answer.status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "http://localhost:3000", "null"])
def test_web_pages_are_not_answered(running: Callable[..., Running], origin: str) -> None:
    service = running()
    # What a page may send to another site without asking first.
    headers = {"Origin": origin, "Content-Type": "text/plain"}
    answer = httpx.post(f"{service.url}/threads", content="{}", headers=headers, **PLAIN)
    assert answer.status_code == 403
    assert check(answer.json())["error"]["message"] == "This server does not answer web pages."
    with service.store.read() as tx:
        assert tx.threads.all() == []
