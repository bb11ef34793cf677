"""Commands of the tool itself, beside the operations: `openai @manpages -o DIR` and its like.

One stands alone, with a name that begins with `@` as no resource does, or in a group of `GROUPS`:
`local serve` is the command `serve` of the group `local`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from openai_cli.cli.catalog import FlagRow, global_rows, option_row
from openai_cli.cli.options import CONNECTION, EXPORT_SHAPES, OTHER, SHELLS, Option
from openai_cli.cli.session import Session
from openai_cli.cli.upstream_options import UPSTREAM_FLAGS
from openai_cli.errors import Problem, UsageError

_COMMON = ("--format-error", "--debug", "--help")


@dataclass(frozen=True)
class BuiltinCommand:
    """One such command. `runs` does it, given the session.

    `name` is all that is typed for it, group and command. `words` are the words it takes, as help
    shows them, `choices` what the first may be; its options are in `session.arguments` like any
    other. Of the global options it takes those in `shared`, and a few that all of these commands
    take. One that `stays` runs until it is stopped, so its examples are not tried.
    """

    name: str
    summary: str
    runs: Callable[[Session], None]
    words: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()
    examples: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    stays: bool = False

    @property
    def group(self) -> str:
        """The group it belongs to; empty if it stands alone."""
        return self.name.rpartition(" ")[0]

    @property
    def command(self) -> str:
        """The last word of its name."""
        return self.name.rpartition(" ")[2]

    @property
    def usage(self) -> str:
        """The command as it is typed, with the places of its words."""
        return " ".join(["openai", self.name, *self.words, "[flags]"])

    @property
    def own_rows(self) -> tuple[FlagRow, ...]:
        """Its own flags, and the global ones that it shares."""
        shared = (row for row in global_rows() if row.name in self.shared)
        return (*map(option_row, self.options), *shared)

    @property
    def rows(self) -> tuple[FlagRow, ...]:
        """All flags it takes, with those that every such command takes."""
        return (*self.own_rows, *(row for row in global_rows() if row.name in _COMMON))

    def run(self, session: Session) -> None:
        """Do it. Raises a CliError."""
        extra = session.arguments.words[len(self.words) :]
        taken = {row.name for row in self.rows}
        problems = [Problem(f'"{word}"', "unexpected argument") for word in extra] + [
            Problem(occurrence.source, f"openai {self.name} does not take it")
            for occurrence in session.arguments.occurrences
            if occurrence.name not in taken
        ]
        if problems or session.arguments.problems:
            raise UsageError(problems=[*session.arguments.problems, *problems])
        self.runs(session)


def _print_script(session: Session) -> None:
    from openai_cli.completion.completion_commands import print_script

    print_script(session)


def _write_pages(session: Session) -> None:
    from openai_cli.manual.manpages_command import write_pages

    write_pages(session)


def _serve(session: Session) -> None:
    from openai_cli.cli.serve_command import serve

    serve(session)


def _import(session: Session) -> None:
    from openai_cli.cli.store_commands import import_

    import_(session)


def _export(session: Session) -> None:
    from openai_cli.cli.store_commands import export

    export(session)


def _path(session: Session) -> None:
    from openai_cli.cli.store_commands import path

    path(session)


GROUPS = {
    "local": "The embedded engine itself: its store, its server",
}
"""Groups of commands of the tool, with their summaries."""

_STORE = Option("--store", "Store to use; also OPENAI_LOCAL_STORE.", CONNECTION, "FILE")
_STORES = ("--base-url", "--local")

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
            Option("--output", "Folder to write them to; made if missing.", OTHER, "DIR", "-o"),
        ),
        examples=("openai @manpages -o man1",),
    ),
    BuiltinCommand(
        name="local serve",
        summary="Serve the embedded engine over HTTP until it is stopped",
        runs=_serve,
        options=(
            Option("--host", "Address to listen on; 127.0.0.1 if not set.", OTHER, "ADDRESS"),
            Option(
                "--port", "Port to listen on; 8080 if not set, 0 for a free one.", OTHER, "PORT"
            ),
            _STORE,
            Option(
                "--require-key",
                "Ask for the key in OPENAI_LOCAL_SERVER_KEY.",
                OTHER,
                takes="nothing",
            ),
            Option(
                "--max-tool-turns",
                "Turns of tool calls a run may have; 32 if not set; also OPENAI_MAX_TOOL_TURNS.",
                OTHER,
                "COUNT",
            ),
            Option(
                "--grace",
                "Seconds that runs have to end when it is stopped; 8 if not set.",
                OTHER,
                "SECONDS",
            ),
        ),
        examples=(
            "openai local serve",
            "openai local serve --port 0 --store team.db",
        ),
        shared=UPSTREAM_FLAGS,
        stays=True,
    ),
    BuiltinCommand(
        name="local import",
        summary="Take assistants, threads and messages from JSON into the store",
        runs=_import,
        words=("FILE",),
        options=(
            _STORE,
            Option(
                "--replace",
                "Put what the file says in place of what has the same id.",
                OTHER,
                takes="nothing",
            ),
            Option(
                "--skip-invalid",
                "Leave out what is wrong, and say so, in place of importing nothing.",
                OTHER,
                takes="nothing",
            ),
        ),
        examples=(
            """echo '{"id": "asst_1", "model": "echo"}' | openai local import - --store team.db""",
        ),
        shared=_STORES,
    ),
    BuiltinCommand(
        name="local export",
        summary="Print the assistants, threads and messages of the store as JSON lines",
        runs=_export,
        options=(
            _STORE,
            Option(
                "--as",
                "Shape: objects as import takes them, or conversations for the Conversations API.",
                OTHER,
                "SHAPE",
                words=EXPORT_SHAPES,
            ),
        ),
        examples=(
            "openai local export --store team.db > saved.jsonl",
            "openai local export --as conversations",
        ),
        shared=_STORES,
    ),
    BuiltinCommand(
        name="local path",
        summary="Print where the store is",
        runs=_path,
        options=(_STORE,),
        examples=("openai local path",),
        shared=_STORES,
    ),
)


def builtin_commands_of(group: str) -> dict[str, BuiltinCommand]:
    """The commands of a group by their last word; of the empty group, those that stand alone."""
    return {tool.command: tool for tool in BUILTIN_COMMANDS if tool.group == group}
