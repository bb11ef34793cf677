"""Runs the programs that answer function calls: `--on-tool-call NAME=COMMAND`."""

from __future__ import annotations

import codecs
import json
import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, nullcontext
from typing import NamedTuple

from openai_cli.errors import Interrupted
from openai_cli.follow.command_environment import without_secrets
from openai_cli.follow.follow_options import ToolOptions
from openai_cli.follow.process import OUTPUT_LIMIT, CommandProcess, Shutdown, shutdown_on_signals
from openai_cli.follow.process_tree import orphans_adopted
from openai_cli.follow.run import RequiredCall, Run

_CALL_ID = "OPENAI_TOOL_CALL_ID"
_SIGNAL_CHECK = 0.1
"""Seconds between two checks for a signal."""


class CommandOutput(NamedTuple):
    """Output for one call. `failure` describes an error, `notice` how the output was changed."""

    call: RequiredCall
    text: str
    failure: str = ""
    notice: str = ""


def answer_calls(
    calls: Sequence[RequiredCall],
    tools: ToolOptions,
    run: Run,
    environ: Mapping[str, str],
    secrets: Iterable[str],
) -> list[CommandOutput]:
    """Run the commands for these calls in parallel; returns outputs in the order of the calls.

    Each call must have a handler. The commands get `environ` without the variables
    that name or hold a secret, such as one of `secrets`. If this process is interrupted or
    terminated, the commands end first. Raises Interrupted if `tools.shutdown` ended them.
    """
    safe = without_secrets(environ, secrets)
    with (
        nullcontext(tools.shutdown) if tools.shutdown else _own_shutdown() as shutdown,
        ThreadPoolExecutor(tools.concurrency) as pool,
    ):
        futures = [pool.submit(_answer, call, tools, run, safe, shutdown) for call in calls]
        try:
            results = _results(futures)
        except BaseException:
            shutdown.request()
            raise
    if tools.shutdown and tools.shutdown.requested:
        raise Interrupted("its commands were stopped")
    return results


@contextmanager
def _own_shutdown() -> Iterator[Shutdown]:
    with shutdown_on_signals() as shutdown, orphans_adopted():
        yield shutdown


def _results(futures: Sequence[Future[CommandOutput]]) -> list[CommandOutput]:
    """The results of all commands.

    Waits in short intervals: Python would handle a signal that arrives as a wait begins only
    after that wait.
    """
    while wait(futures, timeout=_SIGNAL_CHECK).not_done:
        pass
    return [future.result() for future in futures]


def _answer(
    call: RequiredCall, tools: ToolOptions, run: Run, environ: Mapping[str, str], shutdown: Shutdown
) -> CommandOutput:
    command = tools.command_for(call.name)
    assert command is not None, call.name  # noqa: S101 - the caller has checked
    variables = {
        "OPENAI_TOOL_NAME": call.name,
        _CALL_ID: call.id,
        "OPENAI_RUN_ID": str(run["id"]),
        "OPENAI_THREAD_ID": str(run["thread_id"]),
    }
    if shutdown.requested:
        return _failed(call, "was not started")
    try:
        started = subprocess.Popen(  # noqa: S603 - the user chose the program
            command.words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**environ, **variables},
            start_new_session=True,  # so that its child processes can be ended too
        )
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        return _failed(call, "cannot be started", f"{command.words[0]}: {why}")
    data = call.arguments.encode(errors="replace")
    mark = os.fsencode(f"{_CALL_ID}={call.id}")
    process = CommandProcess(started, data, tools.timeout, shutdown, mark)
    with shutdown.command():
        process.communicate()
    return _output_of(call, process, tools.timeout)


def _output_of(call: RequiredCall, process: CommandProcess, timeout: float) -> CommandOutput:
    data = bytes(process.output[:OUTPUT_LIMIT])
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    # A character cut off at the limit is dropped.
    text = decoder.decode(data, final=process.ended_by != "limit")
    if process.ended_by == "shutdown":
        return _failed(call, "was stopped")
    if process.ended_by == "timeout":
        return _failed(call, f"did not end within {timeout:g} s", output=text)
    if process.ended_by == "limit":
        size = f"{OUTPUT_LIMIT // 1024} KiB"
        notice = f"wrote more than {size}; it was stopped, and the first {size} are sent"
        return CommandOutput(call, f"{text}\n[cut off after {size}]", notice=notice)
    if process.code != 0:
        how = f"ended with exit status {process.code}"
        if process.code < 0:
            how = f"was ended by signal {-process.code}"
        return _failed(call, how, output=text)
    replaced = "�" in text and "�".encode() not in data
    notice = "wrote bytes that are not UTF-8; each was replaced by �" if replaced else ""
    return CommandOutput(call, text, notice=notice)


def _failed(call: RequiredCall, how: str, detail: str = "", output: str = "") -> CommandOutput:
    """An output that reports the failure to the model; `detail` is for the user only."""
    answer = {"error": f"the command for {call.name} {how}"}
    if output:
        answer["output"] = output
    text = json.dumps(answer, ensure_ascii=False)
    return CommandOutput(call, text, failure=f"{how}: {detail}" if detail else how)
