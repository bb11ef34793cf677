"""Works on one line of `--each`: starts its run, or follows the run of an earlier call."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO

import httpx

from openai_cli.api.operation import Request
from openai_cli.bulk.line_result import LineResult, tokens_of
from openai_cli.bulk.rate_limit import RateLimit
from openai_cli.bulk.results import RunReference
from openai_cli.bulk.worker_pace import NotSentError, WorkerPace
from openai_cli.cli.each_warnings import Warnings, WarningSink
from openai_cli.cli.env import Env
from openai_cli.cli.follow_run import Follower
from openai_cli.cli.option_reader import Options
from openai_cli.cli.progress import Progress
from openai_cli.cli.run_option_reader import RunOptions
from openai_cli.cli.run_printer import messages_of
from openai_cli.cli.start_run import is_definite
from openai_cli.client.client import Client
from openai_cli.client.retry import TOO_MANY_REQUESTS
from openai_cli.errors import ApiError, CliError, NoAnswerError, RunEndedError, shortened
from openai_cli.follow.poll import is_stopped
from openai_cli.follow.run import Run, has_ids, status_of
from openai_cli.output.printer import OutputStyle, Printer
from openai_cli.output.reply import reply_among
from openai_cli.output.sink import Sink

_RATE_LIMIT_ATTEMPTS = 10
"""Attempts for a line that the server answers with 429, each with the client's own retries."""
_NO_QUOTA = ("insufficient_quota", "billing_hard_limit_reached")
"""Error codes of a 429 for which waiting does not help."""


class LineWorker:
    """Sends the requests for lines, one line at a time, over one persistent connection."""

    def __init__(
        self,
        client: Client,
        options: Options,
        run_options: RunOptions,
        env: Env,
        warnings: Warnings,
        *,
        pace: WorkerPace,
        with_reply: bool,
    ) -> None:
        self._client = client
        self._pace = pace
        self._options = options
        self._run_options = run_options
        self._env = env
        self._warnings = warnings
        self._with_reply = with_reply

    def work(
        self,
        number: int,
        custom_id: str | None,
        request: Request,
        started: RunReference | None,
        on_start: Callable[[RunReference], None],
        stopped: Callable[[], bool],
    ) -> tuple[LineResult, bool] | None:
        """The line's result, and whether another attempt would need a new idempotency key.

        None if the job has stopped and the server has only answered 429 for this line.
        """
        error: CliError | None = None
        reply: str | None = None
        attempts = 0
        followed = False
        self._pace.begin(stopped)
        for attempts_left in reversed(range(_RATE_LIMIT_ATTEMPTS)):
            follower, printed = self._follower(number, on_start)
            try:
                self._follow(follower, request, started)
                followed = True
                reply = self._reply(follower.run) if self._with_reply else None
            except NotSentError:
                return None
            except CliError as failure:
                error = failure
                attempts += failure.attempts
                if attempts_left and not follower.run and _is_rate_limited(failure):
                    if stopped():
                        return None
                    error = None
                    continue
                error.attempts = attempts
            break
        run = follower.run
        result = LineResult(
            line=number,
            custom_id=custom_id,
            run=_text_of(printed, run),
            reply=reply,
            error=error,
            status=_status(run, error),
            tokens=tokens_of(run),
            with_reply=self._with_reply,
        )
        settled = error is not None and not followed and _needs_new_request(error, run)
        return result, settled

    def _follower(
        self, number: int, on_start: Callable[[RunReference], None]
    ) -> tuple[Follower, BytesIO]:
        printed = BytesIO()
        env = self._env._replace(err=WarningSink(self._warnings, number), color="never")
        printer = Printer(Sink(printed), OutputStyle(format="raw"), env.environ)

        def started(run: Run) -> None:
            # The result of a stopped run follows immediately, unless its reply must be fetched.
            if self._with_reply or not is_stopped(run):
                on_start(RunReference(run["thread_id"], run["id"]))

        progress = Progress(env)
        follower = Follower(
            self._client, printer, self._options, self._run_options, env, progress, started
        )
        return follower, printed

    @staticmethod
    def _follow(follower: Follower, request: Request, started: RunReference | None) -> None:
        if started is None:
            follower.follow(request)
        else:
            ids = {"id": started.run_id, "thread_id": started.thread_id}
            follower.follow_started(ids, request)
        if follower.run is None:
            raise NoAnswerError("the answer is not a run")

    def _reply(self, run: Run | None) -> str | None:
        pages = messages_of(run, self._client, self._options.max_pages) if run else []
        texts = [reply_among(item, annotated=self._options.style.annotated)
                 for page in pages for item in page]  # fmt: skip
        found = [text for text in texts if text is not None]
        return "".join(found).removesuffix("\n") if found else None


@contextmanager
def open_worker(
    transport: httpx.BaseTransport | None,
    options: Options,
    run_options: RunOptions,
    env: Env,
    warnings: Warnings,
    *,
    pace: RateLimit,
    with_reply: bool,
) -> Iterator[LineWorker]:
    """A worker with its own client; if given, `transport` is shared by all workers."""
    shared = None if transport is None else _Shared(transport)
    own = WorkerPace(pace)
    with Client(options.settings, shared, sleep=own.sleep, pace=own) as client:
        yield LineWorker(
            client, options, run_options, env, warnings, pace=own, with_reply=with_reply
        )


class _Shared(httpx.BaseTransport):
    """A transport that outlives the clients that use it."""

    def __init__(self, transport: httpx.BaseTransport) -> None:
        self._transport = transport

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._transport.handle_request(request)


def _is_rate_limited(error: CliError) -> bool:
    return (
        isinstance(error, ApiError)
        and error.status == TOO_MANY_REQUESTS
        and error.fields.get("code") not in _NO_QUOTA
        and error.fields.get("type") not in _NO_QUOTA
    )


def _needs_new_request(error: CliError, run: Run | None) -> bool:
    """Whether the server has settled the request: the same key would return the same answer."""
    if run is not None and has_ids(run):
        is_gone = isinstance(error, ApiError) and error.status == httpx.codes.NOT_FOUND
        return isinstance(error, RunEndedError) or is_gone
    return isinstance(error, ApiError) and is_definite(error)


def _status(run: Run | None, error: CliError | None) -> str:
    """The run's status if it explains the result, else the kind of the error."""
    if error is not None and not isinstance(error, RunEndedError):
        return error.kind
    return shortened(status_of(run)) if run else "unknown"


def _text_of(printed: BytesIO, run: Run | None) -> str:
    """The run as the server sent it; if it was not fetched, its known ids and status as JSON."""
    text = printed.getvalue().decode("utf-8-sig", "replace")
    if text.lstrip().startswith("{"):
        return text
    known = {key: (run or {}).get(key) for key in ("id", "thread_id", "status")}
    return json.dumps({key: value for key, value in known.items() if value}) if run else ""
