"""What `local doctor` and `local config` print: values and where each came from."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from openai_cli.cli.config_file.location import PROFILE_VARIABLE
from openai_cli.cli.config_file.profile_settings import KEYS, VARIABLES
from openai_cli.cli.configuration import Configuration
from openai_cli.cli.env import Env
from openai_cli.cli.option_reader import OptionReader
from openai_cli.cli.report import note_missed
from openai_cli.client.address import DEFAULT_BASE_URL, LOCAL
from openai_cli.client.redaction import redacted_url
from openai_cli.output.printer import OutputStyle, Printer

Report = dict[str, Any]

_DEFAULTS = dict.fromkeys(("--base-url", "--upstream-url"), DEFAULT_BASE_URL)
_SECRET = (*KEYS, "--header", "--upstream-header")
"""Flags of which a report says only whether they are set."""


def origin(flag: str, reader: OptionReader, configuration: Configuration) -> Report:
    """The `value` of a setting, and the flag, variable or profile that it comes `from`."""
    profile = f"profile {configuration.profile}"
    if flag in configuration.keys:
        return {"value": "set", "from": profile}
    text, source = reader.setting(flag, VARIABLES.get(flag, ""))
    if flag == "--base-url" and reader.has("--local") and not text.startswith(LOCAL):
        return {"value": LOCAL, "from": "--local"}
    if not (text or reader.has(flag)):
        default = "not set" if flag in _SECRET else _DEFAULTS.get(flag)
        return {"value": default, "from": "default"}
    value = "set" if flag in _SECRET else redacted_url(text) or True
    return {"value": value, "from": profile if source in configuration.supplied else source}


def profile_origin(reader: OptionReader, configuration: Configuration) -> Report:
    """The profile in use, and what names it."""
    if not configuration.profile:
        return {"value": None, "from": "default"}
    _, source = reader.setting("--profile", PROFILE_VARIABLE)
    named = reader.has("--profile") or PROFILE_VARIABLE in configuration.environ
    return {"value": configuration.profile, "from": source if named else str(configuration.file)}


def _spaced(name: str) -> str:
    return name.replace("_", " ")


def print_report(
    report: Report, style: OutputStyle, env: Env, label: Callable[[str], str] = _spaced
) -> None:
    """Print a report as text, a value a line, or in the format that was asked for.

    `label` makes the words of the text out of a name.
    """
    if style.format in ("auto", "text") and not style.transform:
        env.out.write("".join(f"{line}\n" for line in _lines(report, label)))
    else:
        text = json.dumps(report, ensure_ascii=False)
        printer = Printer(env.out, style, env.environ)
        printer.document(text.encode())
        note_missed(printer, "--transform", env)


def _lines(value: Report, label: Callable[[str], str], indent: str = "") -> Iterator[str]:
    for name, one in value.items():
        start = f"{indent}{label(name)}:"
        if isinstance(one, dict) and set(one) == {"value", "from"}:
            shown = "not set" if one["value"] is None else _word(one["value"])
            yield f"{start} {shown}" + ("" if one["from"] == "default" else f" ({one['from']})")
        elif isinstance(one, dict):
            yield start
            yield from _lines(one, label, indent + "  ")
        elif isinstance(one, list):
            yield f"{start} {', '.join(map(str, one)) or 'none'}"
        else:
            yield f"{start} {_word(one)}"


def _word(value: object) -> str:
    words = {None: "none", True: "yes", False: "no"}
    return words[value] if value is None or isinstance(value, bool) else str(value)
