"""Options of commands that return a run: waiting for the run, and answering tool calls."""

from __future__ import annotations

from openai_cli.cli.options import OTHER, OUTPUT, Option

_FOLLOW = "Waiting and tools"

RUN_OPTIONS = (
    Option("--wait", "Wait until the run ends or needs tool outputs, then print it.", _FOLLOW, takes="nothing"),
    Option("--poll-interval", "Seconds between polls of the run; 1 if not set.", _FOLLOW, "SECONDS"),
    Option("--wait-timeout", "Seconds to wait for the run in total; 900 if not set.", _FOLLOW, "SECONDS"),
    Option("--cancel-on-interrupt", "Ctrl-C also cancels the run.", _FOLLOW, takes="nothing"),
    Option("--on-tool-call", "Command that answers calls of a function, '*' for all others. Repeatable.", _FOLLOW, "NAME=COMMAND", repeatable=True),
    Option("--tool-timeout", "Seconds a command may take; 300 if not set.", _FOLLOW, "SECONDS"),
    Option("--tool-concurrency", "Commands that may run at the same time; 4 if not set.", _FOLLOW, "COUNT"),
    Option("--max-tool-turns", "Turns of calls that are answered; 32 if not set; also OPENAI_MAX_TOOL_TURNS.", _FOLLOW, "COUNT"),
    Option("--tool-errors", "If a command fails: send the error as its output, or fail and cancel the run.", _FOLLOW, "send|fail", words=("send", "fail")),
    Option("--usage", "Print the run's tokens on stderr, in one line.", OUTPUT, takes="nothing"),
)  # fmt: skip

NO_FALLBACK = Option(
    "--no-fallback", "Fail on servers without this route, instead of sending separate requests.", OTHER, takes="nothing"
)  # fmt: skip

CONTINUE = Option(
    "--continue", "Continue the newest thread of the embedded engine, instead of creating one.", OTHER, takes="nothing"
)  # fmt: skip
