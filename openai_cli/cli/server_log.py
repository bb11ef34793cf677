"""The log of a server, on stderr: plain text, or one JSON object per line."""

from __future__ import annotations

import json
import traceback
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from openai_cli.cli.env import Env
from openai_cli.errors import shortened

if TYPE_CHECKING:
    from openai_cli.engine.serve.reports import RequestReport, RunReport

_LEVELS = {"note": "info"}


class ServerLog:
    """Writes the server's log; thread-safe.

    Text: requests and runs are logged with --debug only. JSON: always, except probes.
    """

    def __init__(self, env: Env, *, json: bool, debug: bool) -> None:
        self._env = env
        self._json = json
        self._debug = debug

    def say(self, kind: str, text: str) -> None:
        """Log a message; `kind` is `note`, `warning` or `error`."""
        if self._json:
            self._write(kind, text)
        else:
            self._env.say(kind, text)

    def request(self, report: RequestReport) -> None:
        """Log a request and its answer."""
        line = f"{report.method} {report.path} {report.status} {report.request_id}"
        if self._json:
            if report.fault or self._debug or not report.is_probe:
                self._write_request(report)
        elif report.fault:
            self.fault(line, report.fault)
        elif self._debug:
            self._env.talk(f"{line} {report.seconds:.3f} s")

    def run(self, report: RunReport) -> None:
        """Log a run that this process worked on."""
        if self._json:
            kind = "warning" if report.status == "failed" else "note"
            self._write(
                kind,
                f"run {report.status}",
                run_id=report.run_id,
                status=report.status,
                seconds=round(report.seconds, 6),
                error=report.error,
            )
        elif self._debug:
            self._env.talk(f"{report.run_id} {report.status} {report.seconds:.3f} s")

    def fault(self, what: str, error: BaseException | None) -> None:
        """Log an internal error; with --debug, including the traceback."""
        if self._json:
            self._write("error", what, **self._error_fields(error))
            return
        why = f": {type(error).__name__}: {error}" if error else ""
        self._env.say("error", f"{what}{why}")
        if self._debug and error:
            for line in _trace(error).splitlines():
                self._env.talk(f"  {line}")  # indented: quoted text cannot imitate a log line

    def _write_request(self, report: RequestReport) -> None:
        self._write(
            "error" if report.fault else "note",
            f"{report.method} {shortened(report.path)}",
            request_id=report.request_id,
            operation=report.operation or None,
            method=report.method,
            path=shortened(report.path),
            status=report.status,
            seconds=round(report.seconds, 6),
            run_id=report.run_id or None,
            **self._error_fields(report.fault),
        )

    def _error_fields(self, error: BaseException | None) -> dict[str, Any]:
        if error is None:
            return {}
        fields = {"error": {"code": type(error).__name__, "message": str(error)}}
        return {**fields, "trace": _trace(error)} if self._debug else fields

    def _write(self, kind: str, message: str, **fields: Any) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = {"time": now, "level": _LEVELS.get(kind, kind), "message": message}
        line |= {name: value for name, value in fields.items() if value is not None}
        # ASCII only: quoted text can neither control a terminal nor break a line.
        self._env.put(json.dumps(line) + "\n")


def _trace(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))
