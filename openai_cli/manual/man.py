"""Man pages: openai(1), and one per resource."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import openai_cli
from openai_cli.api.operation import Operation
from openai_cli.api.operations import main_operation
from openai_cli.cli.builtin_commands import BUILTIN_COMMANDS
from openai_cli.cli.catalog import FlagRow, global_rows
from openai_cli.manual import roff, shared_sections
from openai_cli.output.command_line import wrapped


def man_pages() -> dict[str, str]:
    """Every page by its file name."""
    pages = {"openai.1": _root()}
    for resource, summary, operations in shared_sections.resources():
        pages[f"{page_name(resource)}.1"] = resource_page(resource, summary, operations)
    return pages


def page_name(resource: str) -> str:
    """The name of a resource's page: `openai-beta-threads` for `beta:threads`."""
    return f"openai-{resource.replace(':', '-')}"


def _root() -> str:
    flags = [
        roff.subsection(panel, roff.items(map(_flag, rows)))
        for panel, rows in shared_sections.by_panel(global_rows()).items()
    ]
    flags += [
        roff.subsection(tool.name, roff.items(map(_flag, tool.own_rows)))
        for tool in BUILTIN_COMMANDS
        if tool.own_rows
    ]
    return _page(
        "openai",
        "command line for the Assistants family",
        [
            roff.section("SYNOPSIS", _synopsis("openai", "[options] RESOURCE COMMAND [flags]")),
            roff.section("DESCRIPTION", *_DESCRIPTION),
            roff.section("COMMANDS", roff.items(_commands())),
            roff.section("OPTIONS", *flags),
            roff.section("VALUES", roff.items(_bold(shared_sections.VALUES))),
            *_common(),
            roff.section("EXAMPLES", _examples(main_operation().examples)),
            roff.section(
                "SEE ALSO", _references(page_name(r) for r, _, _ in shared_sections.resources())
            ),
        ],
    )


_DESCRIPTION = (
    roff.escape(
        "One command sends one request. The tool builds the request from flags, files and standard "
        "input, and checks it before sending; the answer is printed for a person or a script."
    ),
    roff.paragraph(
        "It works with any server that is compatible with the Assistants endpoints (--base-url), "
        "and with the embedded engine (--local), which keeps threads, messages and runs in a file. "
        "The engine's echo model needs no key and no network."
    ),
    roff.paragraph(
        "Options go before or after the command. Answers go to standard output; errors, "
        "warnings and progress go to standard error."
    ),
)


def _commands() -> Iterator[tuple[str, str]]:
    for _, _, operations in shared_sections.resources():
        for operation in operations:
            yield roff.bold(operation.name), operation.summary + "."
    for tool in BUILTIN_COMMANDS:
        yield roff.bold(tool.name), f"{tool.summary}: {tool.usage}."


def resource_page(resource: str, summary: str, operations: tuple[Operation, ...]) -> str:
    """The page of a resource with these operations."""
    others = [page_name(other) for other, _, _ in shared_sections.resources() if other != resource]
    name, _, details = summary.partition(": ")
    return _page(
        page_name(resource),
        f"{name.lower()}: {details}" if details else name,
        [
            roff.section(
                "SYNOPSIS",
                "\n.br\n".join(_synopsis(*_split_usage(op.usage)) for op in operations),
            ),
            roff.section(
                "DESCRIPTION",
                roff.escape(summary + "."),
                roff.paragraph(
                    "Every command takes the options of openai(1) too, before and after its name."
                ),
            ),
            roff.section(
                "COMMANDS", roff.items((roff.bold(op.command), _about(op)) for op in operations)
            ),
            roff.section("OPTIONS", *(part for op in operations for part in _flags(op))),
            roff.section("VALUES", roff.items(_bold(shared_sections.VALUES))),
            *_common(),
            roff.section("EXAMPLES", _examples(e for op in operations for e in op.examples)),
            roff.section("SEE ALSO", _references(["openai", *others])),
        ],
    )


def _about(operation: Operation) -> str:
    parts = [f"{operation.summary}. Sends {operation.method} {operation.path}."]
    if operation.path_fields:
        parts.append("Ids can be given by position or by flag.")
    if operation.streams:
        parts.append("With --stream, events are printed as they arrive.")
    return " ".join(parts)


def _flags(operation: Operation) -> Iterator[str]:
    """The command's own flags, one subsection per panel."""
    for panel, rows in shared_sections.by_panel(shared_sections.own_rows(operation)).items():
        yield roff.subsection(f"{operation.command}: {panel}", roff.items(map(_flag, rows)))


def _flag(row: FlagRow) -> tuple[str, str]:
    names = ", ".join(roff.bold(name) for name in reversed(row.spellings))
    term = f"{names} {roff.italic(row.metavar)}" if row.metavar else names
    own = row.kind != "option"
    traits = shared_sections.traits(row) if own else ""
    return term, f"{row.help} ({traits})" if traits else row.help


def _common() -> Iterator[str]:
    yield roff.section("ENVIRONMENT", roff.items(_bold(shared_sections.environment())))
    codes = ((str(code), meaning) for code, meaning in shared_sections.exit_codes())
    yield roff.section("EXIT STATUS", roff.items(_bold(codes)))
    files = ((roff.italic(name), meaning) for name, meaning in shared_sections.FILES)
    yield roff.section("FILES", roff.items(files))


def _bold(rows: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    return ((roff.bold(term), text) for term, text in rows)


def _split_usage(usage: str) -> tuple[str, str]:
    """The words to type, and the placeholders after them."""
    words = usage.split()
    typed = [word for word in words if not word.startswith("[")]
    return " ".join(typed), " ".join(words[len(typed) :])


def _synopsis(typed: str, rest: str) -> str:
    return f"{roff.bold(typed)} {roff.italic(rest)}"


def _examples(commands: Iterable[str]) -> str:
    lines: list[str] = []
    for first, *rest in map(wrapped, commands):
        lines += [f"$ {first}", *rest, ""]
    return roff.example(lines[:-1])


def _references(names: Iterable[str]) -> str:
    return ",\n".join(rf"{roff.bold(name)}(1)" for name in names)


def _page(name: str, about: str, sections: list[str]) -> str:
    head = roff.title(
        name, f"{openai_cli.DISTRIBUTION} {openai_cli.__version__}", openai_cli.__released__
    )
    naming = roff.section("NAME", f"{roff.escape(name)} \\- {roff.escape(about)}")
    return "\n".join([head, naming, *sections]) + "\n"
