"""When to try again, and after how long: the rules by themselves."""

from __future__ import annotations

import httpx
import pytest

from openai_cli.client.retry import asked_wait, backoff, should_retry

NOW = 784111777.0
"""1994-11-06 08:49:37 GMT, the moment of the examples in RFC 9110."""


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "3"}, 3.0),
        ({"Retry-After": " 3 "}, 3.0),
        ({"Retry-After": "0"}, 0.0),
        ({"Retry-After": "1.5"}, 1.5),
        ({"Retry-After": "-5"}, 0.0),
        ({"Retry-After": "Sun, 06 Nov 1994 08:49:47 GMT"}, 10.0),
        ({"Retry-After": "Sunday, 06-Nov-94 08:49:47 GMT"}, 10.0),
        ({"Retry-After": "Sun Nov  6 08:49:47 1994"}, 10.0),
        ({"Retry-After": "Sun, 06 Nov 1994 08:49:47 -0000"}, 10.0),
        ({"Retry-After": "Sun, 06 Nov 1994 10:49:47 +0200"}, 10.0),
        ({"Retry-After": "Sun, 06 Nov 1994 08:00:00 GMT"}, 0.0),
        ({"Retry-After": "Sun, 99 Nov 1994 08:00:00 GMT"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": ""}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "inf"}, None),
        ({}, None),
        ({"Retry-After-Ms": "250"}, 0.25),
        ({"Retry-After-Ms": "250", "Retry-After": "9"}, 0.25),
        ({"Retry-After-Ms": "soon", "Retry-After": "9"}, 9.0),
        ({"Retry-After-Ms": "nan", "Retry-After": "9"}, 9.0),
    ],
)
def test_what_the_server_asks_for(headers: dict[str, str], seconds: float | None) -> None:
    assert asked_wait(httpx.Headers(headers), lambda: NOW) == seconds


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 529, 599])
def test_statuses_worth_another_attempt(status: int) -> None:
    assert should_retry(status, {})
    assert not should_retry(status, {"x-should-retry": "false"})


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 422, 501])
def test_statuses_that_stay(status: int) -> None:
    assert not should_retry(status, {})
    assert not should_retry(status, {"x-should-retry": "perhaps"})
    assert should_retry(status, {"x-should-retry": "True"})


@pytest.mark.parametrize("status", [200, 204, 307])
def test_an_answer_is_kept_whatever_the_server_says(status: int) -> None:
    assert not should_retry(status, {"x-should-retry": "true"})


def test_waits_double_up_to_a_cap() -> None:
    waits = [backoff(attempt, lambda: 0.0) for attempt in range(7)]
    assert waits == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0]


def test_chance_takes_up_to_a_quarter_off() -> None:
    assert backoff(2, lambda: 1.0) == 1.5
    assert 1.5 <= backoff(2) <= 2.0
