"""Following a run from its first answer to its end, and printing it."""

from __future__ import annotations

import json
from collections.abc import Mapping

from openai_cli.api.operation import Request
from openai_cli.cli.again import about_run
from openai_cli.cli.env import Env
from openai_cli.cli.listing import item_pages
from openai_cli.cli.options import Options
from openai_cli.cli.outcome import check_run, why_no_reply
from openai_cli.cli.progress import Progress
from openai_cli.cli.run_options import RunOptions
from openai_cli.client.answers import Document, Stream
from openai_cli.client.client import Client
from openai_cli.errors import ApiError, CliError, Interrupted, NoAnswerError
from openai_cli.follow.poll import OutOfPatienceError, Poller, is_stopped, known
from openai_cli.follow.run import (
    Run,
    ToolCall,
    as_run,
    can_be_found,
    request_about,
    request_for_messages,
    status_of,
    tool_calls,
)
from openai_cli.output.printer import Printer
from openai_cli.output.sink import OutputClosedError

_ATTEMPTS = 3
"""Times that tool outputs are sent, if no answer says whether they came."""
_SECOND_LOOKS = 3
"""Answers in which a server may still show calls that were answered."""


class Follower:
    """One run: sends the request that starts it, and goes on as the options say."""

    def __init__(
        self, client: Client, printer: Printer, options: Options, run_options: RunOptions, env: Env
    ) -> None:
        self._client = client
        self._printer = printer
        self._options = options
        self._run_options = run_options
        self._env = env
        self._progress = Progress(env)
        self._poller = Poller(client, run_options.patience, self._progress.pause)
        self._run: Run | None = None
        self._stream: Stream | None = None
        self._streamed = False
        self._left = options.max_items
        self._answered: list[ToolCall] = []
        self._looks = 0

    def follow(self, request: Request) -> None:
        """Send the request, print what comes, and judge how the run ended.

        Raises a CliError for a run that ended badly or waits, after it has been printed.
        """
        try:
            self._go(request)
        except KeyboardInterrupt:
            self._progress.clear()
            raise self._interrupted() from None
        finally:
            self._progress.clear()
        self._judge(request)

    def _go(self, request: Request) -> None:
        answer = self._client.send(request)
        while True:
            document = self._settle(answer)
            calls = self._open_calls()
            if not calls:
                break
            answer = self._answer(calls)
        if document is not None:
            self._print_last(document)

    def _judge(self, request: Request) -> None:
        if request.operation.continues_run or self._run_options.waits:
            check_run(self._run)
        if self._printer.lacks_reply and self._options.max_items is None:
            self._env.say("note", why_no_reply(self._run))

    # One answer

    def _settle(self, answer: Document | Stream) -> Document | None:
        """Take an answer, and wait for its run if that is wanted; gives what is to be printed."""
        if isinstance(answer, Stream):
            return self._settle_stream(answer)
        self._run = as_run(answer.value)
        run = self._run
        if run is None or not self._run_options.waits or self._has_stopped(run):
            return answer
        return self._wait_for(run, answer.headers)

    def _settle_stream(self, stream: Stream) -> Document | None:
        self._stream, self._streamed = stream, True
        trouble: NoAnswerError | None = None
        try:
            self._print_stream(stream)
        except NoAnswerError as error:
            trouble = error
        finally:
            self._run = stream.run or self._run
        self._stream = None
        run = self._run
        if trouble and not (self._run_options.waits and run and can_be_found(run)):
            raise trouble
        if run is None or not self._run_options.waits or is_stopped(run):
            return None
        if trouble:
            self._env.say("note", f"{trouble.message}; asking for the run instead")
        self._print_late(self._wait_for(run, {}))
        return None

    def _wait_for(self, run: Run, headers: Mapping[str, str]) -> Document:
        if not can_be_found(run):
            raise NoAnswerError("the run cannot be waited for: the answer lacks its ids")
        try:
            document = self._poller.until_stopped(run, headers, self._has_stopped)
        except OutOfPatienceError as error:
            error.hint = self._ways_on(run)
            if error.last is not None and not self._streamed:
                self._progress.clear()
                self._printer.document(error.last.content, error.last.text)
            raise
        except CliError as error:
            error.hint = "\n".join(filter(None, [error.hint, self._ways_on(run)]))
            raise
        self._progress.clear()
        self._run = known(document)
        return document

    def _has_stopped(self, run: Run) -> bool:
        """Whether the run has stopped; looks again if it still shows calls just answered.

        Some servers take their time to notice the outputs, others use the same ids every turn.
        """
        if not is_stopped(run):
            self._answered = []
            return False
        if self._looks and self._answered and tool_calls(run) == self._answered:
            self._looks -= 1
            return False
        return True

    # Printing

    def _print_stream(self, stream: Stream) -> None:
        if self._options.style.format == "explore":
            from openai_cli.cli.explore import explore_answer

            explore_answer(stream, self._options, self._env)
            return
        try:
            if self._printer.wants_bytes and self._left is None:
                for chunk in stream.chunks():
                    self._printer.chunk(chunk)
            else:
                self._print_events(stream)
        except OutputClosedError:
            stream.abandon()
            raise

    def _print_events(self, stream: Stream) -> None:
        try:
            for event in stream.events() if self._left != 0 or self._run_options.waits else ():
                if self._left != 0:
                    self._printer.event(event.text)
                    self._left = None if self._left is None else self._left - 1
                if self._left == 0 and not self._run_options.waits:
                    break
        finally:
            self._printer.finish()
        if self._left == 0:
            stream.abandon()

    def _print_last(self, document: Document) -> None:
        """Print the last answer; in `text`, what the assistant said."""
        if self._options.style.format == "explore":
            from openai_cli.cli.explore import explore_answer

            explore_answer(document, self._options, self._env)
            return
        self._printer.document(document.content, document.text)
        run = self._run
        if run and self._printer.lacks_reply and status_of(run) in ("completed", "incomplete"):
            for items in self._messages(run):
                self._printer.page(items)

    def _print_late(self, document: Document) -> None:
        """Print the end of a run whose stream broke off, as an event."""
        run = known(document)
        if self._options.style.format == "text" and not self._options.style.transform:
            for items in self._messages(run):
                for item in items:
                    self._late_event("thread.message.completed", item)
            self._printer.finish()
        else:
            self._late_event(f"thread.run.{status_of(run)}", document.text)

    def _late_event(self, name: str, data: str) -> None:
        if self._left == 0:
            return
        if self._printer.wants_bytes:
            line = json.dumps(json.loads(data), ensure_ascii=False)
            self._printer.chunk(f"event: {name}\ndata: {line}\n\n".encode())
        else:
            self._printer.event(f'{{"event":{json.dumps(name)},"data":{data}}}')

    def _messages(self, run: Run) -> list[list[str]]:
        """What the run has said; servers may ignore that only its messages were asked for."""
        if not can_be_found(run):
            return []
        found = item_pages(self._client, request_for_messages(run), None)
        return [[item for item in page if _is_of(item, run)] for page in found]

    # Tool calls

    def _open_calls(self) -> list[ToolCall]:
        """The calls to answer now: all that the run waits for, or none if one has no command."""
        rules = self._run_options.rules
        calls = tool_calls(self._run) if self._run and rules.handlers else []
        missing = sorted({call.name for call in calls if rules.handler(call.name) is None})
        if missing:
            self._env.say("warning", f"no --on-tool-call for {', '.join(missing)}: nothing was run")
        return [] if missing else calls

    def _answer(self, calls: list[ToolCall]) -> Document | Stream:
        from openai_cli.follow.commands import answer_calls

        run, rules = self._run, self._run_options.rules
        assert run is not None  # noqa: S101 - it has calls
        key = self._options.settings.api_key
        outputs = answer_calls(calls, rules, run, self._env.environ, key)
        for output in outputs:
            about = output.failure or output.notice
            if about:
                self._env.say("warning", f"the command for {output.call.name} {about}")
        failed = [output for output in outputs if output.failure]
        if failed and rules.fail:
            raise self._given_up(run, failed[0].call.name)
        told = [{"tool_call_id": output.call.id, "output": output.text} for output in outputs]
        fields = {"tool_outputs": told} | ({"stream": True} if self._streamed else {})
        return self._submit(run, request_about(run, "submit-tool-outputs", **fields), calls)

    def _submit(self, run: Run, request: Request, calls: list[ToolCall]) -> Document | Stream:
        for attempt in range(_ATTEMPTS):
            try:
                answer = self._client.send(request)
            except NoAnswerError as error:
                if attempt == _ATTEMPTS - 1:
                    error.hint = self._ways_on(run)
                    raise
                now = self._poller.fetch(run)
                if tool_calls(known(now)) != tool_calls(run):
                    answer = now
                    break
            else:
                break
        self._answered = calls
        self._looks = 0 if self._options.settings.address.is_local else _SECOND_LOOKS
        return answer

    def _given_up(self, run: Run, name: str) -> CliError:
        cancelled = self._cancel(run)
        return CliError(f"the command for {name} failed; {cancelled}")

    # Interruption

    def _interrupted(self) -> Interrupted:
        run = (self._stream.run if self._stream else None) or self._run
        if run is None or is_stopped(run):
            return Interrupted("interrupted")
        named = f"the run {run.get('id')} of thread {run.get('thread_id')}"
        if self._stream and self._options.settings.address.is_local:
            self._stream.close()
            return Interrupted(f"interrupted; {named} is cancelled, as it ran in this process")
        if self._run_options.cancel_on_interrupt:
            return Interrupted(f"interrupted; {self._cancel(run)}")
        return Interrupted(f"interrupted; {named} goes on", hint=self._ways_on(run))

    def _cancel(self, run: Run) -> str:
        """Cancel the run; gives a sentence on what came of it."""
        named = f"the run {run.get('id')} of thread {run.get('thread_id')}"
        try:
            self._client.send(request_about(run, "cancel"))
        except (ApiError, NoAnswerError) as error:
            return f"{named} could not be cancelled: {error.message}"
        return f"{named} is cancelled"

    def _ways_on(self, run: Run) -> str:
        settings = self._options.settings
        wait = about_run(run, settings, "retrieve", "--wait")
        return f"go on with: {wait}\nor stop it: {about_run(run, settings, 'cancel')}"


def _is_of(item: str, run: Run) -> bool:
    owner = json.loads(item, parse_int=str).get("run_id")
    return owner is None or owner == run["id"]
