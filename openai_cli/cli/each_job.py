"""Runs the lines of `--each` in worker threads; progress, limits and Ctrl-C."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from openai_cli.bulk.appended_file import JournalError
from openai_cli.bulk.input_file import InputLine
from openai_cli.bulk.job_progress import JobProgress, counted
from openai_cli.bulk.line_requests import LineRequests, idempotency_key
from openai_cli.bulk.line_result import LineResult
from openai_cli.bulk.rate_limit import RateLimit
from openai_cli.bulk.results import Results, RunReference
from openai_cli.bulk.tally import Tally, summary_line
from openai_cli.bulk.worker_pool import Work, WorkerPool
from openai_cli.cli.each_options import EachOptions
from openai_cli.cli.each_progress import EachProgress
from openai_cli.cli.each_warnings import Warnings
from openai_cli.cli.each_worker import LineWorker, open_worker
from openai_cli.cli.engine_transport import engine_transport
from openai_cli.cli.env import Env
from openai_cli.cli.option_reader import Options
from openai_cli.cli.run_option_reader import RunOptions
from openai_cli.errors import CliError, Interrupted, LinesFailedError, UsageError
from openai_cli.one_cpu import on_one_cpu

if TYPE_CHECKING:
    from openai_cli.follow.process import Shutdown

_TICK = 0.1
"""Seconds between two checks of the workers; results are on the disk after two checks."""
_NO_MORE = "no more lines were started"
_COMMANDS_END = 5.0
"""Seconds that the commands for tool calls have to end at the second Ctrl-C."""


def _all(lines: Iterator[InputLine]) -> Iterator[InputLine]:
    """The lines; an error while reading them says that no more lines were started."""
    try:
        yield from lines
    except UsageError as error:
        error.consequence = _NO_MORE
        raise


@contextmanager
def _terminating_as_ctrl_c() -> Iterator[None]:
    """Treat SIGTERM like Ctrl-C: batch systems and containers send it."""

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, on_signal)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class EachJob:
    """One call of `--each`, after the input is checked and the results are opened."""

    def __init__(
        self,
        requests: LineRequests,
        results: Results,
        each: EachOptions,
        options: Options,
        run_options: RunOptions,
        env: Env,
    ) -> None:
        self._requests = requests
        self._results = results
        self._each = each
        self._run_options = run_options
        self._env = env
        mixed = each.output == "-" and env.out.is_terminal  # results would overwrite the bar
        self._progress = EachProgress(env, quiet=options.debug or mixed)
        self._warnings = Warnings(lambda text: self._progress.say("warning", text))
        settings = options.settings._replace(
            notice=lambda _line: None, note=lambda _line: None, warn=self._warnings.add
        )
        self._options = options._replace(settings=settings)
        self._pace = RateLimit(
            each.concurrency, requests=each.requests_per_minute, tokens=each.tokens_per_minute
        )
        self._tally = Tally()
        self._skipped = 0
        self._stopping = ""
        self._failure: CliError | None = None
        self._rescued = 0
        self._abandoned = False
        self._shutdown: Shutdown | None = None
        self._pool: WorkerPool[InputLine]

    def run(self, lines: Iterator[InputLine], total: int | None) -> None:
        """Work on all lines. Raises CliError, Interrupted after Ctrl-C."""
        started_at = time.monotonic()
        with ExitStack() as stack:
            stack.callback(self._progress.close)
            self._enter_commands(stack)
            if not self._run_options.tools.commands:  # commands may use all CPUs
                stack.enter_context(on_one_cpu())
            transport = engine_transport(self._options.settings)
            if transport is not None:
                stack.callback(transport.close)

            @contextmanager
            def worker() -> Iterator[Work[InputLine]]:
                with open_worker(
                    transport,
                    self._options,
                    self._run_options,
                    self._env,
                    self._warnings,
                    pace=self._pace,
                    with_reply=self._each.with_reply,
                ) as opened:
                    yield lambda line: self._work(line, opened)

            self._pool = WorkerPool(self._pending(lines, total), worker, self._each.concurrency)
            interrupted = self._supervise(total)
            if self._each.ordered and not (self._failure or self._pool.error or self._abandoned):
                self._results.put_in_order()
        self._end(interrupted, total, time.monotonic() - started_at)

    def _enter_commands(self, stack: ExitStack) -> None:
        """Share one shutdown flag for tool commands: the second Ctrl-C ends them in all threads."""
        tools = self._run_options.tools
        if not tools.commands:
            return
        from openai_cli.follow.process import Shutdown
        from openai_cli.follow.process_tree import orphans_adopted

        stack.enter_context(orphans_adopted())
        self._shutdown = Shutdown()
        tools = tools._replace(shutdown=self._shutdown)
        self._run_options = self._run_options._replace(tools=tools)

    # Threads

    def _pending(self, lines: Iterator[InputLine], total: int | None) -> Iterator[InputLine]:
        """The lines of this shard that have no result yet.

        Lines of a stream are compared with those of an earlier call; a file was compared already.
        """
        for line in _all(lines):
            if not self._each.shard.has(line.number, line.digest):
                continue
            if total is None and not self._results.compare(line.number, line.digest):
                what = f"line {line.number} is different from the one that was started"
                hint = "name another --output for other lines"
                raise CliError(f"standard input has changed: {what}", hint=hint)
            if self._results.is_done(line.number):
                self._skipped += 1
                continue
            self._results.begin(line.number, self._is_stopped)
            yield line

    def _work(self, line: InputLine, worker: LineWorker) -> None:
        request, problems = self._requests.read(line)
        if request is None:
            error = UsageError(problems=problems)
            if not self._each.skip_invalid:
                error.consequence = _NO_MORE
                raise error
            self._finish(LineResult(line.number, line.custom_id, error=error, status="invalid"))
            return
        if not self._pace.may_start(self._is_stopped):
            self._results.leave_out(line.number)
            return
        turn = self._results.turn(line.number)
        key = idempotency_key(self._results.job_id, line, request, turn)
        since = time.monotonic()
        found = worker.work(
            line.number,
            line.custom_id,
            request._replace(idempotency_key=key),
            self._results.started(line.number),
            lambda run: self._note_start(line.number, run),
            self._is_stopped,
        )
        self._pace.ended(found[0].tokens if found else 0)
        if found is None:
            self._results.leave_out(line.number)
        else:
            result, definite = found
            self._finish(result, time.monotonic() - since, definite=definite)

    def _is_stopped(self) -> bool:
        return self._pool.stopped

    def _note_start(self, number: int, run: RunReference) -> None:
        if not self._run_options.waits:
            return  # the result follows immediately
        try:
            self._results.start(number, run)
        except JournalError as error:
            self._fail(error)  # the run goes on: its result may still be written

    def _finish(self, result: LineResult, seconds: float = 0.0, *, definite: bool = False) -> None:
        if self._abandoned:
            return  # the command is ending: errors come from connections that it closed
        self._tally.add(result, seconds)
        text = result.as_json()
        try:
            self._results.finish(result.line, text, definite=definite)
        except JournalError as error:
            self._fail(error)
            self._rescued += 1
            self._env.out.write(text + "\n")
        self._stop_at_limits()

    def _fail(self, error: CliError) -> None:
        self._failure = self._failure or error
        self._pool.stop()

    def _stop_at_limits(self) -> None:
        most, tokens = self._each.max_failures, self._each.max_total_tokens
        if most and self._tally.failed >= most:
            self._stop("stopped after a failure" if most == 1 else f"stopped after {most} failures")
        elif tokens and self._tokens >= tokens:
            self._stop(f"stopped at {self._tokens:,} tokens")

    def _stop(self, why: str) -> None:
        self._stopping = self._stopping or why
        self._pool.stop()

    @property
    def _tokens(self) -> int:
        """The tokens of all runs in the results, including earlier calls."""
        return self._results.earlier.tokens + self._tally.tokens

    # The main thread

    def _supervise(self, total: int | None) -> bool:
        """Wait for the workers; returns whether Ctrl-C was pressed."""
        self._note_earlier_results()
        with _terminating_as_ctrl_c():
            try:
                self._stop_at_limits()
                self._pool.start()
                self._watch(total)
                if not self._env.interrupted():
                    return False
            except KeyboardInterrupt:
                pass
            try:
                self._stop("interrupted")
                if self._pool.active:
                    what = f"{self._pool.active} in flight are finished first"
                    self._progress.say("note", f"interrupted: {what}; Ctrl-C again stops at once")
                self._watch(total, presses=1)
            except KeyboardInterrupt:
                self._abandoned = True
                if self._shutdown:
                    self._shutdown.request()
                    self._shutdown.wait(_COMMANDS_END)
        return True

    def _watch(self, total: int | None, presses: int = 0) -> None:
        """Wait for the workers. Raises KeyboardInterrupt at one more Ctrl-C than `presses`."""
        while not self._pool.wait(_TICK):
            if self._env.interrupted() > presses:
                raise KeyboardInterrupt
            try:
                self._results.sync()
            except JournalError as error:
                self._fail(error)
            self._progress.show(self._job_progress(total))

    def _job_progress(self, total: int | None) -> JobProgress:
        return JobProgress(
            done=self._tally.done,
            failed=self._tally.failed,
            in_flight=self._pool.active,
            skipped=self._skipped,
            total=total,
            tokens=self._tally.tokens,
            pause=self._pace.pause,
            stopping=self._stopping,
        )

    def _note_earlier_results(self) -> None:
        earlier = self._results.earlier
        if earlier.repaired:
            self._progress.say("note", "removed an incomplete result")
        if earlier.done:
            what = "are repeated" if self._each.retry_failed else "stay as they are"
            failed = f", of which {earlier.failed} failed and {what}" if earlier.failed else ""
            self._progress.say("note", f"{counted(earlier.done, 'line')} done before{failed}")

    def _end(self, interrupted: bool, total: int | None, seconds: float) -> None:
        """Print the summary, and raise the error that describes the end, if any."""
        for warning in self._warnings.repetitions():
            self._env.say("warning", warning)
        self._env.say("note", summary_line(self._tally, seconds))
        earlier = self._results.earlier
        kept = 0 if self._each.retry_failed else earlier.failed
        done = earlier.done - earlier.failed + kept + self._tally.done
        missing = 0 if total is None else total - done
        left = f"{counted(missing, 'line')} not done" if missing else ""
        if self._failure or self._pool.error:
            raise self._error()
        if interrupted:
            goes_on = left and self._results.lasting
            raise Interrupted(left, hint="the same command continues from there" if goes_on else "")
        failed = self._tally.failed + kept
        stopped = self._stopping if missing or total is None else ""
        if failed or stopped:
            some = f"{counted(failed, 'line')} failed" if failed else ""
            hint = "--retry-failed repeats what failed" if failed and self._results.lasting else ""
            raise LinesFailedError("; ".join(filter(None, [some, stopped, left])), hint=hint)

    def _error(self) -> BaseException:
        error = self._failure or self._pool.error
        assert error is not None  # noqa: S101 - checked by the caller
        if self._rescued and isinstance(error, CliError):
            error.hint = (
                f"{counted(self._rescued, 'result')} could not be written: on standard output"
            )
        return error
