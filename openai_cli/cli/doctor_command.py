"""`openai local doctor`: what runs, how it is configured, and whether it can work."""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import openai_cli
from openai_cli.cli.option_reader import OptionReader
from openai_cli.cli.options import CREDENTIALS
from openai_cli.cli.store_option import store_file
from openai_cli.cli.upstream_options import UPSTREAM_VARIABLES
from openai_cli.client.address import DEFAULT_BASE_URL
from openai_cli.client.redaction import redacted_url
from openai_cli.engine.store_path import STORE_VARIABLE
from openai_cli.errors import CliError, StoreError, UsageError
from openai_cli.input.stdin import Stdin

if TYPE_CHECKING:
    from openai_cli.cli.session import Session
    from openai_cli.client.settings import ConnectionSettings

Report = dict[str, Any]

_MOST_MODELS = 20
"""Names of models that the report lists."""


class _Setting(NamedTuple):
    """A value and where it may come from; of a `secret` the report says only whether it is set."""

    name: str
    flag: str
    default: str = ""
    secret: bool = False

    @property
    def variable(self) -> str:
        """The variable that the flag replaces."""
        return _VARIABLES[self.flag]


_VARIABLES = {
    "--base-url": "OPENAI_BASE_URL",
    "--store": STORE_VARIABLE,
    **CREDENTIALS,
    **UPSTREAM_VARIABLES,
}
_SETTINGS = (
    _Setting("base_url", "--base-url", DEFAULT_BASE_URL),
    _Setting("key", "--api-key", secret=True),
    _Setting("organization", "--organization"),
    _Setting("project", "--project"),
    _Setting("upstream_url", "--upstream-url", DEFAULT_BASE_URL),
    _Setting("upstream_api", "--upstream-api"),
    _Setting("upstream_model", "--upstream-model"),
    _Setting("upstream_key", "--upstream-key", secret=True),
    _Setting("upstream_headers", "--upstream-header", secret=True),
    _Setting("store", "--store"),
)


def doctor(session: Session) -> None:
    """Print the report. Raises the first CliError that it found, after all of it is printed."""
    env = session.env
    reader = OptionReader(session.arguments.occurrences, env.environ, Stdin(env.stdin))
    style = reader.style("--format", "--transform")
    settings = reader.settings()
    problems: list[CliError] = []
    if reader.problems:
        problems.append(UsageError(problems=reader.problems))
    report: Report = {
        "tool": _tool(env.environ),
        "configuration": {one.name: _origin(one, reader, env.environ) for one in _SETTINGS},
        "store": _store(session, problems),
        "server": _server(settings, problems),
        "upstream": _upstream(settings, problems),
    }
    report["problems"] = [problem.message for problem in problems]
    if style.format in ("auto", "text") and not style.transform:
        env.out.write("".join(f"{line}\n" for line in _lines(report)))
    else:
        from openai_cli.cli.report import note_missed
        from openai_cli.output.printer import Printer

        text = json.dumps(report, ensure_ascii=False)
        printer = Printer(env.out, style, env.environ)
        printer.document(text.encode(), text)
        note_missed(printer, "--transform", env)
    if problems:
        raise problems[0]


def _tool(environ: Mapping[str, str]) -> Report:
    found = [*_on_path("openai", environ.get("PATH", ""))]
    return {
        "name": openai_cli.DISTRIBUTION,
        "version": openai_cli.__version__,
        "path": str(Path(openai_cli.__file__).parent),
        "python": f"{platform.python_version()} ({sys.executable})",
        "running": str(Path(shutil.which(sys.argv[0]) or sys.argv[0]).absolute()),
        "openai_runs": found[0] if found else None,
        "others_on_path": found[1:],
    }


def _on_path(name: str, path: str) -> Iterator[str]:
    """The commands of this name in the order of PATH, each file once."""
    seen = set()
    for folder in path.split(os.pathsep):
        file = shutil.which(name, path=folder) if folder else None
        if file and (real := os.path.realpath(file)) not in seen:
            seen.add(real)
            yield file


def _origin(one: _Setting, reader: OptionReader, environ: Mapping[str, str]) -> Report:
    if one.name == "base_url" and reader.has("--local") and not reader.has(one.flag):
        return {"value": environ.get(one.variable, "local:"), "from": "--local"}
    text, source = reader.setting(one.flag, one.variable)
    if not text:
        value = "not set" if one.secret else one.default or None
        return {"value": value, "from": "default"}
    return {"value": "set" if one.secret else redacted_url(text), "from": source}


def _store(session: Session, problems: list[CliError]) -> Report:
    report: Report = {"path": None, "exists": False}
    try:
        path = store_file(session, beside_server=True)
        report["path"] = str(path)
        report["exists"] = path.exists()
        from openai_cli.engine.store.inspection import inspect

        facts = inspect(path)
    except CliError as error:
        problems.append(error)
        return report
    if facts:
        report |= {"schema_version": facts.version, "bytes": facts.size}
        report["integrity"] = facts.integrity
        if facts.integrity != "ok":
            problems.append(StoreError(f"The store {path} is damaged ({facts.integrity})."))
    return report


def _server(settings: ConnectionSettings, problems: list[CliError]) -> Report:
    address = settings.address
    if address.is_local:
        return {"state": "the embedded engine"}
    if address.is_openai:
        return {"state": "its Assistants endpoints are switched off; use --local or another server"}
    if address.needs_key and not settings.api_key and not settings.headers:
        return {"state": "not asked: it needs a key"}
    return _asked(settings, problems)


def _upstream(settings: ConnectionSettings, problems: list[CliError]) -> Report:
    from openai_cli.engine.models.upstream.config import read_names, read_upstream_config
    from openai_cli.engine.refusals import RefusalError

    try:
        read_names(settings.environ)
        config = read_upstream_config(settings.environ)
    except RefusalError as error:
        if error.status != 401:
            problems.append(UsageError(error.message))
        return {"state": f"not asked: {error.message} The model echo works without."}
    known = len(problems)
    report = _asked(config.settings, problems)
    for problem in problems[known:]:
        problem.hint = "check --upstream-url and --upstream-key, and that the server is running"
    return {"api": config.api, **report}


def _asked(settings: ConnectionSettings, problems: list[CliError]) -> Report:
    from openai_cli.client.server_models import list_models

    url = redacted_url(settings.address.text)
    try:
        names = list_models(settings)
    except CliError as error:
        problems.append(error)
        return {"url": url, "state": error.message, "models": []}
    return {"url": url, "state": "reachable", "models": names[:_MOST_MODELS]}


def _lines(value: Report, indent: str = "") -> Iterator[str]:
    """The report as text, a value a line."""
    for name, one in value.items():
        label = f"{indent}{name.replace('_', ' ')}:"
        if isinstance(one, dict) and set(one) == {"value", "from"}:
            shown = _word(one["value"])
            yield f"{label} {shown}" + ("" if one["from"] == "default" else f" ({one['from']})")
        elif isinstance(one, dict):
            yield label
            yield from _lines(one, indent + "  ")
        elif isinstance(one, list):
            yield f"{label} {', '.join(map(str, one)) or 'none'}"
        else:
            yield f"{label} {_word(one)}"


def _word(value: object) -> str:
    words = {None: "none", True: "yes", False: "no"}
    return words[value] if value is None or isinstance(value, bool) else str(value)
