"""What man pages and reference pages say alike, beside the flags themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator

from openai_cli.api.operation import Operation
from openai_cli.api.operations import RESOURCES, commands_of
from openai_cli.cli.catalog import FlagRow, command_rows, global_rows
from openai_cli.cli.help import PANELS
from openai_cli.errors import CliError

STORE = "~/.local/share/openai-cli/assistants.db"
"""The engine's default store on Linux, without XDG_DATA_HOME."""

FILES = (
    (
        STORE,
        "The store of the embedded engine, an SQLite database (below XDG_DATA_HOME if that is "
        "set; in the platform's data folder on other systems). --base-url local:FILE takes "
        "another one.",
    ),
)

VALUES = (
    (
        "JSON or YAML",
        "A value is read as JSON, else as YAML 1.2 in one line: {role: user, content: Hi}. "
        "yes, on and dates stay texts; where a text is expected, anything is one.",
    ),
    ("null", "Sends null, where the server takes it."),
    (
        "@FILE",
        "The content of a file, anywhere in a value: as text, as base64 if it is binary, and "
        "read as JSON or YAML where an object or a list is expected. @file:// and @data:// "
        "choose text or base64; @- is standard input; \\@ is a plain @.",
    ),
    ("KEY=VALUE", "One pair of a metadata flag; repeat the flag for more."),
    (
        "repeated flags",
        "A list flag takes one element or a whole list, and adds up when repeated. An object "
        "flag merges. A dotted flag (--thread.messages) sets one field of an object flag.",
    ),
    (
        "standard input",
        "A pipe may bring the whole request as JSON or YAML; flags win over it, field by field.",
    ),
)

_OTHER_VARIABLES = (
    ("OPENAI_LOCAL_STORE", "File of the store that local: means."),
    (
        "OPENAI_LOCAL_UPSTREAM_TIMEOUT",
        "Seconds that the upstream may be silent; 600 if not set.",
    ),
    (
        "OPENAI_MAX_TOOL_TURNS",
        "Stands in for --max-tool-turns: turns of tool calls that are answered; 32 if not set.",
    ),
    (
        "OPENAI_TOOL_NAME, OPENAI_TOOL_CALL_ID, OPENAI_RUN_ID, OPENAI_THREAD_ID",
        "Set for a command of --on-tool-call: what it is asked for, and by which run.",
    ),
    (
        "OPENAI_ADMIN_KEY, OPENAI_WEBHOOK_SECRET",
        "Not used; like all keys not passed on to commands of --on-tool-call.",
    ),
    ("OPENAI_LOCAL_SERVER_KEY", "Key that local serve --require-key asks for."),
    ("XDG_DATA_HOME", "Folder below which that store is kept if the above is not set."),
    ("NO_COLOR", "If not empty: no colours."),
    ("FORCE_COLOR", "If not empty and not 0: colours even where no terminal is."),
    ("PAGER", "Shows an answer longer than the terminal: less if not set, cat for none."),
    ("HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY", "Proxies, and hosts reached without one."),
    ("SSL_CERT_FILE, SSL_CERT_DIR", "Certificates to trust in place of the built-in ones."),
)


def environment() -> Iterator[tuple[str, str]]:
    """Environment variables and what they do; those of options are read from their help."""
    for row in global_rows():
        for name in re.findall(r"\balso (OPENAI_\w+)", row.help):
            yield name, f"Stands in for {row.name}."
    yield from _OTHER_VARIABLES


def exit_codes() -> Iterator[tuple[int, str]]:
    """Exit codes in order, and what each says."""
    yield 0, "The request was answered and the answer printed."
    # A kind of error within another one shares its code.
    told = {error.exit_code: error.meaning for error in reversed([*_family(CliError)])}
    yield from sorted(told.items())


def _family(error: type[CliError]) -> Iterator[type[CliError]]:
    yield error
    for child in error.__subclasses__():
        yield from _family(child)


def own_rows(operation: Operation) -> tuple[FlagRow, ...]:
    """The flags that belong to the command, without the global ones."""
    shared = {row.name for row in global_rows()}
    return tuple(row for row in command_rows(operation) if row.name not in shared)


def by_panel(rows: tuple[FlagRow, ...]) -> dict[str, list[FlagRow]]:
    """Rows by panel, panels in the order help shows them."""
    found = dict.fromkeys(row.panel for row in rows)
    names = [*(name for name in PANELS if name in found), *(n for n in found if n not in PANELS)]
    return {name: [row for row in rows if row.panel == name] for name in names}


def traits(row: FlagRow) -> str:
    """What a flag allows beyond a plain value and is not in its help: limits, null, files, …"""
    said = [
        "required" if row.required else "",
        row.limits,
        "null" if row.nullable else "",
        "@FILE" if row.reference else "",
        "repeatable" if row.repeatable else "",
    ]
    return "; ".join(part for part in said if part and part not in row.help.lower())


def resources() -> Iterator[tuple[str, str, tuple[Operation, ...]]]:
    """Each resource with its summary and operations; one without any is left out."""
    for name, summary in RESOURCES.items():
        operations = tuple(commands_of(name).values())
        if operations:
            yield name, summary, operations
