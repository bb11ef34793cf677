"""Checks of the configuration file: permissions, structure, values."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from openai_cli.api.run_limits import MOST_TOOL_TURNS
from openai_cli.cli.config_file.keys import command_words, key_of_text, key_sources
from openai_cli.cli.config_file.profile_settings import COMMAND, KEYRING, SETTINGS, settings_of
from openai_cli.cli.config_file.structure import structural_problems
from openai_cli.cli.config_file.toml_file import Keys, TomlFile
from openai_cli.cli.configuration import Configuration
from openai_cli.cli.near_words import near
from openai_cli.cli.option_reader import OptionReader, read_options
from openai_cli.cli.option_values import whole
from openai_cli.cli.options import ENGINE_FLAGS
from openai_cli.client.address import LOCAL
from openai_cli.client.redaction import is_secret_header, url_secrets
from openai_cli.errors import Problem, UsageError
from openai_cli.input.arguments import Occurrence
from openai_cli.input.stdin import Stdin

_OTHERS_WRITE, _OTHERS_READ = 0o022, 0o077


def file_problems(file: TomlFile) -> Iterator[Problem]:
    """Problems with the file as a whole: names, types, and permissions."""
    structural = structural_problems(file.content)
    for keys in sorted(structural, key=file.line):
        yield file.problem(keys, structural[keys])
    if os.name != "posix" or not stat.S_ISREG(file.mode):
        return
    mode = f"(mode {file.mode & 0o777:04o}): chmod 600 {file.path}"
    if file.mode & _OTHERS_WRITE:
        yield file.problem((), f"other users can change this file and redirect keys {mode}")
    if file.mode & _OTHERS_READ:
        for name, table in _valid_profiles(file, structural).items():
            for key in _secrets_in_clear(table):
                what = f"is a secret in plain text, and other users can read this file {mode}"
                yield file.problem(("profiles", name, key), what)


def all_problems(file: TomlFile) -> Iterator[Problem]:
    """Problems with the file and with all its profiles."""
    yield from file_problems(file)
    structural = structural_problems(file.content)
    for name, table in _valid_profiles(file, structural).items():
        yield from profile_problems(file, name, table)
    if ("profile",) not in structural and ("profiles",) not in structural:
        default = file.content.get("profile")
        if default and default not in file.content.get("profiles", {}):
            yield file.problem(("profile",), unknown_profile(file, default))


def unknown_profile(file: TomlFile, name: str) -> str:
    """The message for a profile that the file lacks."""
    names = [*file.content.get("profiles", {})]
    return f'there is no profile "{name}" in {file.path}{near(name, names)}'


def _valid_profiles(file: TomlFile, structural: Iterable[Keys]) -> dict[str, dict[str, Any]]:
    """The profiles without the settings that have structural problems."""
    wrong = set(structural)
    if ("profiles",) in wrong:
        return {}
    return {
        name: {k: value for k, value in table.items() if ("profiles", name, k) not in wrong}
        for name, table in file.content.get("profiles", {}).items()
        if ("profiles", name) not in wrong
    }


def _secrets_in_clear(table: Mapping[str, Any]) -> Iterator[str]:
    """The settings that contain a key or a password in plain text."""
    for _flag, names in key_sources(table):
        yield from (n for n in names if SETTINGS.get(n) and not table[n].startswith("@"))
    for key, value in table.items():
        texts = SETTINGS[key].texts(value) if key in SETTINGS else []
        is_secret = _SECRET_IN.get(key.rpartition("_")[2])
        if is_secret and any(map(is_secret, texts)):
            yield key


def _in_header(header: str) -> bool:
    name, _, value = header.partition(":")
    return is_secret_header(name, value.strip())


def _in_url(url: str) -> bool:
    return any(url_secrets(url))


_SECRET_IN = {"header": _in_header, "url": _in_url}
"""Tests whether a value contains a secret, by the last word of the setting's name."""


def profile_problems(file: TomlFile, name: str, table: Mapping[str, Any]) -> Iterator[Problem]:
    """Problems with the values of a profile, which are parsed like those of flags."""
    for keys, message in (*_value_problems(table), *_key_problems(table)):
        yield file.problem(("profiles", name, keys), message)


def _value_problems(table: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    keys = {setting.flag: key for key, setting in SETTINGS.items()}
    server: list[Occurrence] = []
    engine = [Occurrence("--base-url", LOCAL, 1)]
    for flag, texts in settings_of(table).items():
        if "\0" in "".join(texts):
            yield keys[flag], "holds a NUL character"
            continue
        if SETTINGS[keys[flag]].kind != "switch" and not all(texts):
            yield keys[flag], "is empty"
            continue
        flags = [Occurrence(flag, text, 1) for text in texts]
        (engine if flag in ENGINE_FLAGS else server).extend(flags)
    for occurrences in (server, engine):
        given = Configuration(occurrences, {})
        reader = OptionReader(given)
        reader.value("--max-tool-turns", whole(1, MOST_TOOL_TURNS), None)
        _, problems = read_options(given, Stdin(None))
        for problem in (*problems, *reader.problems):
            yield keys[problem.source], problem.message


def _key_problems(table: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for _flag, (first, *others) in key_sources(table):
        for other in others:
            yield other, f"cannot be combined with {first}"
        try:
            _check_key(first, table[first])
        except ValueError as error:
            yield first, str(error)


def _check_key(setting: str, value: Any) -> None:
    """Raise ValueError if the value cannot name a source of a key; runs and opens nothing."""
    if setting.endswith(COMMAND):
        command_words(value)
    elif setting.endswith(KEYRING):
        service, _, user = value.rpartition("/")
        if not (service and user):
            raise ValueError("expected SERVICE/USERNAME")
    elif not value:
        raise ValueError("is empty")
    elif not value.startswith("@"):
        try:
            key_of_text(value, Problem("", ""))
        except UsageError as error:
            raise ValueError(error.problems[0].message) from None
