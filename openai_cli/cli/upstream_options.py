"""Options of the embedded engine, for commands and `local serve`: model server and limits.

The options replace variables in the environment that is passed to the engine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from openai_cli.api.run_limits import DROP_TOOLS_VARIABLE, MAX_TOOL_TURNS_VARIABLE
from openai_cli.cli.near_words import near
from openai_cli.cli.options import (
    DROP_TOOLS,
    UPSTREAM_APIS,
    UPSTREAM_HEADERS,
    UPSTREAM_KEY,
    UPSTREAM_VARIABLES,
)
from openai_cli.client.address import read_address
from openai_cli.client.headers import read_header, read_headers
from openai_cli.client.redaction import header_secrets, url_secrets
from openai_cli.errors import Problem, UsageError


class FlagReader(Protocol):
    """The part of the option reader that this module needs."""

    problems: list[Problem]

    def has(self, name: str) -> bool:
        """Whether the flag was given."""

    def last(self, name: str) -> str | None:
        """The text of the last occurrence."""

    def all(self, name: str) -> list[str]:
        """The texts of all occurrences, in order."""

    def credential(self, name: str) -> str:
        """The option's key: the text, or the content of `@FILE`."""


def engine_environ(reader: FlagReader, environ: Mapping[str, str]) -> dict[str, str]:
    """The engine's variables that flags set. Invalid flags are added to `reader.problems`."""
    for name in UPSTREAM_VARIABLES:
        if reader.last(name) == "":
            reader.problems.append(Problem(name, "is empty"))
    reader.problems += [*_problems(reader)]
    texts = {variable: reader.last(name) or "" for name, variable in UPSTREAM_VARIABLES.items()}
    texts[UPSTREAM_KEY] = reader.credential("--upstream-key")
    texts["OPENAI_LOCAL_UPSTREAM_MODEL"] = ",".join(reader.all("--upstream-model"))
    texts[MAX_TOOL_TURNS_VARIABLE] = reader.last("--max-tool-turns") or ""
    texts[DROP_TOOLS_VARIABLE] = "1" if reader.has(DROP_TOOLS) else ""
    headers = reader.all("--upstream-header")
    # A header from the environment is also sent, unless a flag sets a header of that name.
    texts[UPSTREAM_HEADERS] = (
        "\n".join([environ.get(UPSTREAM_HEADERS, ""), *headers]) if headers else ""
    )
    return {variable: text for variable, text in texts.items() if text}


def upstream_secrets(environ: Mapping[str, str]) -> Iterator[str]:
    """The upstream's secrets: its key, and secrets in its headers and address."""
    yield environ.get(UPSTREAM_KEY, "")
    yield from url_secrets(environ.get("OPENAI_LOCAL_UPSTREAM_URL", ""))
    try:
        headers = read_headers(environ.get(UPSTREAM_HEADERS, ""))
    except ValueError:
        yield environ.get(UPSTREAM_HEADERS, "")
    else:
        yield from header_secrets(headers)


def _problems(reader: FlagReader) -> Iterator[Problem]:
    api, url = map(reader.last, ("--upstream-api", "--upstream-url"))
    if api and api not in UPSTREAM_APIS:
        found = f'found "{api}"{near(api, UPSTREAM_APIS)}'
        yield Problem("--upstream-api", f"expected {' or '.join(UPSTREAM_APIS)}, {found}")
    try:
        if url:
            read_address(url, "--upstream-url", or_engine=False)
    except UsageError as error:
        yield from error.problems
    yield from _wrong_names(reader)
    for text in filter(None, reader.all("--upstream-header")):
        try:
            read_header(text)
        except ValueError as error:
            yield Problem("--upstream-header", str(error))


def _wrong_names(reader: FlagReader) -> Iterator[Problem]:
    from openai_cli.engine.models.upstream.model_names import read_model_names

    texts = list(filter(None, reader.all("--upstream-model")))
    try:
        if texts:
            read_model_names(",".join(texts))
    except ValueError as error:
        yield Problem("--upstream-model", str(error))
