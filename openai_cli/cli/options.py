"""Global options: declared once, valid before and after the command."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from openai_cli.api.run_limits import MAX_TOOL_TURNS_VARIABLE
from openai_cli.cli.near_words import near
from openai_cli.cli.upstream_options import (
    UPSTREAM_APIS,
    UPSTREAM_FLAGS,
    upstream_environ,
    upstream_secrets,
)
from openai_cli.client.address import DEFAULT_BASE_URL, LOCAL, Address, read_address
from openai_cli.client.headers import check_credential, read_header
from openai_cli.client.settings import DEFAULT_ANSWER_SIZE, ConnectionSettings
from openai_cli.errors import Problem, UsageError, shortened
from openai_cli.input.arguments import Occurrence
from openai_cli.input.scalars import read_integer
from openai_cli.output.printer import FORMATS, OutputStyle


@dataclass(frozen=True)
class Option:
    """One option of the tool itself; fields as in `FlagRow`."""

    name: str
    help: str
    panel: str
    metavar: str = ""
    short: str = ""
    takes: Literal["value", "optional", "nothing"] = "value"
    words: tuple[str, ...] = ()
    any_word: bool = False
    repeatable: bool = False


T = TypeVar("T")
D = TypeVar("D")

_UNITS = {"K": 1024, "M": 1024**2, "G": 1024**3}
DEFAULT_PAGES = 5000
_FORMATS = ", ".join(FORMATS)
ERROR_FORMATS = tuple(name for name in FORMATS if name != "explore")
"""Values of --format-error: all formats except explore."""

CONNECTION, OUTPUT, OTHER = "Connection", "Output", "Other"
_HEADERS_OF_THE_ENGINE = ("idempotency-key", "openai-beta")
"""Headers that the engine reads, or that say nothing new to it."""
EXPORT_SHAPES = ("objects", "conversations")
SHELLS = ("bash", "fish", "powershell", "zsh")
"""Shells with a completion script."""
CREDENTIALS = {
    "--api-key": "OPENAI_API_KEY",
    "--organization": "OPENAI_ORG_ID",
    "--project": "OPENAI_PROJECT_ID",
}
"""Flags that identify the caller, with their environment variables."""

OPTIONS = (
    Option("--api-key", "Key for the server; also OPENAI_API_KEY.", CONNECTION, "KEY"),
    Option("--base-url", "Server; also OPENAI_BASE_URL. local: is the engine.", CONNECTION, "URL"),
    Option("--local", "Use the embedded engine: short for --base-url local:.", CONNECTION, takes="nothing"),
    Option("--upstream-url", "Model server for the engine; also OPENAI_LOCAL_UPSTREAM_URL.", CONNECTION, "URL"),
    Option("--upstream-api", "API of that server: responses or chat; also OPENAI_LOCAL_UPSTREAM_API.", CONNECTION, "API", words=UPSTREAM_APIS),
    Option("--upstream-model", "Model to ask there, or NAME=MODEL pairs, * for any name; also OPENAI_LOCAL_UPSTREAM_MODEL. Repeatable.", CONNECTION, "MODEL", repeatable=True),
    Option("--upstream-key", "Key for it; also OPENAI_LOCAL_UPSTREAM_KEY. OPENAI_API_KEY goes to openai.com only.", CONNECTION, "KEY"),
    Option("--upstream-header", "Header to add there: 'Name: value'; also OPENAI_LOCAL_UPSTREAM_HEADERS, one a line. Repeatable.", CONNECTION, "HEADER", repeatable=True),
    Option("--organization", "Organization to act for; also OPENAI_ORG_ID.", CONNECTION, "ID"),
    Option("--project", "Project to act for; also OPENAI_PROJECT_ID.", CONNECTION, "ID"),
    Option("--header", "Header to add: 'Name: value'. Repeatable.", CONNECTION, "HEADER", repeatable=True),
    Option("--timeout", "Seconds to wait for the server; 600 if not set.", CONNECTION, "SECONDS"),
    Option("--max-time", "Seconds for the whole command, retries and streams too; no limit if not set.", CONNECTION, "SECONDS"),
    Option("--max-answer-size", "Bytes of an answer at most, or with K, M, G; 100M if not set, 0 for no limit.", CONNECTION, "SIZE"),
    Option("--max-retries", "Further attempts after a failure; 2 if not set.", CONNECTION, "COUNT"),
    Option("--mtls-client-cert-file", "Client certificate (PEM), with its key.", CONNECTION, "FILE"),
    Option("--mtls-client-key-file", "Key of the client certificate (PEM).", CONNECTION, "FILE"),
    Option("--admin-api-key", "Accepted for compatibility; not sent by these commands.", CONNECTION, "KEY"),
    Option("--webhook-secret", "Accepted for compatibility; not sent by these commands.", CONNECTION, "SECRET"),
    Option("--format", f"Format of the answer: {_FORMATS}.", OUTPUT, "FORMAT", words=FORMATS),
    Option("--format-error", "Format of an API error, on stderr.", OUTPUT, "FORMAT", words=ERROR_FORMATS),
    Option("--transform", "GJSON path applied to the answer, each item or event.", OUTPUT, "PATH"),
    Option("--transform-error", "GJSON path applied to an API error.", OUTPUT, "PATH"),
    Option("--raw-output", "Print strings without quotes.", OUTPUT, short="-r", takes="nothing"),
    Option("--annotations", "Print numbered source notes below a reply in --format text.", OUTPUT, takes="nothing"),
    Option("--no-pager", "Never show a long answer through PAGER.", OUTPUT, takes="nothing"),
    Option("--dry-run", "Show the request, send nothing: json or curl.", OTHER, "json|curl", takes="optional", words=("json", "curl")),
    Option("--no-validate", "Send values as they are, without checking them.", OTHER, takes="nothing"),
    Option("--stdin-timeout", "Seconds to wait for the first byte of piped input; 3 if not set.", OTHER, "SECONDS"),
    Option("--debug", "Show request and answer on stderr, without secrets.", OTHER, takes="nothing"),
    Option("--version", "Show the version.", OTHER, short="-v", takes="nothing"),
    Option("--help", "Show this help.", OTHER, short="-h", takes="nothing"),
)  # fmt: skip

ROOT_OPTIONS = (
    Option("--show-completion", "Print the completion script of your shell, or of SHELL.", OTHER, "[SHELL]", takes="optional", words=SHELLS, any_word=True),
    Option("--install-completion", "Install completion for your shell, or for SHELL.", OTHER, "[SHELL]", takes="optional", words=SHELLS, any_word=True),
)  # fmt: skip
"""Options that are valid only without a command."""

MAX_ITEMS = Option(
    "--max-items", "Items or events to print at most; -1 for all, 0 for none.", OUTPUT, "COUNT"
)

MAX_PAGES = Option(
    "--max-pages", "Pages of a list to fetch at most; 5000 if not set, 0 for no limit.", OUTPUT, "COUNT"
)  # fmt: skip


@dataclass(frozen=True)
class Options:
    """The parsed global options; times are in seconds.

    `max_items` and `max_time` are None for no limit, `max_pages` is 0.
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


def read_options(
    occurrences: Sequence[Occurrence], environ: Mapping[str, str]
) -> tuple[Options, list[Problem]]:
    """The parsed options, and all problems with them; an invalid option has its default."""
    reader = OptionReader(occurrences, environ)
    options = Options(
        settings=reader.settings(),
        style=reader.style("--format", "--transform"),
        debug=reader.has("--debug"),
        dry_run=reader.dry_run(),
        check=not reader.has("--no-validate"),
        pager=not reader.has("--no-pager"),
        stdin_timeout=reader.value("--stdin-timeout", seconds, 3.0),
        max_items=reader.value("--max-items", _max_items, None),
        max_pages=reader.value("--max-pages", whole(0, 10**9), DEFAULT_PAGES),
        max_time=reader.value("--max-time", seconds, None),
    )
    reader.style("--format-error", "--transform-error")
    return options, reader.problems


def error_style(occurrences: Sequence[Occurrence]) -> OutputStyle:
    """How to print errors; invalid options are ignored."""
    return OptionReader(occurrences, {}).style("--format-error", "--transform-error")


class OptionReader:
    """Parses options and collects all problems with them."""

    def __init__(self, occurrences: Sequence[Occurrence], environ: Mapping[str, str]) -> None:
        self._occurrences = occurrences
        self._environ = environ
        self.problems: list[Problem] = []

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
        if text is None:
            return default
        try:
            return read(text)
        except ValueError as expected:
            self.problems.append(Problem(name, f'expected {expected}, found "{shortened(text)}"'))
            return default

    def setting(self, name: str, variable: str) -> tuple[str, str]:
        """The text of a flag, else of a variable, and which of both it came from."""
        text = self.last(name)
        return (text, name) if text is not None else (self._environ.get(variable, ""), variable)

    def setting_value(
        self, name: str, variable: str, read: Callable[[str], T], default: D
    ) -> T | D:
        """Like `value`, from the flag or from the variable that stands in for it."""
        text, source = self.setting(name, variable)
        if not text and source == variable:
            return default
        try:
            return read(text)
        except ValueError as expected:
            self.problems.append(Problem(source, f'expected {expected}, found "{text}"'))
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
        environ = self._with_upstream(identity) if address.is_local else self._environ
        return ConnectionSettings(
            address=address,
            api_key=identity["OPENAI_API_KEY"],
            organization=identity["OPENAI_ORG_ID"],
            project=identity["OPENAI_PROJECT_ID"],
            headers=tuple(self._headers()),
            timeout=self.value("--timeout", seconds, 600.0),
            max_answer_size=self.value("--max-answer-size", _size, DEFAULT_ANSWER_SIZE),
            max_retries=self.value("--max-retries", whole(0, 100), 2),
            client_cert=cert or "",
            client_key=key or "",
            environ=environ,
            secrets=tuple(upstream_secrets(environ)) if address.is_local else (),
        )

    def _with_upstream(self, identity: Mapping[str, str]) -> dict[str, str]:
        """The environment for the engine: with what the flags say about it and its upstream."""
        variables = {
            **identity,
            **upstream_environ(self, self._environ),
            "OPENAI_LOCAL_UPSTREAM_TIMEOUT": self.last("--timeout"),
            MAX_TOOL_TURNS_VARIABLE: self.last("--max-tool-turns"),
        }
        return {**self._environ, **{name: text for name, text in variables.items() if text}}

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
        text, source = self.setting(name, variable)
        try:
            return check_credential(text, source)
        except UsageError as error:
            self.problems += error.problems
            return ""

    def _check_place(self, address: Address) -> None:
        """Refuse flags that would go nowhere: those of an upstream, and headers for the engine."""
        for name in () if address.is_local else UPSTREAM_FLAGS:
            if self.has(name):
                self.problems.append(Problem(name, "works with the embedded engine only: --local"))
        for text in self.all("--header") if address.is_local else ():
            name, colon, _ = text.partition(":")
            if colon and name.lower() not in _HEADERS_OF_THE_ENGINE:
                what = f"the embedded engine has no use for {name}; for its models' server: "
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

    def style(self, format_name: str, transform_name: str) -> OutputStyle:
        """The output style from these two options."""
        read = _format if format_name == "--format" else _error_format
        return OutputStyle(
            format=self.value(format_name, read, "auto"),
            transform=self._path(transform_name),
            raw_strings=self.has("--raw-output"),
            annotated=self.has("--annotations"),
        )

    def _path(self, name: str) -> str:
        """A GJSON path; for an invalid one, the problem points at the error."""
        from openai_cli.output.gjson import PathError, check

        text = self.last(name)
        if text is None:
            return ""
        try:
            check(text)
        except PathError as error:
            self.problems.append(Problem(name, pointed(error.message, text, error.position)))
            return ""
        return text

    def dry_run(self) -> str:
        """How to show the request: `json` or `curl`; empty to send it."""
        if not self.has("--dry-run"):
            return ""
        return self.value("--dry-run", _dry_run, "json")


def pointed(message: str, text: str, position: int) -> str:
    """The message, with the text and a caret at `position` on the lines below."""
    before, after = text[:position], text[position:]
    shown = before.expandtabs(1).replace("\n", " ")
    return f"{message}\n  {shown}{after}\n  {' ' * len(shown)}^"


def _format(text: str) -> str:
    return _one_of(text, FORMATS)


def _error_format(text: str) -> str:
    return _one_of(text, ERROR_FORMATS)


def _one_of(text: str, names: Sequence[str]) -> str:
    name = text.lower()
    if name not in names:
        raise ValueError(f"one of {', '.join(names)}{near(name, names)}")
    return name


def seconds(text: str) -> float:
    """Parse a time in seconds. Raises ValueError with what was expected."""
    try:
        value = float(text)
    except ValueError:
        value = -1
    if not (math.isfinite(value) and 0 < value <= 86400):
        raise ValueError("a number of seconds above 0, up to a day")
    return value


def whole(low: int, high: int) -> Callable[[str], int]:
    """A parser of whole numbers within these bounds; it raises ValueError for other texts."""

    def read(text: str) -> int:
        try:
            number = read_integer(text)
        except ValueError:
            number = low - 1
        if not low <= number <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return number

    return read


def _size(text: str) -> int:
    """A number of bytes: `64M`. Raises ValueError."""
    unit = _UNITS.get(text[-1:].upper(), 1)
    try:
        size = read_integer(text if unit == 1 else text[:-1]) * unit
    except ValueError:
        size = -1
    if size < 0:
        raise ValueError("a number of bytes, such as 500000 or 64M, or 0 for no limit")
    return size


def _max_items(text: str) -> int | None:
    try:
        count = read_integer(text)
    except ValueError:
        count = -2
    if count < -1:
        raise ValueError("a whole number, or -1 for all")
    return None if count == -1 else count


def _dry_run(text: str) -> str:
    if text not in ("json", "curl"):
        raise ValueError(f"json or curl{near(text, ('json', 'curl'))}")
    return text
