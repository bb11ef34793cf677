"""Reads the global options of a command line: their values, and all problems with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple, TypeVar

from openai_cli import windows
from openai_cli.cli.configuration import Configuration, EnvironWithKeys, Key
from openai_cli.cli.option_values import (
    color_choice,
    count_or_all,
    dry_run_format,
    error_format,
    output_format,
    pointed,
    seconds,
    seconds_or_never,
    size,
    whole,
)
from openai_cli.cli.options import CREDENTIALS, ENGINE_FLAGS, UPSTREAM_VARIABLES
from openai_cli.cli.upstream_options import engine_environ, upstream_secrets
from openai_cli.client.address import DEFAULT_BASE_URL, LOCAL, Address, read_address
from openai_cli.client.headers import check_credential, read_header
from openai_cli.client.settings import DEFAULT_ANSWER_SIZE, ConnectionSettings
from openai_cli.errors import Problem, UsageError, shortened
from openai_cli.input.arguments import Occurrence
from openai_cli.input.credentials import read_credential
from openai_cli.input.stdin import IDLE_WAIT, Stdin
from openai_cli.output.formats import ROW_FORMATS
from openai_cli.output.printer import OutputStyle

T = TypeVar("T")
D = TypeVar("D")

DEFAULT_PAGES = 5000
_HEADERS_OF_THE_ENGINE = ("idempotency-key", "openai-beta")
"""Headers that the engine reads, or accepts and ignores."""


class Options(NamedTuple):
    """The parsed global options; times are in seconds.

    `max_items` and `max_time` are None for no limit, `max_pages` is 0. `key` reads the profile's
    key for the server, if the settings have none; `withheld` as in `Configuration`.
    """

    settings: ConnectionSettings
    style: OutputStyle
    debug: bool
    dry_run: str
    check: bool
    pager: bool
    stdin_timeout: float
    max_items: int | None
    max_pages: int
    max_time: float | None
    key: Key | None
    has_empty_key: bool
    withheld: str


def read_options(configuration: Configuration, stdin: Stdin) -> tuple[Options, list[Problem]]:
    """The parsed options, and all problems with them; an invalid option gets its default.

    `stdin` is read for `--api-key -`.
    """
    reader = OptionReader(configuration, stdin)
    settings = reader.settings()
    options = Options(
        settings=settings,
        style=reader.style("--format", "--transform"),
        debug=reader.has("--debug"),
        dry_run=reader.dry_run(),
        check=not reader.has("--no-validate"),
        pager=not reader.has("--no-pager"),
        stdin_timeout=reader.setting_value(
            "--stdin-timeout", "OPENAI_STDIN_TIMEOUT", seconds_or_never, IDLE_WAIT
        ),
        max_items=reader.value("--max-items", count_or_all, None),
        max_pages=reader.value("--max-pages", whole(0, 10**9), DEFAULT_PAGES),
        max_time=reader.max_time(),
        key=None if settings.address.is_local else configuration.keys.get("--api-key"),
        has_empty_key=reader.last("--api-key") == "",
        withheld=configuration.withheld,
    )
    reader.style("--format-error", "--transform-error")
    return options, reader.problems


def error_style(occurrences: Sequence[Occurrence]) -> OutputStyle:
    """How to print errors; invalid options are ignored."""
    return OptionReader(Configuration(occurrences, {})).style("--format-error", "--transform-error")


class OptionReader:
    """Parses options and collects all problems with them."""

    def __init__(self, configuration: Configuration, stdin: Stdin | None = None) -> None:
        self._occurrences = configuration.occurrences
        self._environ = configuration.environ
        self._keys = configuration.keys
        self._stdin = stdin or Stdin(None)
        self.problems: list[Problem] = []

    @cached_property
    def color(self) -> str:
        """The value of --color, read once for both styles."""
        return self.value("--color", color_choice, "auto")

    def has(self, name: str) -> bool:
        """Whether the option was given."""
        return any(o.name == name for o in self._occurrences)

    def last(self, name: str) -> str | None:
        """The text of the last occurrence, which wins; None if there is none."""
        texts = [o.text for o in self._occurrences if o.name == name]
        return texts[-1] if texts else None

    def all(self, name: str) -> list[str]:
        """The texts of all occurrences, in order."""
        return [o.text or "" for o in self._occurrences if o.name == name]

    def value(self, name: str, read: Callable[[str], T], default: D) -> T | D:
        """The option's text, parsed by `read`, whose ValueError describes what was expected.

        If the option is missing or invalid, `default`.
        """
        text = self.last(name)
        return default if text is None else self._parsed(text, name, read, default)

    def setting(self, name: str, variable: str) -> tuple[str, str]:
        """The text of a flag, else of a variable, and the name of its source."""
        text = self.last(name)
        return (text, name) if text is not None else (self._environ.get(variable, ""), variable)

    def setting_value(
        self, name: str, variable: str, read: Callable[[str], T], default: D
    ) -> T | D:
        """Like `value`, from the flag, else from the variable."""
        text, source = self.setting(name, variable)
        if not text and source == variable:
            return default
        return self._parsed(text, source, read, default)

    def _parsed(self, text: str, source: str, read: Callable[[str], T], default: D) -> T | D:
        try:
            return read(text)
        except ValueError as expected:
            what = f'expected {expected}, found "{shortened(text)}"'
            self.problems.append(Problem(source, what))
            return default

    def settings(self) -> ConnectionSettings:
        """The connection settings."""
        cert, key = self.last("--mtls-client-cert-file"), self.last("--mtls-client-key-file")
        address = self._address()
        self._check_mtls(cert, key, address)
        self._check_place(address)
        identity = {
            variable: self._credential(flag, variable) for flag, variable in CREDENTIALS.items()
        }
        plain = self._with_engine_flags(identity) if address.is_local else self._environ
        return ConnectionSettings(
            address=address,
            api_key=identity["OPENAI_API_KEY"],
            organization=identity["OPENAI_ORG_ID"],
            project=identity["OPENAI_PROJECT_ID"],
            headers=tuple(self._headers()),
            timeout=self.value("--timeout", seconds, 600.0),
            max_answer_size=self.value("--max-answer-size", size, DEFAULT_ANSWER_SIZE),
            max_retries=self.value("--max-retries", whole(0, 100), 2),
            client_cert=cert or "",
            client_key=key or "",
            environ=self._with_keys(plain) if address.is_local else plain,
            chosen_with=("--profile", profile) if (profile := self.last("--profile")) else (),
            secrets=tuple(upstream_secrets(plain)) if address.is_local else (),
        )

    def engine_environ(self) -> Mapping[str, str]:
        """The variables of an engine that serves clients; flags override them."""
        return self._with_keys(self._with_engine_flags({}))

    def _with_keys(self, environ: Mapping[str, str]) -> Mapping[str, str]:
        """The variables, with the profile's keys, which are read on lookup."""
        names = {**CREDENTIALS, **UPSTREAM_VARIABLES}
        keys = {names[flag]: key for flag, key in self._keys.items()}
        return EnvironWithKeys(environ, keys) if keys else environ

    def _with_engine_flags(self, identity: Mapping[str, str]) -> dict[str, str]:
        flags = {
            **{variable: text for variable, text in identity.items() if text},
            **engine_environ(self, self._environ),
        }
        timeout = self.last("--timeout")
        if timeout:
            flags["OPENAI_LOCAL_UPSTREAM_TIMEOUT"] = timeout
        return {**self._environ, **flags}

    def _address(self) -> Address:
        text, source = self.setting("--base-url", "OPENAI_BASE_URL")
        if self.has("--local") and not text.startswith(LOCAL):
            if source == "--base-url":
                what = f"cannot be combined with --base-url {text}"
                self.problems.append(Problem("--local", what))
            return Address(LOCAL)
        if not text and source == "--base-url":
            self.problems.append(Problem(source, "is empty"))
        try:
            return read_address(text or DEFAULT_BASE_URL, source)
        except UsageError as error:
            self.problems += error.problems
            return Address(LOCAL)

    def _credential(self, name: str, variable: str) -> str:
        if self.has(name):
            return self.credential(name)
        try:
            return check_credential(self._environ.get(variable, ""), variable)
        except UsageError as error:
            self.problems += error.problems
            return ""

    def credential(self, name: str) -> str:
        """The option's key or id: the text, the content of `@FILE`, or standard input for `-`."""
        try:
            text = read_credential(self.last(name) or "", lambda: self._stdin.demand(name))
            return check_credential(text, name)
        except UsageError as error:
            self.problems += error.problems
        except ValueError as error:
            self.problems.append(Problem(name, str(error)))
        return ""

    def _check_place(self, address: Address) -> None:
        """Report flags without effect: upstream flags for a server, headers for the engine."""
        for name in () if address.is_local else ENGINE_FLAGS:
            if self.has(name):
                self.problems.append(Problem(name, "works with the embedded engine only: --local"))
        for text in self.all("--header") if address.is_local else ():
            name, colon, _ = text.partition(":")
            if colon and name.lower() not in _HEADERS_OF_THE_ENGINE:
                what = f"the embedded engine ignores {name}; to send it to the upstream: "
                self.problems.append(Problem("--header", f"{what}--upstream-header"))

    def _headers(self) -> Iterable[tuple[str, str]]:
        for occurrence in self._occurrences:
            if occurrence.name == "--header":
                try:
                    yield read_header(occurrence.text or "")
                except ValueError as error:
                    self.problems.append(Problem(occurrence.source, str(error)))

    def _check_mtls(self, cert: str | None, key: str | None, address: Address) -> None:
        if bool(cert) != bool(key):
            given, missing = ("cert", "key") if cert else ("key", "cert")
            names = f"--mtls-client-{given}-file", f"--mtls-client-{missing}-file"
            self.problems.append(Problem(names[0], f"needs {names[1]} too"))
        elif cert and not address.secure:
            what = "works over https:// only"
            self.problems.append(Problem("--mtls-client-cert-file", what))

    def max_time(self) -> float | None:
        """The value of --max-time, in seconds; None for no limit."""
        if self.has("--max-time") and windows.is_windows():
            self.problems.append(Problem("--max-time", windows.UNSUPPORTED))
            return None
        return self.value("--max-time", seconds, None)

    def style(self, format_name: str, transform_name: str, default: str = "auto") -> OutputStyle:
        """The output style from these two options; the format is `default` if none is given."""
        is_error = format_name == "--format-error"
        name = self.value(format_name, error_format if is_error else output_format, default)
        return OutputStyle(
            format=name,
            transform=self._transform(transform_name),
            raw_strings=self.has("--raw-output"),
            annotated=self.has("--annotations"),
            color=self.color,
            columns=() if is_error else self._columns(name),
        )

    def _transform(self, name: str) -> str:
        """A GJSON path; "" if it is missing or invalid."""
        text = self.last(name)
        return text if text is not None and self._is_path(text, name) else ""

    def _is_path(self, text: str, source: str) -> bool:
        """Whether a text is a GJSON path; if not, adds a problem with the error's position."""
        from openai_cli.output.gjson import PathError, check

        try:
            check(text)
        except PathError as error:
            drawing = pointed(text, error.position)
            self.problems.append(Problem(source, error.message, drawing=drawing))
            return False
        return True

    def _columns(self, format_name: str) -> tuple[str, ...]:
        """The names or paths of --columns, without repetitions."""
        texts = self.all("--columns")
        if not texts:
            return ()
        from openai_cli.output.columns import split_columns

        if format_name not in ROW_FORMATS and not any(
            p.source == "--format" for p in self.problems
        ):
            self.problems.append(Problem("--columns", f"needs --format {' or '.join(ROW_FORMATS)}"))
        names = [name for text in texts for name in split_columns(text)]
        for place, name in enumerate(names):
            if not name:
                self.problems.append(Problem("--columns", f"column {place + 1} is empty"))
            elif name in names[:place]:
                self.problems.append(Problem("--columns", f"{shortened(name)} is repeated"))
            else:
                self._is_path(name, "--columns")
        return tuple(names)

    def dry_run(self) -> str:
        """How to show the request: `json` or `curl`; empty to send it."""
        if not self.has("--dry-run"):
            return ""
        return self.value("--dry-run", dry_run_format, "json")
