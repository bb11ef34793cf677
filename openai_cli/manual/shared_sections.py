"""Content shared by man pages and reference pages: files, values, variables, exit codes."""

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
CONFIG = "~/.config/openai-cli/config.toml"
"""The configuration file on Linux, without XDG_CONFIG_HOME."""

FILES = (
    (
        STORE,
        "The store of the embedded engine, an SQLite database (below XDG_DATA_HOME if that is "
        "set; in the platform's data folder on other systems). --base-url local:FILE selects "
        "another file.",
    ),
    (
        CONFIG,
        "Profiles: named sets of options (below XDG_CONFIG_HOME if that is set; in the platform's "
        "folder of settings on other systems). OPENAI_CONFIG names another file.",
    ),
)

VALUES = (
    (
        "JSON or YAML",
        "A value is read as JSON, else as one-line YAML 1.2: {role: user, content: Hi}. yes, on "
        "and dates are strings; a flag that expects text takes any value as text.",
    ),
    ("null", "Sends null, for flags that allow it."),
    (
        "@FILE",
        "The content of a file, anywhere in a value: as text, and parsed as JSON or YAML if an "
        "object or a list is expected. @file:// replaces invalid bytes, @data:// sends "
        "base64; @- is standard input; \\@ is a literal @, and --raw-field sends text unchanged.",
    ),
    ("KEY=VALUE", "One pair of a metadata flag; repeat the flag for more."),
    (
        "repeated flags",
        "A list flag takes one element or a whole list; repeated values are appended. Repeated "
        "object flags are merged. A dotted flag (--thread.messages) sets one field of an object.",
    ),
    (
        "standard input",
        "The request can be piped in as a JSON or YAML object; flags override its fields. - as "
        "the last word, or --body -, waits for it; a command without a body reads it only if an "
        "id is missing or -. In a loop over standard input, add < /dev/null.",
    ),
)

_OTHER_VARIABLES = (
    (
        "OPENAI_CONFIG",
        "The configuration file; empty for none. If not set: the platform's default path.",
    ),
    ("OPENAI_LOCAL_STORE", "File of the store for --local and local:."),
    (
        "OPENAI_LOCAL_UPSTREAM_TIMEOUT",
        "Seconds to wait for data from the upstream; 600 if not set.",
    ),
    (
        "OPENAI_MAX_TOOL_TURNS",
        "Default of --max-tool-turns: the limit of turns of tool calls; 32 if not set.",
    ),
    (
        "OPENAI_TOOL_NAME, OPENAI_TOOL_CALL_ID, OPENAI_RUN_ID, OPENAI_THREAD_ID",
        "Set for commands of --on-tool-call: the function call and its run.",
    ),
    (
        "OPENAI_ADMIN_KEY, OPENAI_WEBHOOK_SECRET",
        "Not used; like all keys, not passed to commands of --on-tool-call.",
    ),
    ("OPENAI_LOCAL_SERVER_KEY", "Key that clients of local serve --require-key must send."),
    ("XDG_DATA_HOME", "Base folder of the engine's default store."),
    ("XDG_CONFIG_HOME", "Base folder of the configuration file."),
    ("NO_COLOR", "If not empty: no colours; --color takes precedence."),
    (
        "FORCE_COLOR, CLICOLOR_FORCE",
        "If not empty and not 0: colours on any terminal; never in a pipe or a file.",
    ),
    ("CLICOLOR", "If 0: no colours, unless one of those above is set."),
    (
        "PAGER",
        "Pager for answers longer than the terminal; less if not set; empty or cat for none.",
    ),
    ("HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY", "Proxies, and hosts reached without one."),
    (
        "SSL_CERT_FILE, SSL_CERT_DIR, REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE",
        "Trusted certificates instead of the system's or built-in ones; the first set one counts.",
    ),
)


def environment() -> Iterator[tuple[str, str]]:
    """Environment variables and what they do; names after "also" in an option's help are added."""
    for row in global_rows():
        for name in re.findall(r"\balso (OPENAI_\w+)", row.help):
            yield name, f"Default of {row.name}."
    yield from _OTHER_VARIABLES


def exit_codes() -> Iterator[tuple[int, str]]:
    """Exit codes in ascending order, with their meanings."""
    yield 0, "The request was answered and the answer printed."
    # Reversed, so that the meaning of a base class wins over a subclass with the same code.
    meanings = {error.exit_code: error.meaning for error in reversed([*_family(CliError)])}
    yield from sorted(meanings.items())


def _family(error: type[CliError]) -> Iterator[type[CliError]]:
    yield error
    for child in error.__subclasses__():
        yield from _family(child)


def own_rows(operation: Operation) -> tuple[FlagRow, ...]:
    """The flags of the command, without the global ones."""
    shared = {row.name for row in global_rows()}
    return tuple(row for row in command_rows(operation) if row.name not in shared)


def by_panel(rows: tuple[FlagRow, ...]) -> dict[str, list[FlagRow]]:
    """Rows by panel, panels in the order help shows them."""
    panels = dict.fromkeys(row.panel for row in rows)
    names = [*(name for name in PANELS if name in panels), *(n for n in panels if n not in PANELS)]
    return {name: [row for row in rows if row.panel == name] for name in names}


def traits(row: FlagRow) -> str:
    """What a flag allows that its help does not mention: limits, null, files, repetition."""
    parts = [
        "required" if row.required else "",
        row.limits,
        "null" if row.nullable else "",
        "@FILE" if row.reference else "",
        "repeatable" if row.repeatable else "",
    ]
    return "; ".join(part for part in parts if part and part not in row.help.lower())


def resources() -> Iterator[tuple[str, str, tuple[Operation, ...]]]:
    """Each resource with its summary and operations; one without any is left out."""
    for name, summary in RESOURCES.items():
        operations = tuple(commands_of(name).values())
        if operations:
            yield name, summary, operations
