"""Whose key goes where, and the headers that gateways and Azure want."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.engine.serve.support import Served
from tests.engine.support import Api
from tests.engine.upstream.support import (
    Upstream,
    answers,
    called,
    chat_calls,
    chat_says,
    message,
    refusal,
)
from tests.support.server import Reply
from tests.support.shell import Result, Shell

# What is stored and sent is the subject here, not the process.
pytestmark = pytest.mark.in_process

ASK = (
    *("beta:threads", "create-and-run", "--assistant-id", "asst_demo", "--message", "Hi"),
    *("--model", "small", "--format", "text"),
)
OPENAI, OWN = "sk-for-openai-alone-1", "key-of-the-gateway-2"
BOTH = {"OPENAI_API_KEY": OPENAI, "OPENAI_LOCAL_UPSTREAM_KEY": OWN}

Ask = Callable[..., Result]


@pytest.fixture
def ask(openai: Shell, upstream: Upstream) -> Ask:
    """The installed command; hosts that are not on this machine are reached through a proxy.

    The proxy is the scripted upstream, so that every request arrives there.
    """
    upstream.reply(chat_says("Ok"))
    proxy = upstream.url.removesuffix("/v1")

    def run(url: str, *words: str, env: dict[str, str] | None = None) -> Result:
        told = {"HTTP_PROXY": proxy, "NO_PROXY": "127.0.0.1", **(env or {})}
        return openai("--local", "--upstream-url", url, *ASK, *words, env=told)

    return run


@pytest.mark.parametrize(
    ("url", "env", "sent"),
    [
        ("http://api.openai.com/v1", {"OPENAI_API_KEY": OPENAI}, OPENAI),
        ("http://eu.api.openai.com/v1", {"OPENAI_API_KEY": OPENAI}, OPENAI),
        ("http://api.openai.com/v1", BOTH, OWN),
        ("http://models.example.com/v1", BOTH, OWN),
        ("http://api.openai.com.example.com/v1", BOTH, OWN),
        ("http://notopenai.com/v1", BOTH, OWN),
    ],
)
def test_remote_servers(
    ask: Ask, upstream: Upstream, url: str, env: dict[str, str], sent: str
) -> None:
    ended = ask(url, "--upstream-api", "chat", env=env)
    assert (ended.code, ended.out, ended.err) == (0, "Ok\n", "")
    assert upstream.last.path == f"{url}/chat/completions"
    assert upstream.last.header("authorization") == f"Bearer {sent}"


@pytest.mark.parametrize("words", [(), ("--api-key", "sk-typed-for-openai")])
@pytest.mark.parametrize("host", ["models.example.com", "notopenai.com", "x.openai.azure.com"])
def test_a_key_for_openai_goes_nowhere_else(
    ask: Ask, upstream: Upstream, host: str, words: tuple[str, ...]
) -> None:
    ended = ask(f"http://{host}/v1", *words, env={"OPENAI_API_KEY": OPENAI})
    assert (ended.code, ended.out, upstream.seen) == (4, "", [])
    assert f"The upstream {host} needs a key of its own: set OPENAI_LOCAL_UPSTREAM_KEY" in ended.err
    assert "or give --upstream-key" in ended.err


def test_this_machine_needs_no_key_and_gets_none(ask: Ask, upstream: Upstream) -> None:
    words = ("--api-key", "sk-typed-for-openai")
    assert ask(upstream.url, *words, env={"OPENAI_API_KEY": OPENAI}).code == 0
    assert upstream.last.header("authorization") is None
    assert ask(upstream.url, "--upstream-key", "k-of-the-flag", env=BOTH).code == 0
    assert upstream.last.header("authorization") == "Bearer k-of-the-flag"


def test_who_gets_no_key_and_wants_one_is_told(ask: Ask, upstream: Upstream) -> None:
    upstream.reply(refusal(401, "No API key provided."))
    ended = ask(upstream.url, env={"OPENAI_API_KEY": OPENAI})
    assert ended.code == 5
    assert (
        "No API key provided. No key was sent: name one in OPENAI_LOCAL_UPSTREAM_KEY" in ended.err
    )
    upstream.reply(refusal(401, "Wrong key."))
    assert ask(upstream.url, env=BOTH).err.rstrip().endswith("Wrong key.")


# Headers


def test_headers_of_flags_and_of_the_variable(ask: Ask, upstream: Upstream) -> None:
    env = {"OPENAI_LOCAL_UPSTREAM_HEADERS": "api-key: of-the-variable\nX-Team:  blue \n"}
    words = ("--upstream-header", "API-Key: of-the-flag", "--upstream-header", "X-Trace: 7")
    assert ask(upstream.url, *words, env=env).code == 0
    sent = {name.lower(): value for name, value in upstream.last.headers}
    told = {"api-key": "of-the-flag", "x-team": "blue", "x-trace": "7"}
    assert told.items() <= sent.items()
    assert [name.lower() for name, _ in upstream.last.headers].count("api-key") == 1


def test_a_header_replaces_ours_and_stands_for_a_key(ask: Ask, upstream: Upstream) -> None:
    words = ("--upstream-header", "Authorization: Basic dXNlcjpwYXNz")
    assert ask("http://models.example.com/v1", *words).code == 0
    sent = [value for name, value in upstream.last.headers if name.lower() == "authorization"]
    assert sent == ["Basic dXNlcjpwYXNz"]
    words = ("--upstream-header", "Ocp-Apim-Subscription-Key: 0123456789abcdef")
    assert ask("http://models.example.com/v1", *words).code == 0
    assert upstream.last.header("authorization") is None


def test_the_models_are_listed_with_the_same_headers(ask: Ask, upstream: Upstream) -> None:
    unknown = refusal(404, "The model does not exist")
    upstream.reply(unknown, Reply(body={"data": [{"id": "large"}]}))
    ended = ask(upstream.url, "--upstream-header", "X-Team: blue", env=BOTH)
    assert "The upstream lists large" in ended.err
    assert [seen.header("x-team") for seen in upstream.seen] == ["blue", "blue"]
    assert upstream.last.header("authorization") == f"Bearer {OWN}"


SECRETS = ("of-the-flag-1234", "of-the-variable-5678", OWN, "in-the-address-90")


def test_secrets_are_shown_nowhere(ask: Ask, openai: Shell, upstream: Upstream) -> None:
    upstream.reply(refusal(400, " ".join(SECRETS) + " are wrong"))
    env = {**BOTH, "OPENAI_LOCAL_UPSTREAM_HEADERS": f"api-key: {SECRETS[1]}"}
    url = f"{upstream.url}?code={SECRETS[3]}"
    ended = ask(url, "--upstream-header", f"X-Auth: {SECRETS[0]}", "--debug", env=env)
    assert ended.code == 5
    assert "[redacted] [redacted] [redacted] [redacted] are wrong" in ended.err
    stored = b"".join(path.read_bytes() for path in openai.folder.parent.rglob("assistants.db*"))
    shown = ended.stdout + ended.stderr + stored
    assert not [secret for secret in SECRETS if secret.encode() in shown]


def test_no_command_sees_them(ask: Ask, upstream: Upstream) -> None:
    upstream.reply(chat_calls(called("c", "look_up")), chat_says("Ok"))
    env = {
        **BOTH,
        "OPENAI_LOCAL_UPSTREAM_HEADERS": f"api-key: {SECRETS[1]}",
        "OPENAI_LOCAL_SERVER_KEY": "key-of-the-server-3",
        "COPY": f"Bearer {SECRETS[0]}",
        "KEPT": "kept",
    }
    words = (
        *("--tool", "{type: function, function: {name: look_up}}", "--on-tool-call", "look_up=env"),
        *("--upstream-header", f"X-Auth: {SECRETS[0]}"),
    )
    assert ask(f"{upstream.url}?code={SECRETS[3]}", *words, env=env).code == 0
    output = upstream.last.json["messages"][-1]["content"]
    assert "KEPT=kept" in output
    secrets = (*SECRETS, "key-of-the-server-3", OPENAI)
    assert not [secret for secret in secrets if secret in output]


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("--upstream-header", "no colon"), "--upstream-header: expected 'Name: value'"),
        (("--upstream-header", ""), "--upstream-header: is empty"),
        (
            ("--upstream-header", "A: b\nC: d"),
            "the value of A has characters that are invalid in a header",
        ),
        (("--upstream-header", "Content-Length: 5"), "Content-Length is set by the HTTP library"),
        (("--upstream-key", "two words"), "--upstream-key: has a line break, a space"),
        (("--upstream-key", ""), "--upstream-key: is empty"),
    ],
)
def test_wrong_flags(
    ask: Ask, openai: Shell, upstream: Upstream, words: tuple[str, ...], problem: str
) -> None:
    ended = ask(upstream.url, *words)
    assert (ended.code, ended.out, upstream.seen) == (2, "", [])
    assert problem in ended.err
    assert "two words" not in ended.err
    served = openai("local", "serve", "--port", "0", *words)
    assert (served.code, problem in served.err) == (2, True)


def test_a_wrong_variable(ask: Ask, upstream: Upstream) -> None:
    ended = ask(upstream.url, env={"OPENAI_LOCAL_UPSTREAM_HEADERS": "secret without a colon"})
    assert (ended.code, upstream.seen) == (4, [])
    what = "The upstream cannot be used: OPENAI_LOCAL_UPSTREAM_HEADERS: expected 'Name: value'."
    assert what in ended.err


def test_a_header_for_the_engine_is_not_dropped_in_silence(ask: Ask, upstream: Upstream) -> None:
    ended = ask(upstream.url, "--header", "api-key: hidden", "--header", "Idempotency-Key: 1")
    assert (ended.code, upstream.seen) == (2, [])
    assert ended.err == (
        "error: --header: the embedded engine ignores api-key; to send it to the upstream: "
        "--upstream-header; nothing was sent\n"
    )


def test_a_header_that_the_engine_reads(ask: Ask, upstream: Upstream) -> None:
    words = ("--header", "Idempotency-Key: once", "--stream=false")
    assert [ask(upstream.url, *words).out for _ in range(2)] == ["Ok\n", "Ok\n"]
    assert len(upstream.seen) == 1


def test_flags_for_an_upstream_need_the_engine(openai: Shell, upstream: Upstream) -> None:
    flags = ("--upstream-key", "--upstream-header", "--upstream-model")
    words = [word for flag in flags for word in (flag, "a: b" if "header" in flag else "ab")]
    ended = openai("--base-url", upstream.url, *ASK, *words)
    assert (ended.code, upstream.seen) == (2, [])
    for flag in flags:
        assert f"{flag}: works with the embedded engine only: --local" in ended.err


@pytest.mark.slow
def test_a_server_has_its_own(
    serve: Callable[..., Served], ask_at: Callable[[str], Api], upstream: Upstream
) -> None:
    upstream.reply(chat_says("Ok"))
    words = ("--upstream-url", upstream.url, "--upstream-header", "X-Team: blue")
    served = serve(*words, "--upstream-key", OWN, env={"OPENAI_API_KEY": OPENAI})
    assert ask_at(served.url).run("Hi", model="m")["status"] == "completed"
    assert upstream.last.header("authorization") == f"Bearer {OWN}"
    assert upstream.last.header("x-team") == "blue"


# Azure


@pytest.mark.parametrize(
    ("base", "words", "path"),
    [
        (
            "/openai/deployments/D?api-version=2024-10-21",
            (),
            "/openai/deployments/D/chat/completions?api-version=2024-10-21",
        ),
        ("/openai/v1", (), "/openai/v1/chat/completions"),
        ("/openai/v1/", ("--upstream-api", "responses"), "/openai/v1/responses"),
        (
            "/openai/v1?api-version=preview",
            ("--upstream-api", "responses"),
            "/openai/v1/responses?api-version=preview",
        ),
    ],
)
@pytest.mark.parametrize("host", ["", "http://x.openai.azure.com"])
def test_azure(
    ask: Ask, upstream: Upstream, host: str, base: str, words: tuple[str, ...], path: str
) -> None:
    upstream.reply(answers(message("Ok")) if "responses" in words else chat_says("Ok"))
    place = host or upstream.url.removesuffix("/v1")
    header = ("--upstream-header", "api-key: azure-key-123")
    ended = ask(f"{place}{base}", *header, *words, env={"OPENAI_API_KEY": OPENAI})
    assert (ended.code, ended.out, ended.err) == (0, "Ok\n", "")
    assert upstream.last.path == f"{host}{path}"
    assert upstream.last.header("api-key") == "azure-key-123"
    assert upstream.last.header("authorization") is None


@pytest.mark.parametrize(
    ("body", "advice"),
    [
        (
            {"code": "DeploymentNotFound", "message": "The API deployment does not exist."},
            "The API deployment does not exist. A deployment is named in --upstream-url",
        ),
        (
            {"code": "404", "message": "Resource not found"},
            "/openai/deployments/D/chat/completions?api-version=2024-10-21; a base URL ends",
        ),
    ],
)
def test_azure_without_the_deployment(
    ask: Ask, upstream: Upstream, body: dict[str, Any], advice: str
) -> None:
    upstream.reply(Reply(status=404, body={"error": body}))
    place = upstream.url.removesuffix("/v1")
    url = f"{place}/openai/deployments/D?api-version=2024-10-21"
    ended = ask(url, "--upstream-header", "api-key: azure-key-123")
    assert (ended.code, advice in ended.err) == (5, True)
    assert len(upstream.seen) == 1
