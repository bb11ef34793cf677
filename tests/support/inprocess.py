"""Runs the command in this process: real entry point and files, faster than a new process."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import chdir
from io import BytesIO
from pathlib import Path
from unittest.mock import patch

from openai_cli.cli.env import Env, without_empty
from openai_cli.cli.main import _run
from openai_cli.cli.session import Session
from openai_cli.output.sink import Sink
from tests.support.shell import Result, Shell


def run_inprocess(
    args: Sequence[str],
    *,
    environ: Mapping[str, str] | None = None,
    stdin: Path | None = None,
) -> Result:
    """Run `openai` with these arguments in the current folder.

    `stdin` is the file behind standard input, /dev/null without one; `environ` is the whole
    environment the command sees.
    """
    out, err = BytesIO(), BytesIO()
    with Path(stdin or "/dev/null").open("rb") as stream:
        env = Env(without_empty(environ or {}), stream, Sink(out), Sink(err), tuple(args))
        code = _run(tuple(args), Session(env))
    return Result(code, out.getvalue(), err.getvalue())


class InProcess(Shell):
    """A shell whose commands run in this process, for tests whose subject is no process.

    Streams are no terminal and no pipe; `start` starts a process all the same.
    """

    def __call__(
        self,
        *args: str | Path,
        stdin: bytes | str | None = None,
        env: Mapping[str, str] | None = None,
        timeout: float = 60,  # noqa: ARG002 - nothing can end a call in this process
    ) -> Result:
        """As in a shell, but not ended after `timeout`."""
        body = None
        if stdin is not None:
            body = self.folder.parent / "stdin"
            body.write_bytes(stdin.encode() if isinstance(stdin, str) else stdin)
        environ = {**self.environ, **(env or {})}
        # The HTTP library reads the variables of proxies by itself.
        with chdir(self.folder), patch.dict(os.environ, environ, clear=True):
            return run_inprocess(self.words(args), environ=environ, stdin=body)
