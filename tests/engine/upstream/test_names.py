"""Models under the names of the server at hand, and names that it does not know."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.engine.serve.support import Served
from tests.engine.support import FUNCTION, Api, ask
from tests.engine.test_errors import rows
from tests.engine.upstream.support import Upstream, called, chat_calls, chat_says
from tests.support.inprocess import run_inprocess
from tests.support.server import Reply
from tests.support.shell import Result, Shell

# What is stored and sent is the subject here, not the process.
pytestmark = pytest.mark.in_process

ASK = ("beta:threads", "create-and-run", "--assistant-id", "asst_demo", "--message", "Hi")
URL, MODEL = "OPENAI_LOCAL_UPSTREAM_URL", "OPENAI_LOCAL_UPSTREAM_MODEL"


def quick(file: Path, *words: str, env: dict[str, str] | None = None) -> Result:
    """The command in this process, on a store of its own."""
    return run_inprocess(["--base-url", f"local:{file}", *words], environ=env or {})


@pytest.mark.parametrize(
    ("mapping", "asked", "sent"),
    [
        ("llama3.2", "gpt-4o", "llama3.2"),
        ("gpt-4o=llama3.2,*=qwen3", "gpt-4o", "llama3.2"),
        ("gpt-4o=llama3.2,*=qwen3", "gpt-5", "qwen3"),
        ("gpt-4o=llama3.2", "gpt-5", "gpt-5"),
        (" gpt-4o = hf.co/a/b:Q4 , o3=gpt-4o ", "o3", "gpt-4o"),
        (" gpt-4o = hf.co/a/b:Q4 , o3=gpt-4o ", "gpt-4o", "hf.co/a/b:Q4"),
    ],
)
@pytest.mark.parametrize("by", ["flag", "variable"])
def test_the_server_is_asked_for_its_own_model(
    store_file: Path, upstream: Upstream, by: str, mapping: str, asked: str, sent: str
) -> None:
    upstream.reply(chat_says("Ok"))
    words = ("--upstream-model", mapping) if by == "flag" else ()
    env = {URL: upstream.url, **({MODEL: mapping} if by == "variable" else {})}
    ended = quick(store_file, *ASK, *words, "--model", asked, env=env)
    assert (ended.code, ended.json["model"]) == (0, asked)
    assert [body["model"] for body in upstream.bodies] == [sent]


def test_flags_add_up_and_replace_the_variable(store_file: Path, upstream: Upstream) -> None:
    upstream.reply(chat_says("Ok"))
    words = ("--upstream-model", "a=b", "--upstream-model", "*=c")
    for name in ("a", "x"):
        quick(store_file, *ASK, *words, "--model", name, env={URL: upstream.url, MODEL: "a=d"})
    assert [body["model"] for body in upstream.bodies] == ["b", "c"]


def test_echo_stays_and_any_name_may_be_echo(store_file: Path, upstream: Upstream) -> None:
    env = {URL: upstream.url, MODEL: "llama3.2"}
    assert quick(store_file, *ASK, "--format", "text", env=env).out == "Hi\n"
    offline = quick(store_file, *ASK, "--model", "gpt-4o", "--upstream-model", "echo", env=env)
    assert (offline.code, offline.json["model"], upstream.seen) == (0, "gpt-4o", [])


def test_the_name_holds_after_tool_outputs(store_file: Path, upstream: Upstream) -> None:
    upstream.reply(chat_calls(called("c", "look_up")), chat_says("Ok"))
    api = Api(store_file, {URL: upstream.url, MODEL: "*=small"})
    run = api.run("Hi", model="gpt-4o", tools=[FUNCTION])
    path = f"/threads/{run['thread_id']}/runs/{run['id']}/submit_tool_outputs"
    ended = api.post(path, {"tool_outputs": [{"tool_call_id": "c", "output": "x"}]})
    assert (ended["status"], ended["model"]) == ("completed", "gpt-4o")
    assert [body["model"] for body in upstream.bodies] == ["small", "small"]
    api.close()


def test_a_server_takes_it_too(
    serve: Callable[..., Served], ask_at: Callable[[str], Api], upstream: Upstream
) -> None:
    upstream.reply(chat_says("Ok"))
    words = ("--upstream-url", upstream.url, "--upstream-model", "gpt-4o=llama3.2")
    run = ask_at(serve(*words).url).run("Hi", model="gpt-4o")
    assert (run["status"], run["model"]) == ("completed", "gpt-4o")
    assert upstream.last.json["model"] == "llama3.2"


@pytest.mark.parametrize(
    ("mapping", "problem"),
    [
        ("gpt-4o=", 'expected MODEL or NAME=MODEL, found "gpt-4o="'),
        ("=x", 'expected MODEL or NAME=MODEL, found "=x"'),
        ("a=b,,c=d", 'expected MODEL or NAME=MODEL, found ""'),
        ("a=*", 'expected MODEL or NAME=MODEL, found "a=*"'),
        ("a=b,a=c", "two models for a: b and c"),
        ("b,*=c", "two models for all names: b and c"),
        ("echo=x", "echo is built in and cannot be another model"),
    ],
)
def test_wrong_mappings(
    openai: Shell, store_file: Path, upstream: Upstream, mapping: str, problem: str
) -> None:
    ended = quick(store_file, "--upstream-model", mapping, *ASK)
    assert (ended.code, ended.err) == (
        2,
        f"error: --upstream-model: {problem}; nothing was sent\n",
    )
    served = openai("local", "serve", "--port", "0", "--upstream-model", mapping)
    assert (served.code, problem in served.err) == (2, True)
    api = Api(store_file, {URL: upstream.url, MODEL: mapping})
    status, message, *_ = api.refused("POST", "/threads/runs", ask("Hi", model="m"))
    assert (status, message) == (400, f"The upstream cannot be used: {MODEL}: {problem}.")
    assert (rows(api), upstream.seen) == ([0, 0, 0, 0], [])
    api.close()


# Names that nobody knows

LISTED = {"object": "list", "data": [{"id": "qwen3:8b"}, {"id": "gemma3"}, {"name": "x"}, 7]}
ONE_OF = "The upstream lists qwen3:8b, gemma3: name one of these with --upstream-model."


def said(message: str, **more: Any) -> dict[str, Any]:
    return {"error": {"message": message, **more}}


@pytest.mark.parametrize(
    ("status", "body", "advice"),
    [
        (404, said("The model `gpt-4o` does not exist.", code="model_not_found"), ONE_OF),
        (404, said("The model `gpt-4o` does not exist.", type="NotFoundError", code=404), ONE_OF),
        (404, said("Model is gone", code="model_not_found"), ONE_OF),
        (400, said("Invalid model name passed in model=gpt-4o. Call `/v1/models`"), ONE_OF),
        (400, said("Model Not Exist"), ONE_OF),
        (404, said("models/gpt-4o is not found for API version v1main"), ONE_OF),
        (400, said("gpt-4o is not a valid model ID"), ONE_OF),
        (
            404,
            said('model "gpt-4o" not found, try pulling it first', type="api_error"),
            'The upstream lists qwen3:8b, gemma3: get it with "ollama pull", or name one of these '
            "with --upstream-model.",
        ),
    ],
    ids=[
        *("openai", "vllm", "code alone", "litellm", "deepseek", "gemini", "openrouter"),
        "ollama",
    ],
)
def test_an_unknown_model_names_those_that_are_there(
    chat: Api, upstream: Upstream, status: int, body: Any, advice: str
) -> None:
    refused, listed = Reply(status=status, body=body), Reply(body=LISTED)
    # A 400 that names no field is asked about once more, without what can be spared.
    upstream.reply(*([refused, listed] * 2))
    run = chat.run("Hi", model="gpt-4o")
    message = run["last_error"]["message"]
    assert run["status"] == "failed"
    assert message.startswith(f"The upstream 127.0.0.1:{upstream.port} answered {status}")
    words = body["error"]["message"].rstrip(".")
    assert message.endswith(f": {words}. {advice}")
    asked = [(seen.method, seen.path) for seen in upstream.seen]
    assert asked[:2] == [("POST", "/v1/chat/completions"), ("GET", "/v1/models")]
    assert upstream.seen[1].content == b""


@pytest.mark.parametrize(
    "listing",
    [Reply(status=404), Reply(body="no JSON"), Reply(body={"data": []}), Reply(drop=True)],
    ids=["404", "no JSON", "empty", "dropped"],
)
def test_a_server_that_lists_nothing(chat: Api, upstream: Upstream, listing: Reply) -> None:
    unknown = Reply(status=404, body=said("The model `m` does not exist"))
    upstream.reply(unknown, listing)
    message = chat.run("Hi", model="m")["last_error"]["message"]
    what = "The upstream lists no models: name another with --upstream-model."
    assert message.endswith(f"The model `m` does not exist. {what}")


def test_a_long_list_is_cut(chat: Api, upstream: Upstream) -> None:
    many = {"data": [{"id": f"model-{number}"} for number in range(25)]}
    unknown = Reply(status=404, body=said("The model `m` does not exist"))
    upstream.reply(unknown, Reply(body=many))
    message = chat.run("Hi", model="m")["last_error"]["message"]
    assert "model-19 and 5 more: name one of these" in message
    assert "model-20" not in message


@pytest.mark.parametrize(
    "message",
    [
        "registry.ollama.ai/library/gemma:2b does not support tools",
        "Unsupported value: 'temperature' does not support 0.2 with this model.",
        "This model's maximum context length is 4096 tokens",
    ],
)
def test_other_refusals_do_not_ask_for_names(chat: Api, upstream: Upstream, message: str) -> None:
    upstream.reply(Reply(status=400, body=said(message)))
    assert chat.run("Hi", model="m")["last_error"]["message"].endswith(message)
    assert {seen.method for seen in upstream.seen} == {"POST"}


# Servers that are not where they are looked for


@pytest.mark.parametrize(
    "page",
    [
        Reply(status=404, body="404 page not found", headers={"Content-Type": "text/plain"}),
        Reply(status=404, body={"detail": "Not Found"}),
        Reply(status=404, body="<html><title>404 Not Found</title></html>"),
        Reply(status=405, body={"detail": "Method Not Allowed"}),
        Reply(status=404),
    ],
    ids=["ollama", "vllm", "page", "405", "empty"],
)
def test_an_address_without_its_path(store_file: Path, upstream: Upstream, page: Reply) -> None:
    upstream.reply(page)
    bare = upstream.url.removesuffix("/v1")
    ended = quick(store_file, "--upstream-url", bare, *ASK, "--model", "m")
    assert upstream.last.path == "/chat/completions"
    assert f"The request was POST {bare}/chat/completions; a base URL ends" in ended.out
    assert f"try --upstream-url {bare}/v1; " in ended.out
    wrong = quick(store_file, "--upstream-url", f"{bare}/api", *ASK, "--model", "m")
    what = f"The request was POST {bare}/api/chat/completions; "
    assert (wrong.code, what in wrong.out) == (5, True)
    assert "check --upstream-url; --upstream-api names the API." in wrong.out


def test_a_missing_thing_is_no_missing_path(responses: Api, upstream: Upstream) -> None:
    upstream.reply(Reply(status=404, body=said("Vector store with id [vs_1] not found.")))
    message = responses.run("Hi", model="m")["last_error"]["message"]
    assert message.endswith("Vector store with id [vs_1] not found.")


def test_nobody_there(store_file: Path) -> None:
    words = ("--upstream-url", "http://127.0.0.1:9/v1")
    ended = quick(store_file, *words, *ASK, "--model", "m")
    what = "No server is listening there: start the model server, or set --upstream-url."
    assert (ended.code, what in ended.err) == (5, True)
