"""The profile of a call: chosen, checked, and applied below flags and environment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from openai_cli.cli.config_file.file_checks import file_problems, profile_problems, unknown_profile
from openai_cli.cli.config_file.keys import profile_keys
from openai_cli.cli.config_file.location import (
    CONFIG_VARIABLE,
    PROFILE_VARIABLE,
    is_absent,
    no_file,
)
from openai_cli.cli.config_file.profile_settings import (
    SERVER_BOUND,
    UPSTREAM_BOUND,
    VARIABLES,
    settings_of,
)
from openai_cli.cli.config_file.toml_file import TomlFile
from openai_cli.cli.configuration import Configuration, Key
from openai_cli.client.address import DEFAULT_BASE_URL, LOCAL, read_address
from openai_cli.errors import Problem, UsageError
from openai_cli.input.arguments import Occurrence

_UPSTREAM_TIMEOUT = "OPENAI_LOCAL_UPSTREAM_TIMEOUT"
_JOINED_BY = {"--upstream-header": "\n", "--upstream-model": ","}


class Profile(NamedTuple):
    """A profile: the texts of its settings, and its keys, both by flag."""

    name: str
    file: Path
    settings: Mapping[str, Sequence[str]]
    keys: Mapping[str, Key]

    def address(self, flag: str) -> str:
        """Its server for this flag, or the default one."""
        return "".join(self.settings.get(flag, ())) or DEFAULT_BASE_URL


def read_profile(
    path: Path | None, occurrences: Sequence[Occurrence], environ: Mapping[str, str]
) -> Profile | None:
    """The profile that --profile, OPENAI_PROFILE or the file names; None if none does.

    Raises UsageError with all problems of the file and of that profile.
    """
    source, name = _chosen(occurrences, environ)
    if path is None or is_absent(path, environ):
        if source and not (source == PROFILE_VARIABLE and environ.get(CONFIG_VARIABLE) == ""):
            what = f"there is no configuration file {path}" if path else str(no_file(environ))
            raise UsageError(problems=[Problem(source, what)])
        return None
    file = TomlFile(path)
    if problems := [*file_problems(file)]:
        raise UsageError(problems=problems)
    name = name if source else file.content.get("profile", "")
    if not name and not source:
        return None
    profiles = file.content.get("profiles", {})
    if name not in profiles:
        what = unknown_profile(file, name)
        problem = Problem(source, what) if source else file.problem(("profile",), what)
        raise UsageError(problems=[problem], hint=f"profiles: {', '.join(profiles) or 'none'}")
    table = profiles[name]
    if problems := [*profile_problems(file, name, table)]:
        raise UsageError(problems=problems)
    return Profile(name, path, settings_of(table), profile_keys(file, name, environ))


def _chosen(occurrences: Iterable[Occurrence], environ: Mapping[str, str]) -> tuple[str, str]:
    """The flag or variable that names a profile, and the name; both empty if none does."""
    typed = _last(occurrences, "--profile")
    if typed is not None:
        return "--profile", typed
    name = environ.get(PROFILE_VARIABLE, "")
    return (PROFILE_VARIABLE, name) if name else ("", "")


def configuration(
    profile: Profile, typed: Sequence[Occurrence], environ: Mapping[str, str], *, engine: bool
) -> Configuration:
    """What is in effect: flags, else variables, else the profile.

    `engine`: the command works on the embedded engine, whatever the base URL. What is for the
    profile's own server or upstream is left out if another one is asked.
    """
    flags = {one.name for one in typed}
    server = LOCAL if engine else _server(profile, typed, environ)
    upstream = _last(typed, "--upstream-url") or environ.get(VARIABLES["--upstream-url"], "")
    foreign = not _same_server(server, profile.address("--base-url"))
    left_out = {
        *(SERVER_BOUND if foreign else ()),
        *(UPSTREAM_BOUND if not _same_server(upstream, profile.address("--upstream-url")) else ()),
    }
    defaults: list[Occurrence] = []
    variables: dict[str, str] = {}
    for flag, texts in profile.settings.items():
        variable = _variable(flag, server)
        if flag in left_out or variable in environ or (flag in flags and flag != "--header"):
            continue
        if variable:
            variables[variable] = _JOINED_BY.get(flag, "").join(texts) or "1"
        else:
            kept = [text for text in texts if flag != "--header" or not _replaced(text, typed)]
            defaults += [Occurrence(flag, text, 1) for text in kept]
    keys = {
        flag: key
        for flag, key in profile.keys.items()
        if not (flag in left_out or flag in flags or VARIABLES[flag] in environ)
    }
    shadowed = (
        f"the key of profile {profile.name} is not used, as {VARIABLES[flag]} is set"
        for flag in profile.keys
        if VARIABLES[flag] in environ and not (flag in left_out or flag in flags)
    )
    own = profile.address("--base-url")
    withheld = f"the key of profile {profile.name} is for {own} only"
    return Configuration(
        occurrences=[*defaults, *typed],
        environ={**variables, **environ},
        keys=keys,
        profile=profile.name,
        file=profile.file,
        supplied=frozenset({*(one.name for one in defaults), *variables} - flags),
        withheld=withheld if foreign and "--api-key" in profile.keys else "",
        warnings=tuple(shadowed),
    )


def _variable(flag: str, server: str) -> str:
    """The variable that stands in for the flag; the time limit of an engine is its upstream's."""
    if flag == "--timeout" and server.startswith(LOCAL):
        return _UPSTREAM_TIMEOUT
    return VARIABLES.get(flag, "")


def _replaced(text: str, typed: Iterable[Occurrence]) -> bool:
    """Whether this is a header of which a flag has another value."""
    name = text.partition(":")[0].lower()
    headers = (one.text or "" for one in typed if one.name == "--header")
    return any(header.partition(":")[0].lower() == name for header in headers)


def _server(profile: Profile, typed: Sequence[Occurrence], environ: Mapping[str, str]) -> str:
    """The base URL of the call."""
    url = _last(typed, "--base-url") or environ.get(VARIABLES["--base-url"], "")
    if not url.startswith(LOCAL) and any(one.name == "--local" for one in typed):
        return LOCAL
    return url or profile.address("--base-url")


def _same_server(url: str, own: str) -> bool:
    """Whether a URL is on the profile's own server; an empty one is the profile's."""
    try:
        return not url or read_address(url, "").is_same_server(read_address(own, ""))
    except UsageError:
        return False


def _last(occurrences: Iterable[Occurrence], name: str) -> str | None:
    return next((one.text for one in reversed([*occurrences]) if one.name == name), None)
