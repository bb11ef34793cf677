"""Runs the command in this process: real entry point and files, faster than a new process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path

from openai_cli.cli.env import Env
from openai_cli.cli.main import _run
from openai_cli.cli.session import Session
from openai_cli.output.sink import Sink
from tests.support.shell import Result


def run_inprocess(
    args: Sequence[str],
    *,
    environ: Mapping[str, str] | None = None,
    stdin: Path | None = None,
) -> Result:
    """Run `openai` with these arguments in the current folder.

    `stdin` is the file behind standard input, /dev/null without one; `environ` is the whole
    environment the command sees, where an empty variable counts as unset.
    """
    out, err = BytesIO(), BytesIO()
    seen = {name: value for name, value in (environ or {}).items() if value}
    with Path(stdin or "/dev/null").open("rb") as stream:
        env = Env(seen, stream, Sink(out), Sink(err), tuple(args))
        code = _run(tuple(args), Session(env))
    return Result(code, out.getvalue(), err.getvalue())
