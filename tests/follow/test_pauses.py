"""How long is waited between two questions about a run: the pauses themselves, nobody waits."""

from __future__ import annotations

from itertools import pairwise

import pytest

from openai_cli.client.address import read_address
from openai_cli.client.client import Client
from openai_cli.client.settings import ConnectionSettings
from openai_cli.errors import ApiError
from openai_cli.follow.follow_options import WaitLimits
from openai_cli.follow.poll import Poller
from tests.follow.conftest import run
from tests.support.server import Reply, Server

DONE = Reply(body=run("completed"))
WORKING = Reply(body=run("in_progress"))


def pauses(server: Server, *replies: Reply, interval: float = 1.0) -> list[float]:
    """Ask the server until the run has stopped; the seconds that were to be waited each time."""
    found: list[float] = []
    server.reply(*replies, DONE)
    address = read_address(server.url, "--base-url")
    made = ConnectionSettings(address=address, api_key="sk-test", environ={}, max_retries=0)
    with Client(made) as client:
        limits = WaitLimits(interval=interval, timeout=10_000)
        poller = Poller(client, limits, lambda _run, seconds: found.append(seconds))
        poller.until_stopped(run("queued"), None)
    return found


def test_pauses_grow_by_a_quarter_up_to_five_seconds(server: Server) -> None:
    found = pauses(server, *[WORKING] * 12)
    growing = [pause for pause in found if pause < 5]
    assert growing[0] == 1
    assert all(after == pytest.approx(1.25 * before) for before, after in pairwise(growing))
    assert found == growing + [5] * (len(found) - len(growing))
    assert len(found) - len(growing) > 2


def test_longer_pauses_that_were_asked_for_stay_as_they_are(server: Server) -> None:
    assert pauses(server, *[WORKING] * 3, interval=30) == [30] * 4


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "86400"}, 120),
        ({"Retry-After-Ms": "3600000"}, 120),
        ({"Retry-After": "0"}, 0.1),
    ],
)
def test_a_refusal_may_ask_for_a_pause_of_a_minute_at_most(
    server: Server, headers: dict[str, str], pause: float
) -> None:
    assert pauses(server, Reply(status=429, headers=headers))[1] == pause


@pytest.mark.parametrize(
    ("wanted", "pause"),
    [
        *(("7000", 7), ("86400000", 60), ("0", 0.1)),
        *((odd, 1.25) for odd in ("soon", "", "-1", "nan", "inf", "1e999", "%00")),
    ],
)
def test_an_answer_may_ask_for_a_pause_of_a_minute_at_most(
    server: Server, wanted: str, pause: float
) -> None:
    headers = {"openai-poll-after-ms": wanted}
    assert pauses(server, Reply(body=run("queued"), headers=headers))[1] == pause


def test_only_faults_in_a_row_end_the_wait(server: Server) -> None:
    nine_faults = [Reply(status=503)] * 9
    assert len(pauses(server, *nine_faults, WORKING, *nine_faults)) == 20
    with pytest.raises(ApiError):
        pauses(server, *nine_faults, *nine_faults)
