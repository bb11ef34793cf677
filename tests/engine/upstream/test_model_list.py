"""`GET /models`: what programs ask before they start anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.engine.support import Api
from tests.engine.upstream.support import Upstream
from tests.support.server import Reply

URL, MODEL = "OPENAI_LOCAL_UPSTREAM_URL", "OPENAI_LOCAL_UPSTREAM_MODEL"
LISTED = Reply(body={"object": "list", "data": [{"id": "llama3.2"}, {"id": "org/small"}, {}]})


def names(api: Api) -> list[str]:
    return [model["id"] for model in api.client.get("/models").json()["data"]]


def test_echo_without_an_upstream(store_file: Path) -> None:
    api = Api(store_file)
    assert api.client.get("/models").json() == {
        "object": "list",
        "data": [{"id": "echo", "object": "model", "created": 0, "owned_by": "openai-cli"}],
    }
    assert api.warnings == []


def test_echo_then_names_that_are_mapped_then_those_of_the_upstream(
    store_file: Path, upstream: Upstream
) -> None:
    upstream.reply(LISTED)
    api = Api(store_file, {URL: upstream.url, MODEL: "gpt-4o=llama3.2,*=org/small"})
    assert names(api) == ["echo", "gpt-4o", "llama3.2", "org/small"]
    assert (upstream.last.method, upstream.last.path) == ("GET", "/v1/models")


@pytest.mark.parametrize("path", ["org/small", "org%2Fsmall"])
def test_one_model_whose_name_has_a_slash(store_file: Path, upstream: Upstream, path: str) -> None:
    upstream.reply(LISTED)
    api = Api(store_file, {URL: upstream.url})
    found = api.client.get(f"/models/{path}").json()
    assert (found["id"], found["owned_by"]) == ("org/small", "upstream")


def test_one_that_is_not_there(store_file: Path, upstream: Upstream) -> None:
    upstream.reply(LISTED)
    refused = Api(store_file, {URL: upstream.url}).client.get("/models/gpt-4o")
    error = refused.json()["error"]
    assert (refused.status_code, error["code"]) == (404, "model_not_found")
    assert "'gpt-4o'" in error["message"]


@pytest.mark.parametrize(
    "reply", [Reply(status=404, body={"detail": "Not Found"}), Reply(body=[1]), Reply(body={})]
)
def test_an_upstream_that_does_not_list(store_file: Path, upstream: Upstream, reply: Any) -> None:
    upstream.reply(reply)
    api = Api(store_file, {URL: upstream.url})
    assert names(api) == ["echo"]
    assert api.warnings == ["the upstream does not list its models"]


def test_an_upstream_that_is_not_there(store_file: Path) -> None:
    api = Api(store_file, {URL: "http://127.0.0.1:9/v1"})
    assert names(api) == ["echo"]
    assert api.warnings == ["the upstream does not list its models"]


def test_only_reading(store_file: Path) -> None:
    refused = Api(store_file).client.post("/models", json={})
    assert refused.status_code == 404
