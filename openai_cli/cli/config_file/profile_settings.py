"""The settings of a profile: the command-line options that are not about a single call.

upstream_url = "http://127.0.0.1:11434/v1"     for --upstream-url, OPENAI_LOCAL_UPSTREAM_URL
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from openai_cli.api.run_limits import DROP_TOOLS_VARIABLE, MAX_TOOL_TURNS_VARIABLE
from openai_cli.cli.options import (
    CREDENTIALS,
    DROP_TOOLS,
    OPTIONS,
    STORE,
    UPSTREAM_VARIABLES,
    Option,
)
from openai_cli.cli.run_options import RUN_OPTIONS
from openai_cli.engine.store_place import STORE_VARIABLE

Kind = Literal["text", "number", "switch", "texts"]

VARIABLES = {
    "--base-url": "OPENAI_BASE_URL",
    "--store": STORE_VARIABLE,
    "--max-tool-turns": MAX_TOOL_TURNS_VARIABLE,
    "--stdin-timeout": "OPENAI_STDIN_TIMEOUT",
    DROP_TOOLS: DROP_TOOLS_VARIABLE,
    **CREDENTIALS,
    **UPSTREAM_VARIABLES,
}
"""Flags, with the variables that set the same."""

KEYS = ("--api-key", "--upstream-key")
"""Flags of keys; a profile may also name a source: `api_key_command`, `…_keyring`."""
COMMAND, KEYRING = "_command", "_keyring"

SERVER_BOUND = frozenset(
    {*CREDENTIALS, "--header", "--mtls-client-cert-file", "--mtls-client-key-file"}
)
"""Flags that are used only for the profile's own server."""
UPSTREAM_BOUND = frozenset({"--upstream-key", "--upstream-header"})
"""Flags that are used only for the profile's own upstream."""

_OF_ONE_CALL = frozenset(
    {
        "--local", "--profile", "--columns", "--transform", "--transform-error", "--dry-run",
        "--no-validate", "--no-stdin", "--debug", "--version", "--help", "--admin-api-key",
        "--webhook-secret",
    }
)  # fmt: skip
_NUMBERS = ("SECONDS", "COUNT", "SIZE")
_SEPARATORS = {"--header": ": ", "--upstream-header": ": ", "--upstream-model": "="}


class Setting(NamedTuple):
    """One setting: its name in the file, its flag, and the flag's variable, or ""."""

    key: str
    flag: str
    variable: str
    kind: Kind

    def texts(self, value: object) -> list[str]:
        """A value of the file as values of the flag; none for a switch that is off.

        Each entry of a table is one value: `{"X-Team" = "blue"}` is the header `X-Team: blue`.
        """
        if isinstance(value, bool):
            return [""] if value else []
        if isinstance(value, dict):
            return [f"{name}{_SEPARATORS[self.flag]}{text}" for name, text in value.items()]
        return [str(text) for text in (value if isinstance(value, list) else [value])]


def _kind(option: Option) -> Kind:
    if option.takes == "nothing":
        return "switch"
    if option.repeatable:
        return "texts"
    return "number" if option.metavar in _NUMBERS else "text"


def _setting(option: Option) -> Setting:
    key = option.name.removeprefix("--").replace("-", "_")
    return Setting(key, option.name, VARIABLES.get(option.name, ""), _kind(option))


_OPTIONS = (
    *(option for option in OPTIONS if option.name not in _OF_ONE_CALL),
    STORE,
    *(option for option in RUN_OPTIONS if option.name == "--max-tool-turns"),
)
SETTINGS = {setting.key: setting for setting in map(_setting, _OPTIONS)}
"""All settings by their names in the file."""


def settings_of(table: Mapping[str, object]) -> dict[str, list[str]]:
    """The values of a profile's settings by flag, without keys and switches that are off."""
    found = {
        SETTINGS[key].flag: SETTINGS[key].texts(value)
        for key, value in table.items()
        if key in SETTINGS and SETTINGS[key].flag not in KEYS
    }
    return {flag: texts for flag, texts in found.items() if texts}
