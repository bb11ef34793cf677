"""`openai local import`, `export`, `copy` and `path`: the store of the embedded engine."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from openai_cli.cli.near_words import near
from openai_cli.cli.option_reader import OptionReader
from openai_cli.cli.options import EXPORT_SHAPES
from openai_cli.cli.store_option import selected_store
from openai_cli.client.address import LOCAL
from openai_cli.errors import Problem, StoreError, UsageError
from openai_cli.input.stdin import Stdin, StdinError

if TYPE_CHECKING:
    from openai_cli.cli.session import Session
    from openai_cli.engine.strict_json import JsonObject
    from openai_cli.engine.transfer.importer import ImportSummary, TransferError

_CHUNK = 1 << 16
"""Characters per write, so that a large store is not flushed line by line."""


_PLACES = 5
"""Maximum number of positions listed for one reason."""


def import_(session: Session) -> None:
    """Import assistants, threads and messages into the store. Raises CliError."""
    place = selected_store(session)
    name = _file_argument(session)
    data = _read(name, session)
    from openai_cli.engine.store import Store
    from openai_cli.engine.transfer.importer import TransferError, import_objects

    with closing(Store(place)) as store:
        try:
            flags = session.arguments.names()
            replace, skip_invalid = "--replace" in flags, "--skip-invalid" in flags
            now = int(time.time())
            moved = import_objects(store, data, now, replace=replace, skip_invalid=skip_invalid)
        except TransferError as error:
            raise _refusal(error, name) from None
    for note in (*moved.notes, *_left_out(moved)):
        session.env.say("warning", note)
    session.env.say("note", f"{_summary(moved)} in {place}")


def export(session: Session) -> None:
    """Print all objects, in the form for `import` or as conversations, one object per line.

    Raises a CliError.
    """
    place = selected_store(session)
    shape = _shape(session)
    from openai_cli.engine.store import store_to_read

    with closing(store_to_read(place)) as store:
        if shape == "conversations":
            from openai_cli.engine.transfer.conversations import ConversationExport

            conversations = ConversationExport(store)
            _print_lines(conversations.objects(), session)
            left_out = conversations.left_out
            if left_out:
                what = ", ".join(f"{count} {name}" for name, count in left_out.items())
                session.env.say("note", f"left out, not supported by conversations: {what}")
            return
        from openai_cli.engine.transfer.exporter import export_objects

        _print_lines(export_objects(store), session)


def _shape(session: Session) -> str:
    reader = OptionReader(session.configuration(engine=True))
    shape = reader.last("--as") or EXPORT_SHAPES[0]
    if shape not in EXPORT_SHAPES:
        what = f'expected {" or ".join(EXPORT_SHAPES)}, found "{shape}"{near(shape, EXPORT_SHAPES)}'
        raise UsageError(problems=[Problem("--as", what)])
    return shape


def _print_lines(values: Iterable[JsonObject], session: Session) -> None:
    """Print each value as a line of JSON; lines are written in batches."""
    lines: list[str] = []
    size = 0
    for value in values:
        lines.append(json.dumps(value, separators=(",", ":"), ensure_ascii=False) + "\n")
        size += len(lines[-1])
        if size > _CHUNK:
            session.env.out.write("".join(lines))
            lines, size = [], 0
    session.env.out.write("".join(lines))


def path(session: Session) -> None:
    """Print the path of the store, even if it does not exist yet. Raises CliError."""
    session.env.out.write(f"{selected_store(session)}\n")


def copy(session: Session) -> None:
    """Copy a whole store into an empty one. Raises CliError."""
    words = session.arguments.words
    problems = [
        Problem(name, "is required: a file, or the URL of a database")
        for name, word in zip_longest(("FROM", "TO"), words[:2], fillvalue="")
        if not word
    ]
    if problems:
        raise UsageError(problems=problems)
    from openai_cli.engine.store import Store
    from openai_cli.engine.store.copying import copy_store
    from openai_cli.engine.store.inspection import inspect
    from openai_cli.engine.store_place import store_place

    source, target = (store_place(LOCAL + word, session.env.environ) for word in words[:2])
    if inspect(source) is None:
        raise StoreError(f"The store {source} does not exist.")
    with closing(Store(source)) as read, closing(Store(target)) as written:
        counts = copy_store(read, written)
    kinds = {name.replace("_", " ").removesuffix("s"): count for name, count in counts.items()}
    session.env.say("note", f"copied and compared: {_counted(kinds)}; from {source} to {target}")


def _file_argument(session: Session) -> str:
    words = session.arguments.words
    if not words or not words[0]:
        raise UsageError(problems=[Problem("FILE", "is required: a JSON file, or - for stdin")])
    return words[0]


def _read(name: str, session: Session) -> bytes:
    try:
        if name == "-":
            return Stdin(session.env.stdin).demand("FILE")
        return Path(name).read_bytes()
    except StdinError as error:
        raise UsageError(problems=[Problem("-", str(error))]) from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise UsageError(problems=[Problem("FILE", f'cannot read "{name}": {why}')]) from None


def _refusal(error: TransferError, name: str) -> UsageError:
    """The UsageError with all problems of an import."""
    source = "stdin" if name == "-" else name
    problems = [Problem(source, problem.message, problem.place) for problem in error.problems]
    conflict = any(problem.conflict for problem in error.problems)
    hint = "--replace replaces objects in the store that have the same id" if conflict else ""
    return UsageError(problems=problems, hint=hint)


def _left_out(moved: ImportSummary) -> Iterator[str]:
    """The objects that were not imported, one line for each reason."""
    places: dict[str, list[str]] = {}
    for problem in moved.left_out:
        places.setdefault(problem.message, []).append(problem.place)
    for reason, found in places.items():
        more = f" and {len(found) - _PLACES} more" if len(found) > _PLACES else ""
        yield f"left out: {', '.join(found[:_PLACES])}{more}: {reason}"


def _summary(moved: ImportSummary) -> str:
    parts = []
    if moved.new or not (moved.replaced or moved.unchanged):
        parts.append(f"{_counted(moved.new)} new")
    if moved.replaced:
        parts.append(f"{_counted(moved.replaced)} replaced")
    if moved.unchanged:
        parts.append(f"{moved.unchanged} already present")
    if moved.left_out:
        parts.append(f"{len(moved.left_out)} left out")
    return "; ".join(parts)


def _counted(counts: Mapping[str, int]) -> str:
    parts = [f"{count} {kind}{'' if count == 1 else 's'}" for kind, count in counts.items()]
    return ", ".join(parts) or "nothing"
