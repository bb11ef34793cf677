"""The explorer, driven by keys."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Static, Tree

from openai_cli.output.explore.screen import Explorer

DOCUMENT = '{"id":"run_1","price":1.50,"usage":{"total":30},"tools":[{"type":"file_search"}]}'


def drive(app: Explorer, script: Callable[[Pilot[Any]], Awaitable[None]]) -> str | None:
    """Run the app without a screen, let the script press keys, and give what it returned."""

    async def run() -> None:
        async with app.run_test() as pilot:
            while app.finished and app.reader.is_alive():
                await pilot.pause(0.01)
            await settled(pilot)
            await script(pilot)

    asyncio.run(run())
    return app.return_value


async def settled(pilot: Pilot[Any]) -> None:
    await pilot.pause()
    await pilot.pause()


def status(app: Explorer) -> str:
    return str(app.query_one("#status", Static).content)


def lines(app: Explorer) -> list[str]:
    """The labels of the visible nodes."""
    tree = app.query_one(Tree)
    return [str(tree.get_node_at_line(i).label) for i in range(tree.last_line + 1)]  # type: ignore[union-attr]  # within bounds


def document() -> Explorer:
    return Explorer([DOCUMENT], growing=False)


def test_a_document_opens_at_its_first_level() -> None:
    app = document()
    seen: list[str] = []

    async def script(pilot: Pilot[Any]) -> None:
        seen.extend(lines(app))
        await pilot.press("q")

    assert drive(app, script) == ""
    assert seen == ["{4}", 'id: "run_1"', "price: 1.50", "usage: {1}", "tools: [1]"]


def test_the_value_under_the_cursor_is_printed_as_the_server_wrote_it() -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await pilot.press("down", "down", "p")

    assert drive(document(), script) == "1.50\n"


def test_a_string_is_printed_bare() -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await pilot.press("down", "p")

    assert drive(document(), script) == "run_1\n"


@pytest.mark.slow
def test_search_opens_the_way_to_a_match_and_shows_its_path() -> None:
    app = document()
    seen: list[str] = []

    async def script(pilot: Pilot[Any]) -> None:
        await pilot.press("slash", *"file_s", "enter")
        await settled(pilot)
        seen.append(app._position().path)  # type: ignore[arg-type]  # what the cursor is on
        await pilot.press("y")
        seen.append(app.clipboard)
        await pilot.press("p")

    assert drive(app, script) == "file_search\n"
    assert seen == [("tools", 0, "type"), "tools.0.type"]


@pytest.mark.slow
def test_a_search_without_matches_says_so() -> None:
    app = document()
    seen: list[str] = []

    async def script(pilot: Pilot[Any]) -> None:
        await pilot.press("slash", *"absent", "enter")
        seen.append(status(app))
        await pilot.press("q")

    drive(app, script)
    assert seen == ["no match for 'absent'"]


@pytest.mark.slow
def test_next_and_previous_go_round_the_matches() -> None:
    app = Explorer(['{"a":{"x":1},"b":{"x":2},"c":{"x":3}}'], growing=False)
    seen: list[object] = []

    async def script(pilot: Pilot[Any]) -> None:
        await pilot.press("slash", "x", "enter")
        for key in ("n", "n", "n", "N"):
            await settled(pilot)
            seen.append(app._position().path)
            await pilot.press(key)
        await settled(pilot)
        seen.append(app._position().path)
        await pilot.press("q")

    drive(app, script)
    assert seen == [("a", "x"), ("b", "x"), ("c", "x"), ("a", "x"), ("c", "x")]


def test_fold_unfold_and_raw() -> None:
    app = document()
    seen: list[Any] = []

    async def script(pilot: Pilot[Any]) -> None:
        await pilot.press("e")
        seen.append("total: 30" in lines(app))
        await pilot.press("c")
        seen.append(lines(app))
        await pilot.press("r")
        seen.append(str(app.query_one("#rawtext", Static).content)[:13])
        await pilot.press("r", "q")

    drive(app, script)
    assert seen == [True, ["{4}"], '{\n  "id": "ru']


@pytest.mark.slow
def test_escape_closes_the_search_first() -> None:
    app = document()
    shown: list[bool] = []

    async def script(pilot: Pilot[Any]) -> None:
        await pilot.press("slash", "x", "escape")
        shown.append(app.query_one("#search", Input).has_class("shown"))
        await pilot.press("escape")

    drive(app, script)
    assert shown == [False]


def test_a_stream_grows_while_one_looks() -> None:
    fed: queue.Queue[str | None] = queue.Queue()

    def events() -> Iterator[str]:
        while (text := fed.get()) is not None:
            yield text

    app = Explorer(events(), growing=True)
    seen: list[Any] = []

    async def script(pilot: Pilot[Any]) -> None:
        for number in (1, 2):
            fed.put(f'{{"event":"e{number}","data":{{"n":{number}}}}}')
            while len(lines(app)) < number + 1:
                await pilot.pause(0.01)
            seen.append(lines(app))
        seen.append("receiving" in status(app))
        fed.put(None)
        while not app.finished:
            await pilot.pause(0.01)
        seen.append("receiving" in status(app))
        await pilot.press("down", "p")

    assert drive(app, script) == '{\n  "event": "e1",\n  "data": {\n    "n": 1\n  }\n}\n'
    assert seen == [["1 items", "0: e1"], ["2 items", "0: e1", "1: e2"], True, False]


def test_a_stream_that_breaks_off_is_shown_and_reported() -> None:
    def events() -> Iterator[str]:
        yield '{"event":"one","data":1}'
        raise ValueError("cut")

    app = Explorer(events(), growing=True)
    seen: list[str] = []

    async def script(pilot: Pilot[Any]) -> None:
        while not app.finished:
            await pilot.pause(0.01)
        seen.append(status(app))
        await pilot.press("q")

    drive(app, script)
    assert "incomplete: cut" in seen[0]
    with pytest.raises(ValueError, match="cut"):
        raise app.failure or AssertionError


def test_a_value_that_is_no_object_can_be_shown() -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await pilot.press("p")

    assert drive(Explorer(["1e3"], growing=False), script) == "1e3\n"


def long_list(length: int, item: str = "") -> Explorer:
    items = (item or f'"v{number}"' for number in range(length))
    return Explorer([f'{{"data":[{",".join(items)}],"last":1}}'], growing=False)


@pytest.mark.slow
def test_a_long_list_is_shown_a_page_at_a_time() -> None:
    app = long_list(1200)
    seen: list[object] = []

    async def script(pilot: Pilot[Any]) -> None:
        await pilot.press("down", "e")
        await settled(pilot)
        seen.extend([len(lines(app)), lines(app)[-2]])
        for _ in range(2):
            await pilot.press("end", "up", "enter")
            await settled(pilot)
            seen.extend([len(lines(app)), lines(app)[-2], app._position().path[-1]])
        await pilot.press("p")

    assert drive(app, script) == "v1000\n"
    assert seen == [503 + 1, "… 700 more", 1004, "… 200 more", 500, 1203, '1199: "v1199"', 1000]


@pytest.mark.slow
def test_search_reaches_what_is_not_shown_yet() -> None:
    app = long_list(3_000)

    async def script(pilot: Pilot[Any]) -> None:
        await pilot.press("slash", *"v2999", "enter")
        await settled(pilot)
        assert status(app) == "1 of 1  data.2999"
        await pilot.press("p")

    assert drive(app, script) == "v2999\n"


@pytest.mark.slow
def test_unfolding_a_large_answer_stops_where_it_would_take_long() -> None:
    app = long_list(20_000, '{"id":1,"status":2,"usage":[1,2,3,4,5,6,7,8]}')

    async def script(pilot: Pilot[Any]) -> None:
        await pilot.press("down", *"eee")
        await settled(pilot)
        assert 1_000 < len(lines(app)) < 5_000
        await pilot.press("q")

    assert drive(app, script) == ""


def test_labels_are_text_and_no_markup() -> None:
    app = Explorer(['{"[red]k[/]":"[bold]v[/bold] \\u001b[31m \\u009b1m"}'], growing=False)
    seen: list[str] = []

    async def script(pilot: Pilot[Any]) -> None:
        seen.extend(lines(app))
        await pilot.press("down", "r")
        await settled(pilot)
        seen.append(str(app.query_one("#rawtext", Static).content))
        await pilot.press("q")

    drive(app, script)
    assert seen[1:] == [
        '[red]k[/]: "[bold]v[/bold] \\x1b[31m \\x9b1m"',
        '"[bold]v[/bold] \\u001b[31m \\u009b1m"',
    ]
