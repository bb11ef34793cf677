"""`openai local doctor`: version, settings, and the state of store, server and upstream."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import openai_cli
from openai_cli.cli.configuration import Configuration
from openai_cli.cli.option_reader import OptionReader
from openai_cli.cli.settings_report import Report, origin, print_report, profile_origin
from openai_cli.cli.store_option import selected_store
from openai_cli.client.redaction import redacted_url
from openai_cli.errors import CliError, StoreError, UsageError
from openai_cli.input.stdin import Stdin

if TYPE_CHECKING:
    from openai_cli.cli.session import Session
    from openai_cli.client.settings import ConnectionSettings

_MOST_MODELS = 20
"""Maximum number of models that the report lists."""


_SETTINGS = {
    "base_url": "--base-url",
    "key": "--api-key",
    "organization": "--organization",
    "project": "--project",
    "upstream_url": "--upstream-url",
    "upstream_api": "--upstream-api",
    "upstream_model": "--upstream-model",
    "upstream_key": "--upstream-key",
    "upstream_headers": "--upstream-header",
    "store": "--store",
}
"""The flags whose values the report shows, by their names in the report."""


def doctor(session: Session) -> None:
    """Print the report, then raise the first CliError found.

    A server that is not set up is listed as a problem but raises nothing: --local works without.
    """
    problems: list[CliError] = []
    missing: list[str] = []
    try:
        configuration = session.configuration()
    except CliError as error:
        problems.append(error)
        configuration = Configuration(session.arguments.occurrences, session.env.environ)
    env = session.env
    reader = OptionReader(configuration, Stdin(env.stdin))
    style = reader.style("--format", "--transform")
    settings = reader.settings()
    if reader.problems:
        problems.append(UsageError(problems=reader.problems))
    report: Report = {
        "tool": _tool(env.environ),
        "configuration": {
            "profile": profile_origin(reader, configuration),
            **{name: origin(flag, reader, configuration) for name, flag in _SETTINGS.items()},
        },
        "store": _store(session, problems),
        "server": _server(settings, configuration, problems, missing),
        "upstream": _upstream(_engine_environ(session, configuration, settings), problems),
    }
    # An invalid configuration file is reported by the store's check as well: keep it once.
    messages = list(dict.fromkeys(problem.message for problem in problems))
    report["problems"] = messages or [f"only commands with --local work: {one}" for one in missing]
    print_report(report, style, env)
    if problems:
        if isinstance(problems[0], UsageError):
            problems[0].consequence = "see the report"
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
    """The executables of this name in the order of PATH, each file once."""
    seen = set()
    for folder in path.split(os.pathsep):
        file = shutil.which(name, path=folder) if folder else None
        if file and (real := os.path.realpath(file)) not in seen:
            seen.add(real)
            yield file


def _store(session: Session, problems: list[CliError]) -> Report:
    report: Report = {"path": None, "exists": False}
    try:
        place = selected_store(session, beside_server=True)
        report["path"] = str(place)
        from openai_cli.engine.store.connection import check_place, is_there
        from openai_cli.engine.store.inspection import inspect

        report["exists"] = isinstance(place, Path) and is_there(place)
        facts = inspect(place)
        report["exists"] = facts is not None
        if isinstance(place, Path) and facts is None:
            check_place(place)
    except CliError as error:
        problems.append(error)
        return report
    if facts:
        report |= {"schema_version": facts.version, "bytes": facts.size}
        report["integrity"] = facts.integrity
        if isinstance(place, Path) and facts.integrity != "ok":
            problems.append(StoreError(f"The store {place} is damaged ({facts.integrity})."))
    return report


def _server(
    settings: ConnectionSettings,
    configuration: Configuration,
    problems: list[CliError],
    missing: list[str],
) -> Report:
    """The state of the server; settings that it needs are added to `missing`."""
    address = settings.address
    if address.is_local:
        return {"state": "the embedded engine"}
    if address.is_openai:
        missing.append("set OPENAI_BASE_URL to local: for all commands, or to another server")
        return {"state": "its Assistants endpoints are switched off; use --local or another server"}
    if key := configuration.keys.get("--api-key"):
        try:
            settings = settings._replace(api_key=key())
        except CliError as error:
            problems.append(error)
            return {"state": f"not asked: {error.message}"}
    if address.needs_key and not settings.api_key and not settings.headers:
        missing.append("the server needs a key, by --api-key or OPENAI_API_KEY")
        why = f" ({configuration.withheld})" if configuration.withheld else ""
        return {"state": f"not asked: it needs a key{why}"}
    return _asked(settings, problems)


def _engine_environ(
    session: Session, configuration: Configuration, settings: ConnectionSettings
) -> Mapping[str, str]:
    """The variables of the engine, including the profile's, even if its base URL is a server."""
    if settings.address.is_local or not configuration.profile:
        return settings.environ
    return OptionReader(session.configuration(engine=True)).engine_environ()


def _upstream(environ: Mapping[str, str], problems: list[CliError]) -> Report:
    from openai_cli.engine.models.upstream.config import read_names, read_upstream_config
    from openai_cli.engine.refusals import RefusalError

    try:
        read_names(environ)
        config = read_upstream_config(environ)
    except RefusalError as error:
        if error.status != 401:
            problems.append(UsageError(error.message))
        return {"state": f"not asked: {error.message} The model echo works without one."}
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
