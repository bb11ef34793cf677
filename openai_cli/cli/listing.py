"""Prints a list as it arrives: all pages, item by item."""

from __future__ import annotations

from collections.abc import Iterator

from openai_cli.api.operation import Request
from openai_cli.cli.env import Env
from openai_cli.cli.option_reader import Options
from openai_cli.cli.raw_answer import print_bytes
from openai_cli.client.client import Client
from openai_cli.client.pages import pages
from openai_cli.output.printer import Printer


def print_list(
    client: Client, request: Request, printer: Printer, options: Options, env: Env
) -> None:
    """Fetch the pages and print their items as they arrive, at most `max_items`.

    In format `raw` without a transform, prints one page as the server sent it.
    """
    if options.style.format == "explore":
        from openai_cli.cli.explore import explore_texts

        listed = item_pages(client, request, options.max_items, options.max_pages)
        explore_texts((item for page in listed for item in page), options, env, growing=True)
    elif printer.wants_bytes:
        print_bytes(client, request, printer)
    else:
        for items in item_pages(client, request, options.max_items, options.max_pages):
            printer.page(items)
        if printer.lacks_reply and options.max_items is None:
            env.say("note", "this list contains no assistant messages")


def item_pages(
    client: Client, request: Request, limit: int | None, max_pages: int
) -> Iterator[list[str]]:
    """The items of each page as the server's JSON text, at most `limit` in total.

    More than `max_pages` pages raise NoAnswerError; 0 is no limit. An answer that is not a list is
    one item.
    """
    left = limit
    for page in pages(client, request, max_pages):
        items = page.items
        if items is None:
            yield [page.text]
            return
        shown = items if left is None else items[:left]
        yield shown
        if left is not None:
            left -= len(shown)
            if left <= 0:
                return
