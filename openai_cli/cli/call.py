"""Sending a request and printing what comes back, as it comes."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from openai_cli.api.operation import Request
from openai_cli.api.operations import RUN_MESSAGES
from openai_cli.cli.env import Env
from openai_cli.cli.options import Options
from openai_cli.cli.outcome import as_run, check_run, why_no_reply
from openai_cli.client.answers import Document, Stream
from openai_cli.client.client import Client
from openai_cli.client.settings import Settings
from openai_cli.output.jsontext import load
from openai_cli.output.printer import Printer
from openai_cli.output.sink import OutputClosedError


def call(
    request: Request, settings: Settings, printer: Printer, options: Options, env: Env
) -> None:
    """Send the request and print the answer; of a run set going, judge how it ended."""
    with Client(settings) as client:
        answer = client.send(request)
        if options.style.format == "explore":
            from openai_cli.cli.explore import explore_answer

            run = explore_answer(answer, options, env)
        elif isinstance(answer, Stream):
            _print_stream(answer, printer, options.max_items)
            run = answer.run
        else:
            run = _print_document(answer, printer, client)
        if request.operation.continues_run:
            check_run(run)
        if printer.lacks_reply and options.max_items is None:
            env.say("note", why_no_reply(run))


def _print_stream(stream: Stream, printer: Printer, limit: int | None) -> None:
    try:
        if printer.wants_bytes and limit is None:
            for chunk in stream.chunks():
                printer.chunk(chunk)
        else:
            _print_events(stream, printer, limit)
    except OutputClosedError:
        stream.abandon()
        raise


def _print_events(stream: Stream, printer: Printer, limit: int | None) -> None:
    left = limit
    try:
        for event in stream.events() if left != 0 else ():
            printer.event(event.text)
            left = None if left is None else left - 1
            if left == 0:
                break
    finally:
        printer.finish()
    if left == 0:
        stream.abandon()


def _print_document(answer: Document, printer: Printer, client: Client) -> dict[str, Any] | None:
    run = as_run(load(answer.text))
    printer.document(answer.content, answer.text)
    if run and printer.lacks_reply and run.get("status") in ("completed", "incomplete"):
        _print_reply(run, printer, client)
    return run


def _print_reply(run: dict[str, Any], printer: Printer, client: Client) -> None:
    """Fetch the messages of a run that has ended, and print what the assistant said."""
    query = {"run_id": run.get("id"), "order": "asc", "limit": 100}
    path = RUN_MESSAGES.path.format(thread_id=quote(str(run.get("thread_id")), safe=""))
    answer = client.send(Request(RUN_MESSAGES, path, query, None))
    if isinstance(answer, Document):
        printer.document(answer.content, answer.text)
