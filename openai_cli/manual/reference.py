"""Reference pages in Markdown: an index, a page for each command, one for all answers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from openai_cli.api.flags import flags_of
from openai_cli.api.models.answers import EVENTS, OBJECTS, AnswerModel, Page, answer_of
from openai_cli.api.operation import Operation
from openai_cli.cli.builtin_commands import BUILTIN_COMMANDS, BuiltinCommand
from openai_cli.cli.catalog import FlagRow, global_rows
from openai_cli.errors import RunEndedError, RunWaitsError
from openai_cli.manual import shared_sections
from openai_cli.manual.markdown import code, fenced, page, table
from openai_cli.manual.schema_rows import SchemaRow, Shape
from openai_cli.output.command_line import wrapped

_MADE = "<!-- Made by `make docs` from the declarations; edits here are overwritten. -->"


def reference_pages() -> dict[str, str]:
    """Every page by its file name."""
    pages = {"index.md": _index(), "answers.md": _answers()}
    for _, _, operations in shared_sections.resources():
        pages |= {page_name(operation): command_page(operation) for operation in operations}
    return pages


def page_name(operation: Operation) -> str:
    """The file of a command: `beta:threads create-and-run` is beta-threads-create-and-run.md."""
    return f"{operation.name.replace(':', '-').replace(' ', '-')}.md"


def _index() -> str:
    return page(
        "# Reference",
        _MADE,
        "Every command, flag, answer and exit code. Values and formats are explained by example in "
        "[values](../values.md) and [output](../output.md).",
        "## Commands",
        *(_resource(*found) for found in shared_sections.resources()),
        "## Commands of the tool itself",
        *map(_tool, BUILTIN_COMMANDS),
        "## Options",
        "Every command takes these, before and after its name.",
        *_flag_tables(global_rows()),
        "## Exit codes",
        _exit_codes(shared_sections.exit_codes()),
        "## Environment",
        "An empty variable is the same as one that is not set.",
        table(
            ("Variable", "What it does"),
            ((code(n), text) for n, text in shared_sections.environment()),
        ),
        "## Files",
        table(("File", "What it is"), ((code(name), text) for name, text in shared_sections.FILES)),
        "Answers are described in [answers](answers.md).",
    )


def _resource(name: str, summary: str, operations: tuple[Operation, ...]) -> str:
    rows = ((f"[{code(op.command)}]({page_name(op)})", f"{op.summary}.") for op in operations)
    return f"### {code(name)}\n\n{summary}.\n\n{table(('Command', 'What it does'), rows)}"


def _tool(tool: BuiltinCommand) -> str:
    return page(
        f"### {code(tool.name)}",
        f"{tool.summary}.",
        fenced("text", [tool.usage]),
        *_flag_tables(tool.own_rows, level=4),
        *_examples(tool.examples, runs=not tool.stays),
    ).rstrip("\n")


def command_page(operation: Operation) -> str:
    """The page of one command."""
    return page(
        f"# {code(f'openai {operation.name}')}",
        _MADE,
        f"{operation.summary}. Sends {code(f'{operation.method} {operation.path}')}.",
        fenced("text", [operation.usage]),
        _positional(operation),
        "## Flags",
        *_flag_tables(shared_sections.own_rows(operation)),
        "The [options of every command](index.md#options) go with these.",
        *_dotted(operation),
        *_inside(operation),
        "## Standard input",
        _stdin(operation),
        "## Answer",
        *_answer(operation),
        "## Exit codes",
        _exit_codes(_codes(operation)),
        "## Examples" if operation.examples else "",
        *_examples(operation.examples),
    )


def _positional(operation: Operation) -> str:
    if not operation.path_fields:
        return ""
    names = [f"--{name.replace('_', '-')}" for name in operation.path_fields]
    pairs = zip(operation.path_fields, names, strict=True)
    said = ", ".join(f"{code(field.upper())} ({code(name)})" for field, name in pairs)
    return f"By position, in this order, or by flag: {said}."


def _flag_tables(rows: tuple[FlagRow, ...], level: int = 3) -> Iterator[str]:
    panels = shared_sections.by_panel(rows)
    for panel, found in panels.items():
        if len(panels) > 1:
            yield f"{'#' * level} {panel}"
        yield table(("Flag", "Value", "Limits", "What it does"), map(_flag_row, found))


def _flag_row(row: FlagRow) -> tuple[str, str, str, str]:
    traits = shared_sections.traits(row) if row.kind != "option" else ""
    return ", ".join(map(code, row.spellings)), code(row.metavar), traits, row.help


def _dotted(operation: Operation) -> Iterator[str]:
    flags = [flag for flag in flags_of(operation) if len(flag.path) > 1]
    if not flags:
        return
    yield "## Dotted flags"
    yield (
        "These set one field of an object; the rest of it may come from its own flag, in any order."
    )
    tops = {flag.path[0]: flag.name for flag in flags_of(operation) if len(flag.path) == 1}
    rows = ((code(f.name), code(".".join(f.path[1:])), code(tops[f.path[0]])) for f in flags)
    yield table(("Flag", "Field", "Of"), rows)


def _inside(operation: Operation) -> Iterator[str]:
    """What the values of object and list flags hold."""
    shape = Shape(operation.request)
    nested = [place for place in shape.places() if set(".[") & set(place.path)]
    if nested:
        yield "## Inside values"
        yield "Fields of objects and lists, by their names in the request. Others pass through."
        yield table(("Field", "Value", "Limits", "With"), map(_nested_row, nested))


def _nested_row(place: SchemaRow) -> tuple[str, str, str, str]:
    return code(place.path), place.kind, _limits(place), code(place.when)


def _limits(place: SchemaRow) -> str:
    said = (
        "required" if place.required else "",
        place.limits,
        "null" if place.nullable else "",
    )
    return "; ".join(part for part in said if part)


def _stdin(operation: Operation) -> str:
    what = "request body" if operation.method == "POST" else "request's fields"
    return (
        f"A pipe may bring the {what} as a JSON or YAML object; flags win over it, field by field."
    )


def _answer(operation: Operation) -> Iterator[str]:
    model, is_list = answer_of(operation)
    link = f"[{model.__name__.lower()}](answers.md#{model.__name__.lower()})"
    if is_list:
        yield f"A [page](answers.md#page) of {link} objects; its items are printed one by one."
    else:
        yield f"A {link} object:" if model is not Page else f"A {link}:"
    yield _sample(model)
    if operation.streams:
        yield "With `--stream`, one [event](answers.md#events) after the other as it comes."


def _sample(model: type[AnswerModel]) -> str:
    value = Shape(model).sample()
    return fenced("json", json.dumps(value, indent=2, ensure_ascii=False).splitlines())


def _codes(operation: Operation) -> Iterator[tuple[int, str]]:
    """The exit codes that this command can give."""
    of_runs = (RunEndedError.exit_code, RunWaitsError.exit_code)
    for number, meaning in shared_sections.exit_codes():
        if operation.continues_run or number not in of_runs:
            yield number, meaning


def _exit_codes(codes: Iterable[tuple[int, str]]) -> str:
    return table(("Code", "Meaning"), ((str(number), meaning) for number, meaning in codes))


def _examples(commands: Iterable[str], *, runs: bool = False) -> Iterator[str]:
    """Examples on the embedded engine, which a test runs, and those for other servers."""
    for command in commands:
        lines = wrapped(command)
        if runs or "--local" in command:
            yield fenced("sh", lines)
        else:
            yield fenced("console no-run", [f"$ {lines[0]}", *lines[1:]])


def _answers() -> str:
    events = ((code(name), _kind(kind), meaning) for name, kind, meaning in EVENTS)
    return page(
        "# Answers",
        _MADE,
        "The objects servers answer with. They are printed as they came, with every key the server "
        "sent; these are the keys that may be counted on. `null` stands where a key has no value.",
        *(part for model in OBJECTS for part in _object(model)),
        "## Events",
        "A stream prints one object for each event: `event` is its name, `data` what it is about.",
        table(("Event", "Data", "Meaning"), events),
    )


def _kind(name: str) -> str:
    return f"[{name.lower()}](#{name.lower()})" if name else ""


def _object(model: type[AnswerModel]) -> Iterator[str]:
    yield f"## {model.__name__}"
    yield model.__doc__ or ""
    places = Shape(model).places()
    rows = ((code(p.path), p.kind, _answer_limits(p), p.about) for p in places)
    yield table(("Key", "Value", "Limits", "What it says"), rows)
    yield _sample(model)


def _answer_limits(place: SchemaRow) -> str:
    said = (
        "" if place.required else "may be absent",
        place.limits,
        "null" if place.nullable else "",
    )
    return "; ".join(part for part in said if part)
