"""Prints one answer byte for byte, as it arrives if it is long."""

from __future__ import annotations

from openai_cli.api.operation import Request
from openai_cli.client.client import Client
from openai_cli.client.responses import Document, Stream
from openai_cli.errors import NoAnswerError
from openai_cli.output.printer import Printer


def print_bytes(client: Client, request: Request, printer: Printer) -> None:
    """Send the request and print the answer.

    Raises NoAnswerError if the answer breaks off; the received part of a long answer is printed.
    """
    answer = client.send_for_bytes(request)
    if isinstance(answer, Document):
        printer.document(answer.content)
    elif isinstance(answer, Stream):
        raise not_one_document()
    else:
        for chunk in answer.chunks():
            printer.chunk(chunk)


def not_one_document() -> NoAnswerError:
    """The error for a stream of events where one JSON document was expected."""
    return NoAnswerError("expected one JSON document, but the server sent events")
