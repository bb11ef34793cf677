"""Sends a request and prints the answer as it arrives."""

from __future__ import annotations

from openai_cli.api.operation import Request
from openai_cli.cli.engine_transport import engine_transport
from openai_cli.cli.env import Env
from openai_cli.cli.option_reader import Options
from openai_cli.cli.progress import Progress
from openai_cli.cli.raw_answer import not_one_document, print_bytes
from openai_cli.cli.run_option_reader import RunOptions
from openai_cli.client.client import Client
from openai_cli.client.responses import Document
from openai_cli.output.printer import Printer


def call(
    request: Request, printer: Printer, options: Options, run_options: RunOptions, env: Env
) -> None:
    """Send the request and print the answer: a list, a run to follow, or any other object."""
    progress = Progress(env, quiet=options.debug)
    settings = progress.beside(options.settings)
    with Client(settings, engine_transport(settings, progress.update)) as client:
        if request.operation.pages:
            from openai_cli.cli.listing import print_list

            print_list(client, request, printer, options, env)
        elif request.operation.answers_run:
            from openai_cli.cli.follow_run import Follower

            Follower(client, printer, options, run_options, env, progress).follow(request)
        else:
            _print_object(client, request, printer, options, env)


def _print_object(
    client: Client, request: Request, printer: Printer, options: Options, env: Env
) -> None:
    if printer.wants_bytes:
        print_bytes(client, request, printer)
        return
    answer = client.send(request)
    if isinstance(answer, Document) and not answer.content:
        return
    if options.style.format == "explore":
        from openai_cli.cli.explore import explore_answer

        explore_answer(answer, options, env)
    elif isinstance(answer, Document):
        printer.document(answer.content)
        if printer.lacks_reply:
            env.say("note", "this answer contains no reply; --format json shows all of it")
    else:
        raise not_one_document()
