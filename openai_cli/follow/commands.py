"""Programs that answer a run's function calls: `--on-tool-call NAME=COMMAND`."""

from __future__ import annotations

import codecs
import json
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from openai_cli.follow.process import OUTPUT_LIMIT, Stop, Talk, ended_by_signals
from openai_cli.follow.rules import Rules
from openai_cli.follow.run import RequiredCall, Run

_SECRETS = ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_WEBHOOK_SECRET")
_SLICE = 0.1
"""Seconds after which signals are looked for."""
_LONG = 8
"""Characters from which a secret is looked for inside of other values too."""


@dataclass(frozen=True)
class Output:
    """What goes back to the run. `failure` says what went wrong, `notice` what was changed."""

    call: RequiredCall
    text: str
    failure: str = ""
    notice: str = ""


def answer_calls(
    calls: Sequence[RequiredCall],
    rules: Rules,
    run: Run,
    environ: Mapping[str, str],
    secrets: Iterable[str],
) -> list[Output]:
    """Run the commands for these calls side by side; gives their outputs in the calls' order.

    Each call must have a handler. The commands see `environ` without keys, and without any
    variable that holds one of `secrets`. If this process is interrupted or told to end, they
    end first.
    """
    safe = _without_secrets(environ, secrets)
    with ended_by_signals() as stop, ThreadPoolExecutor(rules.concurrency) as pool:
        futures = [pool.submit(_answer, call, rules, run, safe, stop) for call in calls]
        try:
            return _results(futures)
        except BaseException:
            stop.ask()
            raise


def _results(futures: Sequence[Future[Output]]) -> list[Output]:
    """What has come of all of them.

    Waits a little at a time: Python would not notice a signal that comes just as it begins to
    wait before that wait is over.
    """
    while wait(futures, timeout=_SLICE).not_done:
        pass
    return [future.result() for future in futures]


def _without_secrets(environ: Mapping[str, str], secrets: Iterable[str]) -> dict[str, str]:
    hidden = {*secrets, *(environ.get(name, "") for name in _SECRETS)} - {""}
    return {
        name: value
        for name, value in environ.items()
        if not any(_holds(value, secret) for secret in hidden)
    }


def _holds(value: str, secret: str) -> bool:
    """Whether a value gives a secret away; a short one would be found in any PATH."""
    return value == secret or (len(secret) >= _LONG and secret in value)


def _answer(
    call: RequiredCall, rules: Rules, run: Run, environ: Mapping[str, str], stop: Stop
) -> Output:
    handler = rules.handler(call.name)
    assert handler is not None, call.name  # noqa: S101 - the caller has looked
    told = {
        "OPENAI_TOOL_NAME": call.name,
        "OPENAI_TOOL_CALL_ID": call.id,
        "OPENAI_RUN_ID": str(run["id"]),
        "OPENAI_THREAD_ID": str(run["thread_id"]),
    }
    if stop.asked:
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
    talk = Talk(process, call.arguments.encode(errors="replace"), rules.timeout, stop)
    talk.hold()
    return _judged(call, talk, rules.timeout)


def _judged(call: RequiredCall, talk: Talk, timeout: float) -> Output:
    data = bytes(talk.output[:OUTPUT_LIMIT])
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    # A character that the limit has cut through is left out.
    text = decoder.decode(data, final=talk.ended_by != "limit")
    if talk.ended_by == "stop":
        return _failed(call, "was stopped")
    if talk.ended_by == "timeout":
        return _failed(call, f"did not end within {timeout:g} s", output=text)
    if talk.ended_by == "limit":
        size = f"{OUTPUT_LIMIT // 1024} KiB"
        notice = f"wrote more than {size}; it was stopped, and what came first is sent"
        return Output(call, f"{text}\n[cut off after {size}]", notice=notice)
    if talk.code != 0:
        how = f"ended with exit status {talk.code}"
        if talk.code < 0:
            how = f"was ended by signal {-talk.code}"
        return _failed(call, how, output=text)
    strange = "�" in text and "�".encode() not in data
    notice = "wrote bytes that are no UTF-8 text; each was replaced by �" if strange else ""
    return Output(call, text, notice=notice)


def _failed(call: RequiredCall, how: str, detail: str = "", output: str = "") -> Output:
    """An output that tells the model what went wrong; `detail` is for the user alone."""
    told = {"error": f"the command for {call.name} {how}"}
    if output:
        told["output"] = output
    text = json.dumps(told, ensure_ascii=False)
    return Output(call, text, failure=f"{how}: {detail}" if detail else how)
