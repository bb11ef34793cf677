"""Global options: declared once, valid before and after the command."""

from __future__ import annotations

from typing import Literal, NamedTuple

from openai_cli.output.formats import FORMATS, ROW_FORMATS
from openai_cli.output.terminal import COLOURS


class Option(NamedTuple):
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


_FORMATS = ", ".join(FORMATS)
ERROR_FORMATS = tuple(name for name in FORMATS if name not in ("explore", *ROW_FORMATS))
"""Values of --format-error: the formats for a single object, except the interactive one."""

CONNECTION, OUTPUT, OTHER = "Connection", "Output", "Other"
CONFIG_ACTIONS = ("show", "path", "check")
LOG_FORMATS = ("text", "json")
"""Values of --log-format."""
EXPORT_SHAPES = ("objects", "conversations")
SHELLS = ("bash", "fish", "powershell", "zsh")
"""Shells with a completion script."""
UPSTREAM_APIS = ("responses", "chat")
UPSTREAM_HEADERS = "OPENAI_LOCAL_UPSTREAM_HEADERS"
UPSTREAM_KEY = "OPENAI_LOCAL_UPSTREAM_KEY"
UPSTREAM_VARIABLES = {
    "--upstream-url": "OPENAI_LOCAL_UPSTREAM_URL",
    "--upstream-api": "OPENAI_LOCAL_UPSTREAM_API",
    "--upstream-model": "OPENAI_LOCAL_UPSTREAM_MODEL",
    "--upstream-key": UPSTREAM_KEY,
    "--upstream-header": UPSTREAM_HEADERS,
}
"""Flags for the model server, with the variables they replace."""
DROP_TOOLS = "--drop-unsupported-tools"
ENGINE_FLAGS = (*UPSTREAM_VARIABLES, DROP_TOOLS)
"""Flags for the embedded engine only."""
CREDENTIALS = {
    "--api-key": "OPENAI_API_KEY",
    "--organization": "OPENAI_ORG_ID",
    "--project": "OPENAI_PROJECT_ID",
}
"""Flags that identify the caller, with their environment variables."""

OPTIONS = (
    Option("--api-key", "Key for the server, or @FILE, or - for standard input; also OPENAI_API_KEY.", CONNECTION, "KEY"),
    Option("--base-url", "Server; also OPENAI_BASE_URL. local: is the engine.", CONNECTION, "URL"),
    Option("--local", "Use the embedded engine: short for --base-url local:.", CONNECTION, takes="nothing"),
    Option("--upstream-url", "Model server for the engine; also OPENAI_LOCAL_UPSTREAM_URL.", CONNECTION, "URL"),
    Option("--upstream-api", "API of that server: responses or chat; also OPENAI_LOCAL_UPSTREAM_API.", CONNECTION, "API", words=UPSTREAM_APIS),
    Option("--upstream-model", "Model to ask there, or NAME=MODEL pairs, * for any name; also OPENAI_LOCAL_UPSTREAM_MODEL. Repeatable.", CONNECTION, "MODEL", repeatable=True),
    Option("--upstream-key", "Key for it, or @FILE; also OPENAI_LOCAL_UPSTREAM_KEY. OPENAI_API_KEY goes to openai.com only.", CONNECTION, "KEY"),
    Option("--upstream-header", "Header to add there: 'Name: value'; also OPENAI_LOCAL_UPSTREAM_HEADERS, one a line. Repeatable.", CONNECTION, "HEADER", repeatable=True),
    Option("--drop-unsupported-tools", "Run assistants without the hosted tools that the engine or its model server lacks; also OPENAI_LOCAL_DROP_UNSUPPORTED_TOOLS=1.", CONNECTION, takes="nothing"),
    Option("--profile", "Profile of the configuration file; also OPENAI_PROFILE.", CONNECTION, "NAME"),
    Option("--organization", "Organization to act for; also OPENAI_ORG_ID.", CONNECTION, "ID"),
    Option("--project", "Project to act for; also OPENAI_PROJECT_ID.", CONNECTION, "ID"),
    Option("--header", "Header to add: 'Name: value'. Repeatable.", CONNECTION, "HEADER", repeatable=True),
    Option("--timeout", "Seconds to wait for the server; 600 if not set.", CONNECTION, "SECONDS"),
    Option("--max-time", "Seconds for the whole command, retries and streams too; no limit if not set.", CONNECTION, "SECONDS"),
    Option("--max-answer-size", "Maximum bytes of an answer, or with K, M, G; 100M if not set, 0 for no limit.", CONNECTION, "SIZE"),
    Option("--max-retries", "Further attempts after a failure; 2 if not set.", CONNECTION, "COUNT"),
    Option("--mtls-client-cert-file", "Client certificate (PEM), with its key.", CONNECTION, "FILE"),
    Option("--mtls-client-key-file", "Key of the client certificate (PEM).", CONNECTION, "FILE"),
    Option("--admin-api-key", "Accepted for compatibility; not sent by these commands.", CONNECTION, "KEY"),
    Option("--webhook-secret", "Accepted for compatibility; not sent by these commands.", CONNECTION, "SECRET"),
    Option("--format", f"Format of the answer: {_FORMATS}.", OUTPUT, "FORMAT", words=FORMATS),
    Option("--columns", "Columns of csv and table: names or GJSON paths, with commas between. Repeatable.", OUTPUT, "PATHS", repeatable=True),
    Option("--format-error", "Format of an API error, on stderr.", OUTPUT, "FORMAT", words=ERROR_FORMATS),
    Option("--transform", "GJSON path applied to the answer, each item or event.", OUTPUT, "PATH"),
    Option("--transform-error", "GJSON path applied to an API error.", OUTPUT, "PATH"),
    Option("--raw-output", "Print strings without quotes.", OUTPUT, short="-r", takes="nothing"),
    Option("--annotations", "Print numbered source notes below a reply in --format text.", OUTPUT, takes="nothing"),
    Option("--color", "Colours: auto (on a terminal), always, never.", OUTPUT, "WHEN", words=COLOURS),
    Option("--no-pager", "Never show a long answer through PAGER.", OUTPUT, takes="nothing"),
    Option("--dry-run", "Show the request, send nothing: json or curl.", OTHER, "json|curl", takes="optional", words=("json", "curl")),
    Option("--no-validate", "Send values as they are, without checking them.", OTHER, takes="nothing"),
    Option("--stdin-timeout", "Seconds a pipe has to bring the first byte of a body; 0.05 if not set, 0 for never; also OPENAI_STDIN_TIMEOUT.", OTHER, "SECONDS"),
    Option("--no-stdin", "Never read standard input.", OTHER, takes="nothing"),
    Option("--debug", "Show request and answer on stderr, without secrets.", OTHER, takes="nothing"),
    Option("--version", "Show the version.", OTHER, short="-v", takes="nothing"),
    Option("--help", "Show this help.", OTHER, short="-h", takes="nothing"),
)  # fmt: skip

BODY_OPTIONS = (
    Option("--body", "Request body: - for standard input, @FILE, JSON or YAML; flags override its fields.", OTHER, "BODY"),
    Option("--raw-field", "Literal text for another flag: @FILE, JSON and null are not interpreted. Repeatable.", OTHER, "FLAG=TEXT", repeatable=True),
)  # fmt: skip
"""Options of commands that send a body."""

ROOT_OPTIONS = (
    Option("--show-completion", "Print the completion script of your shell, or of SHELL.", OTHER, "[SHELL]", takes="optional", words=SHELLS, any_word=True),
    Option("--install-completion", "Install completion for your shell, or for SHELL.", OTHER, "[SHELL]", takes="optional", words=SHELLS, any_word=True),
)  # fmt: skip
"""Options that are valid only without a command."""

STORE = Option(
    "--store",
    "File or postgresql:// URL of the store; also OPENAI_LOCAL_STORE.",
    CONNECTION,
    "FILE",
)

MAX_ITEMS = Option(
    "--max-items", "Items or events to print at most; -1 for all, 0 for none.", OUTPUT, "COUNT"
)

MAX_PAGES = Option(
    "--max-pages", "Pages of a list to fetch at most; 5000 if not set, 0 for no limit.", OUTPUT, "COUNT"
)  # fmt: skip
