"""Follows a run from its first answer to its end, and prints it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from openai_cli.api.operation import Request
from openai_cli.api.operations import main_operation
from openai_cli.api.statuses import WAITS_FOR_OUTPUTS
from openai_cli.cli.env import Env
from openai_cli.cli.option_reader import Options
from openai_cli.cli.progress import Progress
from openai_cli.cli.run_option_reader import RunOptions
from openai_cli.cli.run_outcome import (
    check_run,
    run_label,
    tokens,
    too_many_turns,
    why_no_reply,
)
from openai_cli.cli.run_printer import RunPrinter
from openai_cli.cli.start_run import start_run
from openai_cli.client.client import Client
from openai_cli.client.redaction import secrets_of
from openai_cli.client.responses import Document, Stream
from openai_cli.errors import (
    MESSAGE_LIMIT,
    ApiError,
    CliError,
    Interrupted,
    NoAnswerError,
    shortened,
)
from openai_cli.follow.answered_calls import AnsweredCalls
from openai_cli.follow.poll import Poller, WaitTimeoutError, is_stopped, run_in
from openai_cli.follow.run import (
    RequiredCall,
    Run,
    as_run,
    has_ids,
    request_about,
    status_of,
    tool_calls,
    with_ids_of,
)
from openai_cli.output.printer import Printer

_MAX_SUBMISSIONS = 3
"""Attempts to send tool outputs, if no answer shows whether they arrived."""
_MAX_RECHECKS = 5
"""Polls in which a server may still report calls that were answered."""


class Follower:
    """Sends the request that starts a run, waits for the run, and answers its tool calls.

    `on_start` is called with the run as soon as its ids are known.
    """

    def __init__(
        self,
        client: Client,
        printer: Printer,
        options: Options,
        run_options: RunOptions,
        env: Env,
        progress: Progress,
        on_start: Callable[[Run], None] = lambda _run: None,
    ) -> None:
        self._client = client
        self._printer = printer
        self._options = options
        self._settings = options.settings
        self._run_options = run_options
        self._env = env
        self._progress = progress
        self._poller = Poller(client, run_options.wait_limits, self._progress.pause)
        self._run_printer = RunPrinter(
            client, printer, options, env, progress, read_to_end=run_options.waits
        )
        self._on_start = on_start
        self._run: Run | None = None
        self._stream: Stream | None = None
        self._streamed = False
        self._answered = AnsweredCalls()
        self._turned_away = False
        self._rechecks_left = 0

    @property
    def run(self) -> Run | None:
        """The run as last seen, numbers as str; None before an answer contained it."""
        return self._run

    def follow_started(self, run: Run, request: Request) -> None:
        """Like `follow`, for a run that `request` started earlier; `run` needs only the ids."""
        self._run = run
        self._finish(self._poller.fetch(run))
        self._check_outcome(request)

    def follow(self, request: Request) -> None:
        """Send the request, print the answers, and check the final status.

        Raises CliError; for a run that did not complete or that waits, after printing it.
        """
        try:
            self._run_to_end(request)
        except KeyboardInterrupt:
            self._progress.clear()
            raise self._interrupted() from None
        finally:
            self._progress.clear()
        if self._run_options.usage:
            self._env.say("note", tokens(self._run))
        self._check_outcome(request)
        if self._names_thread(request) and self._run and has_ids(self._run):
            from openai_cli.cli.suggested_commands import go_on

            self._env.say("note", go_on(self._run, self._settings))

    def _names_thread(self, request: Request) -> bool:
        """Whether to print the id of the new thread: on a terminal that shows only the reply."""
        reads = self._printer.adds_replies or self._options.style.wants_reply
        return reads and self._env.err.is_terminal and request.operation == main_operation()

    def _run_to_end(self, request: Request) -> None:
        answer = self._start(request)
        self._finish(answer)

    def _finish(self, answer: Document | Stream) -> None:
        """Read the first answer, and send further requests until the run needs none."""
        while True:
            document = self._receive(answer)
            calls = self._open_calls()
            if not calls:
                break
            answer = self._answer(calls)
        if document is not None and self._streamed:
            self._run_printer.final_event(document)
        elif document is not None:
            self._run_printer.final_document(document, self._run)

    def _start(self, request: Request) -> Document | Stream:
        fallback = self._run_options.fallback
        with self._progress.waiting():
            started = start_run(self._client, request, self._env, fallback=fallback)
        if started.thread and isinstance(started.answer, Stream):
            # `POST /threads/runs` begins its stream with this event, other requests do not.
            self._run_printer.first_event("thread.created", started.thread)
        return started.answer

    def _check_outcome(self, request: Request) -> None:
        waits = self._run_options.waits
        if waits and self._run is None and not self._streamed:
            raise NoAnswerError("the answer is not a run, so --wait does not apply")
        if self._turned_away and self._run is not None:
            most, ways = self._run_options.tools.max_turns, self._next_commands(self._run)
            raise too_many_turns(self._run, most, ways)
        if request.operation.continues_run or waits:
            check_run(self._run, self._next_commands)
        if self._printer.lacks_reply and self._options.max_items is None:
            self._env.say("note", why_no_reply(self._run))

    # One answer

    def _receive(self, answer: Document | Stream) -> Document | None:
        """Read an answer, and wait for its run if the options say so; returns what to print."""
        if isinstance(answer, Stream):
            return self._receive_stream(answer)
        run = as_run(answer.value)
        if run is None and self._run is not None:
            return self._wait_for(self._run, None)  # outputs accepted; the answer is not a run
        if run is not None and self._run is not None:
            run = with_ids_of(run, self._run)
        elif run is not None and has_ids(run):
            self._on_start(run)
        self._run = run
        if run is None or not self._run_options.waits or self._has_stopped(run):
            return answer
        return self._wait_for(run, answer)

    def _receive_stream(self, stream: Stream) -> Document | None:
        self._stream, self._streamed = stream, True
        failure: NoAnswerError | None = None
        try:
            self._run_printer.stream(stream)
        except NoAnswerError as error:
            failure = error
        finally:
            self._run = stream.run or self._run
        self._stream = None
        run = self._run
        if failure and not (self._run_options.waits and run and has_ids(run)):
            raise failure
        if stream.saw_active_run:
            self._rechecks_left = _MAX_RECHECKS
        # If a stream after tool outputs does not contain the run, its earlier state is kept.
        if run is None or not self._run_options.waits or self._has_stopped(run):
            return None
        if failure:
            self._env.say("note", f"{failure.message}; polling the run instead")
        return self._wait_for(run, None)

    def _wait_for(self, run: Run, answer: Document | None) -> Document:
        """Wait until the run has stopped; `answer` is the last answer that contained it."""
        if not has_ids(run):
            raise NoAnswerError("cannot wait for the run: the answer lacks its ids")
        try:
            document = self._poller.until_stopped(run, answer, self._has_stopped)
        except WaitTimeoutError as error:
            error.hint = self._next_commands(run)
            if error.last is not None and not self._streamed:
                self._progress.clear()
                self._run_printer.document(error.last)
            raise
        except CliError as error:
            error.hint = "\n".join(filter(None, [error.hint, self._next_commands(run)]))
            raise
        self._progress.clear()
        self._run = with_ids_of(run_in(document), run)
        return document

    def _has_stopped(self, run: Run) -> bool:
        """Whether the run has stopped; polls again if it lists only calls that were answered.

        Some servers take a while to register outputs, or return an outdated state once.
        """
        if not is_stopped(run):
            self._rechecks_left = _MAX_RECHECKS
            return False
        if self._rechecks_left and self._answered.cover(run):
            self._rechecks_left -= 1
            return False
        return True

    # Tool calls

    def _open_calls(self) -> list[RequiredCall]:
        """The calls that the run waits for; none if a call has no command."""
        run, tools = self._run, self._run_options.tools
        calls = tool_calls(run) if run and tools.commands and has_ids(run) else []
        if run is None or not calls:
            return []
        if self._answered.cover(run):
            what = "the server still reports calls that were answered; they are not run again"
            self._env.say("warning", what)
            return []
        if self._answered.turns >= tools.max_turns:
            self._turned_away = True
            return []
        missing = sorted({call.name for call in calls if tools.command_for(call.name) is None})
        if missing:
            names = shortened(", ".join(map(shortened, missing)), MESSAGE_LIMIT)
            self._env.say("warning", f"no --on-tool-call for {names}: nothing was run")
        return [] if missing else calls

    def _answer(self, calls: list[RequiredCall]) -> Document | Stream:
        run = self._run
        assert run is not None  # noqa: S101 - it has calls
        self._run_commands(self._answered.missing(calls), run)
        tool_outputs = self._answered.tool_outputs(calls)
        fields = {"tool_outputs": tool_outputs} | ({"stream": True} if self._streamed else {})
        try:
            answer = self._submit(run, request_about(run, "submit-tool-outputs", **fields))
        except CliError as error:
            error.hint = "\n".join(filter(None, [error.hint, self._next_commands(run)]))
            raise
        self._rechecks_left = _MAX_RECHECKS
        return answer

    def _run_commands(self, calls: list[RequiredCall], run: Run) -> None:
        """Run the commands for these calls, and store their outputs."""
        from openai_cli.follow.commands import answer_calls

        tools = self._run_options.tools
        secrets = list(secrets_of(self._settings))
        outputs = answer_calls(calls, tools, run, self._env.environ, secrets)
        for output in outputs:
            about = output.failure or output.notice
            if about:
                self._env.say("warning", f"the command for {shortened(output.call.name)} {about}")
        failed = [output for output in outputs if output.failure]
        if failed and tools.fail:
            cancelled = self._cancel(run)
            raise CliError(f"the command for {shortened(failed[0].call.name)} failed; {cancelled}")
        self._answered.add(outputs)

    def _submit(self, run: Run, request: Request) -> Document | Stream:
        """Send the outputs until an answer or the run shows that they arrived."""
        for attempt in range(1, _MAX_SUBMISSIONS + 1):
            try:
                with self._progress.waiting():
                    return self._client.send(request)
            except NoAnswerError:
                if attempt == _MAX_SUBMISSIONS:
                    raise
            except ApiError as error:
                # A run that has its outputs refuses them; some servers answer with status 500.
                if attempt == 1 and (error.status or 0) < 500:
                    raise
                if not self._has_outputs(run, current := self._poller.fetch(run)):
                    raise
                return current
            if self._has_outputs(run, current := self._poller.fetch(run)):
                return current
            self._progress.pause(run, self._run_options.wait_limits.interval)
        raise AssertionError("the last attempt returns or raises")

    @staticmethod
    def _has_outputs(run: Run, current: Document) -> bool:
        return tool_calls(run_in(current)) != tool_calls(run)

    # Interruption

    def _interrupted(self) -> Interrupted:
        run = (self._stream.run if self._stream else None) or self._run
        status = status_of(run) if run else ""
        if run is None or (is_stopped(run) and status != WAITS_FOR_OUTPUTS):
            return Interrupted()
        if self._settings.in_process and self._is_cancelled_here(run):
            what = f"{run_label(run)} was cancelled, because it ran in this process"
            return Interrupted(what)
        commands = self._next_commands(run)
        if self._run_options.cancel_on_interrupt and has_ids(run):
            return self._cancelled(run, commands)
        state = "waits for tool outputs" if status == WAITS_FOR_OUTPUTS else "is still active"
        return Interrupted(f"{run_label(run)} {state}", hint=commands)

    def _is_cancelled_here(self, run: Run) -> bool:
        """Whether the engine has cancelled the run, as it does when it is interrupted."""
        if self._stream:
            self._stream.close()
        with suppress(ApiError, NoAnswerError):
            return status_of(run_in(self._poller.fetch(run))) == "cancelled"
        return False

    def _cancelled(self, run: Run, commands: str) -> Interrupted:
        try:
            return Interrupted(self._cancel(run))
        except KeyboardInterrupt:
            what = f"cancelling {run_label(run)} was requested, but not confirmed"
            return Interrupted(what, hint=commands)

    def _cancel(self, run: Run) -> str:
        """Cancel the run; returns a clause with the result, for a message."""
        try:
            self._client.send(request_about(run, "cancel"))
        except (ApiError, NoAnswerError) as error:
            return f"{run_label(run)} could not be cancelled: {error.message}"
        return f"{run_label(run)} is cancelled"

    def _next_commands(self, run: Run) -> str:
        if not has_ids(run):
            return ""
        from openai_cli.cli.suggested_commands import next_commands

        return next_commands(run, self._settings, self._run_options.tools)
