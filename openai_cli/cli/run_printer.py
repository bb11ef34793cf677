"""Prints a run: its stream, its final state, and its messages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import nullcontext

from openai_cli.cli.env import Env
from openai_cli.cli.option_reader import Options
from openai_cli.cli.progress import Progress
from openai_cli.client.client import Client
from openai_cli.client.responses import Document, Event, Stream
from openai_cli.errors import ApiError, NoAnswerError
from openai_cli.follow.poll import run_in
from openai_cli.follow.run import Run, has_ids, request_for_messages, status_of
from openai_cli.output.json_layout import compact
from openai_cli.output.printer import Printer
from openai_cli.output.sink import OutputClosedError

_MAY_HAVE_REPLY = ("completed", "incomplete")
"""Statuses in which a run may have a reply."""


class RunPrinter:
    """Prints the answers about one run; only `stream` may be called more than once.

    If `read_to_end`, a stream is read to its end even after `max_items` events.
    """

    def __init__(
        self,
        client: Client,
        printer: Printer,
        options: Options,
        env: Env,
        progress: Progress,
        *,
        read_to_end: bool,
    ) -> None:
        self._client = client
        self._printer = printer
        self._style = options.style
        self._options = options
        self._env = env
        self._progress = progress
        self._read_to_end = read_to_end
        self._remaining = options.max_items
        self._tail = b"\n\n"

    def stream(self, stream: Stream) -> None:
        """Print the events of a stream as they arrive."""
        if self._explores:
            self._explore(stream)
            return
        try:
            if self._passes_bytes:
                for chunk in stream.chunks():
                    self._write_bytes(chunk)
            else:
                self._events(stream)
        except OutputClosedError:
            stream.abandon()
            raise

    def first_event(self, name: str, document: Document) -> None:
        """Print an answer that came before a stream as its first event."""
        if not self._explores:
            self._append_event(name, document.text)

    def document(self, document: Document) -> None:
        """Print an answer in the chosen format."""
        if self._explores:
            self._explore(document)
        else:
            self._printer.document(document.content)

    def final_document(self, document: Document, run: Run | None) -> None:
        """Print the last answer; in format `text` the run's reply instead, in `pretty` both."""
        if run and self._printer.adds_replies:
            self._printer.document(document.content, self._replies(run, document))
            return
        self.document(document)
        if run and self._printer.lacks_reply:
            for items in self._messages(run):
                self._printer.page(items)

    def final_event(self, document: Document) -> None:
        """Print the final state of a streamed run as one more event."""
        run = run_in(document)
        if self._explores:
            self._explore(document)
        elif self._style.wants_reply:
            for items in self._messages(run):
                for item in items:
                    self._append_event("thread.message.completed", item)
            self._printer.finish()
        else:
            self._append_event(f"thread.run.{status_of(run)}", document.text)

    @property
    def _explores(self) -> bool:
        return self._style.format == "explore"

    @property
    def _passes_bytes(self) -> bool:
        return self._printer.wants_bytes and self._options.max_items is None

    def _explore(self, answer: Document | Stream) -> None:
        from openai_cli.cli.explore import explore_answer

        explore_answer(answer, self._options, self._env)

    def _events(self, stream: Stream) -> None:
        try:
            for event in self._watched(stream) if self._remaining != 0 or self._read_to_end else ():
                if self._remaining != 0:
                    self._printer.event(event.text)
                    self._remaining = None if self._remaining is None else self._remaining - 1
                if self._remaining == 0 and not self._read_to_end:
                    break
        except NoAnswerError:
            # The rest of a reply may still arrive and continues the same line.
            if self._env.out.is_terminal or not self._read_to_end:
                self._printer.finish()
            raise
        except BaseException:
            self._printer.finish()
            raise
        self._printer.finish()
        if self._remaining == 0:
            stream.abandon()

    def _watched(self, stream: Stream) -> Iterator[Event]:
        """The events; the status line is shown while no line of a reply is being printed.

        Formats that print a line for each event need no status line.
        """
        events = stream.events()
        if not (self._progress.shows and self._style.wants_reply):
            yield from events
            return
        while True:
            with nullcontext() if self._printer.line_is_open else self._progress.waiting():
                event = next(events, None)
            if event is None:
                return
            if stream.run:
                self._progress.update(stream.run)
            yield event

    def _append_event(self, name: str, data: str) -> None:
        if self._remaining == 0:
            return
        if self._passes_bytes:
            # An interrupted stream may have left an event incomplete.
            gap = b"" if self._tail.endswith(b"\n\n") else b"\n\n"
            self._write_bytes(gap + f"event: {name}\ndata: {compact(data)}\n\n".encode())
        else:
            self._printer.event(Event(name, data).text)
            self._remaining = None if self._remaining is None else self._remaining - 1

    def _write_bytes(self, data: bytes) -> None:
        self._printer.chunk(data)
        self._tail = (self._tail + data)[-2:]

    def _replies(self, run: Run, document: Document) -> list[str]:
        """The messages of the run; if they cannot be fetched, prints a warning: the run is over."""
        try:
            return [item for page in self._messages(run) for item in page]
        except (ApiError, NoAnswerError) as error:
            self._env.say("warning", f"the reply is not shown: {error.message}")
            return []
        except KeyboardInterrupt:
            self.document(document)
            raise

    def _messages(self, run: Run) -> list[list[str]]:
        return messages_of(run, self._client, self._options.max_pages)


def messages_of(run: Run, client: Client, max_pages: int) -> list[list[str]]:
    """The messages of an ended run, by page; none for a run that can have no reply.

    Filtered here too, as some servers ignore `run_id`.
    """
    if not has_ids(run) or status_of(run) not in _MAY_HAVE_REPLY:
        return []
    from openai_cli.cli.listing import item_pages

    found = item_pages(client, request_for_messages(run), None, max_pages)
    return [[item for item in page if _is_of(item, run)] for page in found]


def _is_of(item: str, run: Run) -> bool:
    message = json.loads(item, parse_int=str)
    owner = message.get("run_id") if isinstance(message, dict) else None
    return owner is None or owner == run["id"]
