"""Programs that answer a run's function calls: `--on-tool-call NAME=COMMAND`."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, Any, cast

from openai_cli.follow.rules import Rules
from openai_cli.follow.run import Run, ToolCall

OUTPUT_LIMIT = 512 * 1024
"""Bytes of output that are sent; a command that writes more is stopped."""

_LOOK = 0.05
"""Seconds between two looks at a command that says nothing."""
_LINGER = 0.5
"""Seconds to wait for output after a command ended that left its output open."""
_GRACE = 2.0
"""Seconds a command has to end when it is told to."""
_CHUNK = 65536
_SECRETS = ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_WEBHOOK_SECRET")


@dataclass(frozen=True)
class Output:
    """What goes back to the run. `failure` says what went wrong, `notice` what was changed."""

    call: ToolCall
    text: str
    failure: str = ""
    notice: str = ""


def answer_calls(
    calls: Sequence[ToolCall], rules: Rules, run: Run, environ: Mapping[str, str], secret: str
) -> list[Output]:
    """Run the commands for these calls side by side; gives their outputs in the calls' order.

    Each call must have a handler. The commands see `environ` without keys, and without any
    variable that holds `secret`. If this process is interrupted or told to end, they end first.
    """
    safe = {
        name: value
        for name, value in environ.items()
        if name not in _SECRETS and not (secret and secret in value)
    }
    stop = threading.Event()
    with _ended_by_signals(stop), ThreadPoolExecutor(rules.concurrency) as pool:
        futures = [pool.submit(_answer, call, rules, run, safe, stop) for call in calls]
        try:
            return [future.result() for future in futures]
        except BaseException:
            stop.set()
            raise


@contextmanager
def _ended_by_signals(stop: threading.Event) -> Iterator[None]:
    """While this lasts, SIGTERM and SIGHUP set `stop`; they take effect afterwards."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []

    def note(number: int, _frame: Any) -> None:
        came.append(number)
        stop.set()

    before = [(number, signal.signal(number, note)) for number in (signal.SIGTERM, signal.SIGHUP)]
    try:
        yield
    finally:
        for watched, handler in before:
            signal.signal(watched, handler)
        for number in came:
            signal.raise_signal(number)


def _answer(
    call: ToolCall, rules: Rules, run: Run, environ: Mapping[str, str], stop: threading.Event
) -> Output:
    handler = rules.handler(call.name)
    assert handler is not None, call.name  # noqa: S101 - the caller has looked
    told = {
        "OPENAI_TOOL_NAME": call.name,
        "OPENAI_TOOL_CALL_ID": call.id,
        "OPENAI_RUN_ID": str(run["id"]),
        "OPENAI_THREAD_ID": str(run["thread_id"]),
    }
    if stop.is_set():
        return _failed(call, "was not started")
    try:
        process = subprocess.Popen(  # noqa: S603 - the user's own choice of program
            handler.words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**environ, **told},
            start_new_session=True,  # so that it can be ended with all it started
        )
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        return _failed(call, "cannot be started", f"{handler.words[0]}: {why}")
    with process:
        talk = _Talk(process, call.arguments.encode(errors="replace"), rules.timeout, stop)
        try:
            talk.hold()
        finally:
            _end(process)
    return _judged(call, talk, process.returncode)


class _Talk:
    """Gives a process its input and takes its output, until it ends or has to be ended."""

    def __init__(
        self, process: subprocess.Popen[bytes], data: bytes, timeout: float, stop: threading.Event
    ) -> None:
        self.output = bytearray()
        self.timeout = timeout
        self.ended_by = ""
        # Popen was asked for both pipes.
        self._stdin = cast("IO[bytes]", process.stdin)
        self._stdout = cast("IO[bytes]", process.stdout)
        self._process = process
        self._left = memoryview(data)
        self._deadline = time.monotonic() + timeout
        self._stop = stop
        self._reading = True

    def hold(self) -> None:
        """Talk until the process has ended, or `ended_by` says why it has to."""
        with selectors.DefaultSelector() as selector:
            for stream in (self._stdin, self._stdout):
                os.set_blocking(stream.fileno(), False)
            selector.register(self._stdin, selectors.EVENT_WRITE)
            selector.register(self._stdout, selectors.EVENT_READ)
            quiet_since = time.monotonic()
            while self._reading and not self._must_end():
                ready = selector.select(_LOOK)
                for key, _ in ready:
                    if key.fileobj is self._stdin:
                        self._write(selector)
                    else:
                        self._read()
                if ready or self._process.poll() is None:
                    quiet_since = time.monotonic()
                elif time.monotonic() - quiet_since > _LINGER:
                    break  # something it started keeps its output open
        while not self._must_end() and not self._ended():
            pass

    def _ended(self) -> bool:
        try:
            self._process.wait(_LOOK)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _must_end(self) -> bool:
        if self._stop.is_set():
            self.ended_by = "stop"
        elif time.monotonic() > self._deadline:
            self.ended_by = "timeout"
        elif len(self.output) > OUTPUT_LIMIT:
            self.ended_by = "limit"
        return bool(self.ended_by)

    def _write(self, selector: selectors.BaseSelector) -> None:
        try:
            self._left = self._left[os.write(self._stdin.fileno(), self._left[:_CHUNK]) :]
        except BrokenPipeError:
            self._left = self._left[:0]  # it does not care for its input
        if not self._left:
            selector.unregister(self._stdin)
            self._stdin.close()

    def _read(self) -> None:
        chunk = os.read(self._stdout.fileno(), _CHUNK)
        self.output += chunk
        self._reading = bool(chunk)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process that goes on, and all it started."""
    if process.poll() is not None:
        return
    _signal(process, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_GRACE)
    _signal(process, signal.SIGKILL)
    process.wait()


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):
        return


def _judged(call: ToolCall, talk: _Talk, code: int) -> Output:
    data = bytes(talk.output[:OUTPUT_LIMIT])
    text = data.decode("utf-8", errors="replace")
    if talk.ended_by == "stop":
        return _failed(call, "was stopped")
    if talk.ended_by == "timeout":
        return _failed(call, f"did not end within {talk.timeout:g} s", output=text)
    if talk.ended_by == "limit":
        size = f"{OUTPUT_LIMIT // 1024} KiB"
        notice = f"wrote more than {size}; it was stopped, and what came first is sent"
        return Output(call, f"{text}\n[cut off after {size}]", notice=notice)
    if code != 0:
        how = f"was ended by signal {-code}" if code < 0 else f"ended with exit status {code}"
        return _failed(call, how, output=text)
    strange = "�" in text and "�".encode() not in data
    notice = "wrote bytes that are no UTF-8 text; each was replaced by �" if strange else ""
    return Output(call, text, notice=notice)


def _failed(call: ToolCall, how: str, detail: str = "", output: str = "") -> Output:
    """An output that tells the model what went wrong; `detail` is for the user alone."""
    told = {"error": f"the command for {call.name} {how}"}
    if output:
        told["output"] = output
    text = json.dumps(told, ensure_ascii=False)
    return Output(call, text, failure=f"{how}: {detail}" if detail else how)
