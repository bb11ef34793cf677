"""Commands of the tool itself, which are not API operations: `openai @manpages -o DIR`.

The name of a command starts with `@`, or the command belongs to one of `GROUPS`:
`local serve` is the command `serve` of the group `local`.
"""

from __future__ import annotations

from openai_cli.cli.builtin_command import SEVERAL_FILES, BuiltinCommand
from openai_cli.cli.options import (
    CONFIG_ACTIONS,
    ENGINE_FLAGS,
    EXPORT_SHAPES,
    LOG_FORMATS,
    MAX_ITEMS,
    OTHER,
    SHELLS,
    STORE,
    Option,
)
from openai_cli.cli.session import Session


def _print_script(session: Session) -> None:
    from openai_cli.completion.completion_commands import print_script

    print_script(session)


def _write_pages(session: Session) -> None:
    from openai_cli.manual.manpages_command import write_pages

    write_pages(session)


def _serve(session: Session) -> None:
    from openai_cli.cli.serve_command import serve

    serve(session)


def _work(session: Session) -> None:
    from openai_cli.cli.serve_command import work

    work(session)


def _import(session: Session) -> None:
    from openai_cli.cli.store_commands import import_

    import_(session)


def _export(session: Session) -> None:
    from openai_cli.cli.store_commands import export

    export(session)


def _copy(session: Session) -> None:
    from openai_cli.cli.store_commands import copy

    copy(session)


def _path(session: Session) -> None:
    from openai_cli.cli.store_commands import path

    path(session)


def _config(session: Session) -> None:
    from openai_cli.cli.config_command import config

    config(session)


def _doctor(session: Session) -> None:
    from openai_cli.cli.doctor_command import doctor

    doctor(session)


def _threads(session: Session) -> None:
    from openai_cli.cli.thread_commands import threads

    threads(session)


def _show(session: Session) -> None:
    from openai_cli.cli.thread_commands import show

    show(session)


def _merge(session: Session) -> None:
    from openai_cli.cli.results_commands import merge

    merge(session)


GROUPS = {
    "local": "The embedded engine itself: its store, its server",
    "local results": "Results of many runs: --each",
}
"""Groups of the tool's own commands, with their summaries; groups can be nested."""

_WORKERS = Option(
    "--workers", "Runs to work on at the same time; 128 if not set, 0 for none.", OTHER, "COUNT"
)
_HOST = Option("--host", "Address to listen on; 127.0.0.1 if not set.", OTHER, "ADDRESS")
_REQUIRE_KEY = Option(
    "--require-key",
    "Require the key in OPENAI_LOCAL_SERVER_KEY from clients.",
    OTHER,
    takes="nothing",
)
_DRAIN = Option(
    "--drain",
    "Seconds in which /readyz answers 503 before it stops; 0 if not set.",
    OTHER,
    "SECONDS",
)
_GRACE = Option(
    "--grace",
    "Seconds that active runs have to end when the server is stopped; 8 if not set.",
    OTHER,
    "SECONDS",
)
_LOG_FORMAT = Option(
    "--log-format",
    "Format of the log, on stderr: text, or json with a line for each request and run.",
    OTHER,
    "FORMAT",
    words=LOG_FORMATS,
)
_TURNS = Option(
    "--max-tool-turns",
    "Turns of tool calls a run may have; 32 if not set; also OPENAI_MAX_TOOL_TURNS.",
    OTHER,
    "COUNT",
)
_STORES = ("--base-url", "--local", "--profile")
_DIAGNOSED = (
    *_STORES, "--api-key", "--organization", "--project", "--header", "--timeout", *ENGINE_FLAGS,
    "--format", "--transform", "--raw-output",
)  # fmt: skip

BUILTIN_COMMANDS = (
    BuiltinCommand(
        name="@completion",
        summary="Print the completion script of a shell",
        runs=_print_script,
        words=("SHELL",),
        choices=SHELLS,
        examples=("openai @completion bash > openai.bash",),
    ),
    BuiltinCommand(
        name="@manpages",
        summary="Write the manual pages",
        runs=_write_pages,
        options=(
            Option("--output", "Folder to write to; created if missing.", OTHER, "DIR", "-o"),
        ),
        examples=("openai @manpages -o man1",),
    ),
    BuiltinCommand(
        name="local serve",
        summary="Serve the embedded engine over HTTP until it is stopped",
        runs=_serve,
        options=(
            _HOST,
            Option(
                "--port", "Port to listen on; 8080 if not set, 0 for a free one.", OTHER, "PORT"
            ),
            STORE,
            _REQUIRE_KEY,
            _TURNS,
            Option(
                "--passthrough",
                "Pass requests for chat completions and responses on to the upstream.",
                OTHER,
                takes="nothing",
            ),
            _WORKERS,
            _DRAIN,
            _GRACE,
            _LOG_FORMAT,
        ),
        examples=(
            "openai local serve",
            "openai local serve --port 0 --store team.db",
        ),
        shared=(*ENGINE_FLAGS, "--profile"),
        consequence="not started",
        stays=True,
    ),
    BuiltinCommand(
        name="local worker",
        summary="Work on the runs that servers queue in PostgreSQL, until it is stopped",
        runs=_work,
        options=(
            _HOST,
            Option(
                "--port",
                "Port for /healthz, /readyz and /metrics; none if not set, 0 for a free one.",
                OTHER,
                "PORT",
            ),
            STORE,
            _REQUIRE_KEY,
            _WORKERS,
            _TURNS,
            _GRACE,
            _LOG_FORMAT,
        ),
        examples=("openai local worker --store postgresql://db.example/team",),
        shared=(*ENGINE_FLAGS, "--profile"),
        consequence="not started",
        stays=True,
    ),
    BuiltinCommand(
        name="local import",
        summary="Import assistants, threads and messages from JSON into the store",
        runs=_import,
        words=("FILE",),
        options=(
            STORE,
            Option(
                "--replace",
                "Replace objects in the store that have the same id.",
                OTHER,
                takes="nothing",
            ),
            Option(
                "--skip-invalid",
                "Skip and report invalid objects instead of importing nothing.",
                OTHER,
                takes="nothing",
            ),
        ),
        examples=(
            """echo '{"id": "asst_1", "model": "echo"}' | openai local import - --store team.db""",
            'echo \'{"id": "thread_1", "messages": [{"role": "user", "content": "Hi"}]}\' | '
            "openai local import - --store team.db",
        ),
        shared=_STORES,
        consequence="nothing was imported",
    ),
    BuiltinCommand(
        name="local export",
        summary="Print the assistants, threads and messages of the store as JSON lines",
        runs=_export,
        options=(
            STORE,
            Option(
                "--as",
                "Form: objects for local import, or conversations for the Conversations API.",
                OTHER,
                "SHAPE",
                words=EXPORT_SHAPES,
            ),
        ),
        examples=(
            "openai local export --store team.db > saved.jsonl",
            "openai local export --store team.db --as conversations",
        ),
        shared=_STORES,
        consequence="nothing was exported",
    ),
    BuiltinCommand(
        name="local copy",
        summary="Copy a whole store into an empty one, and compare the two",
        runs=_copy,
        words=("FROM", "TO"),
        examples=(
            "openai local copy team.db saved.db",
            "openai local copy team.db postgresql://db.example/team",
        ),
        consequence="nothing was copied",
    ),
    BuiltinCommand(
        name="local threads",
        summary="List the threads in the store, newest first, with the end of each",
        runs=_threads,
        options=(STORE, MAX_ITEMS),
        examples=(
            "openai local threads --store team.db",
            "openai local threads --store team.db --max-items 1 --transform id -r",
        ),
        shared=(*_STORES, "--format", "--columns", "--transform", "--raw-output", "--color"),
        consequence="nothing was listed",
    ),
    BuiltinCommand(
        name="local show",
        summary="Print a thread, or the newest one, as a conversation",
        runs=_show,
        words=("[THREAD]",),
        options=(
            STORE,
            Option(
                "--follow",
                "Wait for further messages, and print them until Ctrl-C.",
                OTHER,
                takes="nothing",
            ),
        ),
        examples=("openai local show --store team.db",),
        shared=(*_STORES, "--color", "--no-pager"),
        consequence="nothing was printed",
    ),
    BuiltinCommand(
        name="local path",
        summary="Print the path of the store",
        runs=_path,
        options=(STORE,),
        examples=("openai local path",),
        shared=_STORES,
    ),
    BuiltinCommand(
        name="local config",
        summary="Show the settings in effect and their origins, or check the configuration file",
        runs=_config,
        words=("ACTION",),
        choices=CONFIG_ACTIONS,
        options=(STORE,),
        examples=(
            "openai local config show",
            """echo 'profiles.team.base_url = "local:"' > team.toml; """
            "OPENAI_CONFIG=team.toml openai local config check",
        ),
        shared=_DIAGNOSED,
    ),
    BuiltinCommand(
        name="local doctor",
        summary="Show version and settings, and check that the store and servers can be used",
        runs=_doctor,
        options=(STORE,),
        examples=("openai local doctor", "openai local doctor --format json"),
        shared=_DIAGNOSED,
        consequence="nothing was checked",
    ),
    BuiltinCommand(
        name="local results merge",
        summary="Merge the result files of --each, and report missing lines",
        runs=_merge,
        words=(SEVERAL_FILES,),
        options=(
            Option(
                "--input",
                "Input file of the results, to name the missing lines.",
                OTHER,
                "FILE",
            ),
            Option(
                "--output",
                "File for the merged results; stdout if not set.",
                OTHER,
                "FILE",
                "-o",
            ),
        ),
        examples=(
            """echo '{"line": 1, "run": {}}' > one.jsonl; openai local results merge one.jsonl""",
        ),
        consequence="nothing was merged",
    ),
)


def builtin_commands_of(group: str) -> dict[str, BuiltinCommand]:
    """The commands of a group, by their last word; with "", those without a group."""
    return {tool.command: tool for tool in BUILTIN_COMMANDS if tool.group == group}


def groups_in(group: str) -> dict[str, str]:
    """The names and summaries of the groups in a group; with "", of those in none."""
    return {name: text for name, text in GROUPS.items() if name.rpartition(" ")[0] == group}
