"""The client's decisions about retries, on httpx itself with its answers mocked: pure logic."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from pytest_httpx import HTTPXMock

from openai_cli.api.operation import Request, build_request
from openai_cli.api.operations import operation_named
from openai_cli.client.address import Address
from openai_cli.client.client import Client
from openai_cli.client.settings import ConnectionSettings
from openai_cli.errors import ApiError, NoAnswerError

BASE = "http://server.example/v1"
START = build_request(operation_named("beta:threads create-and-run"), {"assistant_id": "asst_1"})
LOOK = build_request(
    operation_named("beta:threads:runs retrieve"), {"thread_id": "thread_1", "run_id": "run_1"}
)


def send(request: Request, pauses: list[float], retries: int = 2) -> Any:
    settings = ConnectionSettings(Address(BASE), max_retries=retries)
    with Client(settings, sleep=pauses.append) as client:
        return client.send(request)


def test_all_attempts_carry_one_idempotency_key(httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_exception(httpx.ConnectError("refused"))
    httpx_mock.add_response(status_code=503)
    httpx_mock.add_response(json={"id": "run_1", "object": "thread.run"})
    pauses: list[float] = []
    assert send(START, pauses).value["id"] == "run_1"
    keys = {sent.headers["idempotency-key"] for sent in httpx_mock.get_requests()}
    assert (len(keys), len(httpx_mock.get_requests()), len(pauses)) == (1, 3, 2)


def test_the_server_says_how_long_to_wait(httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_response(status_code=429, headers={"Retry-After": "7"})
    httpx_mock.add_response(json={"id": "run_1", "object": "thread.run"})
    pauses: list[float] = []
    send(LOOK, pauses)
    assert pauses == [7.0]


def test_a_longer_wait_than_is_sensible_is_an_error(httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_response(status_code=429, headers={"Retry-After": "86400"})
    pauses: list[float] = []
    with pytest.raises(ApiError) as failure:
        send(LOOK, pauses)
    assert (failure.value.status, pauses) == (429, [])


@pytest.mark.parametrize(("request_", "attempts"), [(START, 1), (LOOK, 3)])
def test_after_a_timeout_only_what_starts_nothing_is_sent_again(
    request_: Request, attempts: int, httpx_mock: HTTPXMock
) -> None:
    for _ in range(attempts):
        httpx_mock.add_exception(httpx.ReadTimeout("silent"))
    with pytest.raises(NoAnswerError):
        send(request_, [])
    assert len(httpx_mock.get_requests()) == attempts


def test_no_more_attempts_than_allowed(httpx_mock: HTTPXMock) -> None:
    for _ in range(4):
        httpx_mock.add_response(status_code=500, json={"error": {"message": "broken"}})
    pauses: list[float] = []
    with pytest.raises(ApiError, match="broken"):
        send(START, pauses, retries=3)
    assert len(pauses) == 3
    assert pauses[0] < pauses[1] < pauses[2]
