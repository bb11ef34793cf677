"""`openai local config show`, `path` and `check`: the configuration file and what it leads to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from openai_cli.cli.config_file.location import config_path, is_absent, no_file
from openai_cli.cli.near_words import near
from openai_cli.cli.options import CONFIG_ACTIONS
from openai_cli.errors import Problem, UsageError

if TYPE_CHECKING:
    from openai_cli.cli.session import Session


def config(session: Session) -> None:
    """Do what the first word says. Raises UsageError."""
    word = (session.arguments.words or [""])[0]
    actions = {"show": _show, "path": _path, "check": _check}
    if word not in actions:
        found = f', found "{word}"{near(word, CONFIG_ACTIONS)}' if word else ""
        what = f"expected {', '.join(CONFIG_ACTIONS[:-1])} or {CONFIG_ACTIONS[-1]}{found}"
        raise UsageError(problems=[Problem("ACTION", what)])
    actions[word](session)


def _file(session: Session) -> Path:
    """The path of the file, whether it exists or not."""
    path = config_path(session.env.environ)
    if path is None:
        raise UsageError(problems=[no_file(session.env.environ)])
    return path


def _path(session: Session) -> None:
    session.env.out.write(f"{_file(session)}\n")


def _check(session: Session) -> None:
    """Print how many profiles there are. Raises UsageError with all problems of the file."""
    from openai_cli.cli.config_file.file_checks import all_problems
    from openai_cli.cli.config_file.toml_file import TomlFile

    path = _file(session)
    if is_absent(path, session.env.environ):
        raise UsageError(problems=[Problem(str(path), "does not exist")])
    file = TomlFile(path)
    if problems := [*all_problems(file)]:
        raise UsageError(problems=problems, consequence="the file cannot be used")
    names = [*file.content.get("profiles", {})]
    session.env.out.write(f"{path}: no problems; profiles: {', '.join(names) or 'none'}\n")


def _show(session: Session) -> None:
    """Print the settings in effect. Raises UsageError."""
    from openai_cli.cli.config_file.profile_settings import SETTINGS
    from openai_cli.cli.option_reader import OptionReader
    from openai_cli.cli.settings_report import origin, print_report, profile_origin
    from openai_cli.input.stdin import Stdin

    configuration = session.configuration()
    reader = OptionReader(configuration, Stdin(session.env.stdin))
    style = reader.style("--format", "--transform")
    if reader.problems:
        raise UsageError(problems=reader.problems)
    settings = {key: origin(one.flag, reader, configuration) for key, one in SETTINGS.items()}
    file = config_path(session.env.environ)
    report = {
        "file": None if is_absent(file, session.env.environ) else str(file),
        "profile": profile_origin(reader, configuration),
        "settings": {
            key: one
            for key, one in settings.items()
            if one["from"] != "default" or key in ("base_url", "api_key")
        },
    }
    print_report(report, style, session.env, label=str)
