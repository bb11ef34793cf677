"""What the configuration file may hold: a pydantic model that is made from the settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from openai_cli.cli.config_file.profile_settings import COMMAND, KEYRING, KEYS, SETTINGS
from openai_cli.cli.config_file.toml_file import Keys
from openai_cli.cli.near_words import near

_TYPES: Mapping[str, tuple[Any, str]] = {
    "text": (str, "expected a text"),
    "number": (int | float | str, "expected a number"),
    "switch": (bool, "expected true or false"),
    "texts": (str | list[str] | dict[str, str], "expected a text, a list of texts, or a table"),
    "command": (str | list[str], "expected a command line, or a list of its words"),
}
_KINDS: dict[str, str] = {
    **{setting.key: setting.kind for setting in SETTINGS.values()},
    **{
        setting.key + more: kind
        for setting in SETTINGS.values()
        if setting.flag in KEYS
        for more, kind in ((COMMAND, "command"), (KEYRING, "text"))
    },
}
"""The kind of value of everything that may stand in a profile."""
_STRICT = ConfigDict(extra="forbid", strict=True)


def _model() -> type[BaseModel]:
    fields: dict[str, Any] = {key: (_TYPES[kind][0] | None, None) for key, kind in _KINDS.items()}
    profile = create_model("Profile", __config__=_STRICT, **fields)
    return create_model(
        "ConfigFile",
        __config__=_STRICT,
        profile=(str, ""),
        profiles=(dict[str, profile], {}),  # type: ignore[valid-type]  # a model made at run time
    )


def structural_problems(content: Mapping[str, Any]) -> dict[Keys, str]:
    """What should not be there, and values of the wrong type: the place, and what is wrong.

    No value is shown, as it may be a key in the wrong place.
    """
    try:
        _model().model_validate(content)
    except ValidationError as invalid:
        errors = invalid.errors(include_url=False, include_input=False)
        # A value that may have several types has an error for each that it has not.
        places = (tuple(map(str, error["loc"][:3])) for error in errors)
        return {keys: _what(keys) for keys in places}
    return {}


def _what(keys: Keys) -> str:
    match keys:
        case ("profile",):
            return "expected a text: the name of the profile to use; its table is [profiles.NAME]"
        case ("profiles",):
            return "expected tables: [profiles.NAME]"
        case (key,):
            near_one = near(key, ("profile", "profiles"))
            return f"no such setting{near_one}; those of a profile stand below [profiles.NAME]"
        case ("profiles", _):
            return "expected a table of settings"
        case (*_, key) if key in _KINDS:
            return _TYPES[_KINDS[key]][1]
    return f"no such setting{near(keys[-1], [*_KINDS])}"
