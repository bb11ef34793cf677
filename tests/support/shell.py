"""Runs the installed `openai` as a person or a script would."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

OPENAI = str(Path(sys.executable).parent / "openai")
"""The installed command, in the folder of the Python that runs the tests."""


@dataclass(frozen=True)
class Result:
    """How a command ended."""

    code: int
    stdout: bytes
    stderr: bytes

    @property
    def out(self) -> str:
        return self.stdout.decode()

    @property
    def err(self) -> str:
        return self.stderr.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)

    @property
    def lines(self) -> list[Any]:
        """The JSON value on each line of stdout."""
        return [json.loads(line) for line in self.stdout.splitlines()]


class Shell:
    """A folder, an environment, and the command."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self.folder = folder
        self.environ = dict(environ)

    def __call__(
        self,
        *args: str | Path,
        stdin: bytes | str | None = None,
        env: Mapping[str, str] | None = None,
        timeout: float = 60,
    ) -> Result:
        """Run `openai` with these arguments; a single argument with spaces is split as in a shell.

        Without `stdin`, standard input is /dev/null.
        """
        done = subprocess.run(
            [OPENAI, *self.words(args)],
            input=stdin.encode() if isinstance(stdin, str) else stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            cwd=self.folder,
            env={**self.environ, **(env or {})},
            timeout=timeout,
            check=False,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    def after(self, preparation: str, *words: str, **env: str) -> Result:
        """Run the command in a Python that has executed this code before."""
        program = f"{preparation}\nfrom openai_cli.__main__ import main\nmain()"
        done = subprocess.run(
            [sys.executable, "-c", program, *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            cwd=self.folder,
            env={**self.environ, **env},
            check=False,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    def start(self, *args: str | Path, **options: Any) -> subprocess.Popen[bytes]:
        """Start `openai` and leave it running; options go to Popen."""
        env = {**self.environ, **options.pop("env", {})}
        return subprocess.Popen([OPENAI, *self.words(args)], cwd=self.folder, env=env, **options)

    @staticmethod
    def words(args: Sequence[str | Path]) -> list[str]:
        if len(args) == 1 and isinstance(args[0], str):
            return shlex.split(args[0])
        return [str(arg) for arg in args]


def without(module: str) -> str:
    """Code after which the module counts as not installed."""
    return f"import sys; sys.modules[{module!r}] = None"


def clean_environ(home: Path) -> dict[str, str]:
    """An environment without the user's keys, proxies and home folder."""
    leaks = (
        "OPENAI_",
        "COLUMNS",
        "LINES",
        "XDG_",
        "PYTEST_",
        "COV_",
        "NO_COLOR",
        "FORCE_COLOR",
        "CLICOLOR",
        "SSL_CERT",
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
        "PAGER",
    )
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(leaks) and not name.lower().endswith("_proxy")
    }
    return {**kept, "HOME": str(home), "TERM": "dumb", "PYTHONWARNINGS": "error"}
