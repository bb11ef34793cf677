"""The flags of each command as plain rows, for help, completion, man pages and reference."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from openai_cli.api.operation import Operation
from openai_cli.cli.options import BODY_OPTIONS, MAX_ITEMS, MAX_PAGES, OPTIONS, ROOT_OPTIONS, Option
from openai_cli.cli.run_options import CONTINUE, NO_FALLBACK, RUN_OPTIONS
from openai_cli.input.scalars import is_boolean

if TYPE_CHECKING:
    from openai_cli.api.flags import Flag


_WITHOUT_BLANKS = ("COUNT", "SECONDS", "SIZE", "PORT", "ID", "URL")
"""Placeholders of values that never hold a blank."""


class FlagRow(NamedTuple):
    """One flag, as shown in help and offered in completion.

    `words` are values to offer, and the only valid ones if `closed`. If `file`, the value is a
    path; if `reference`, it may be `@path`. If `any_word`, an optional value is any next word, so
    that an invalid one is reported.
    """

    name: str
    short: str
    metavar: str
    takes: Literal["value", "optional", "nothing"]
    help: str
    panel: str
    kind: str
    words: tuple[str, ...] = ()
    closed: bool = False
    file: bool = False
    reference: bool = False
    required: bool = False
    repeatable: bool = False
    nullable: bool = False
    any_word: bool = False
    limits: str = ""

    @property
    def spellings(self) -> tuple[str, ...]:
        """The long name, and the short one if there is one."""
        return (self.name, self.short) if self.short else (self.name,)

    @property
    def may_hold_blanks(self) -> bool:
        """Whether the value is a text, an object or a list, and no word, number or id."""
        is_number = self.kind in ("integer", "number")
        return self.takes == "value" and not (
            self.closed or is_number or self.metavar in _WITHOUT_BLANKS
        )

    def fits(self, text: str) -> bool:
        """Whether the word after an optional flag is its value."""
        if self.kind == "boolean":
            return is_boolean(text) or (self.nullable and text == "null")
        return text in self.words or (self.any_word and not text.startswith("-"))


@cache
def command_rows(operation: Operation) -> tuple[FlagRow, ...]:
    """All flags of a command: its request's in model order, the tool's, the global ones."""
    return (*request_rows(operation), *tool_rows(operation))


def request_rows(operation: Operation) -> tuple[FlagRow, ...]:
    """The flags of a command's request, from its model."""
    from openai_cli.api.flags import flags_of

    return tuple(_own(flag) for flag in flags_of(operation))


def tool_rows(operation: Operation) -> tuple[FlagRow, ...]:
    """The flags of a command that are no part of its request."""
    counts = operation.streams or operation.pages
    client = (
        *(BODY_OPTIONS if operation.takes_body else ()),
        *((MAX_ITEMS,) if counts else ()),
        *((MAX_PAGES,) if operation.pages else ()),
        *(RUN_OPTIONS if operation.answers_run else ()),
        *((NO_FALLBACK, CONTINUE) if operation.has_fallback else ()),
        *(_each_options() if operation.takes_lines else ()),
    )
    return (*map(option_row, client), *global_rows())


def _each_options() -> tuple[Option, ...]:
    from openai_cli.cli.each_flags import EACH_OPTIONS

    return EACH_OPTIONS


def global_rows() -> tuple[FlagRow, ...]:
    """The options that every command takes, before or after its name."""
    return tuple(option_row(option) for option in OPTIONS)


def root_rows() -> tuple[FlagRow, ...]:
    """The options of `openai` without a command: global ones and ROOT_OPTIONS."""
    return (*global_rows(), *map(option_row, ROOT_OPTIONS))


_FROM_FILES = ("TEXT", "OBJECT", "LIST", "ANY")
"""Kinds of flags whose value may be `@path`."""


def _own(flag: Flag) -> FlagRow:
    boolean, choices = flag.takes_bare, flag.choices
    words = ("true", "false") if boolean else choices or flag.note.words
    return FlagRow(
        name=flag.name,
        short="",
        metavar="[true|false]" if boolean else "|".join(choices) or flag.metavar,
        takes="optional" if boolean else "value",
        help=flag.help,
        panel=flag.panel,
        kind=flag.kind.name.lower(),
        words=words,
        closed=boolean or bool(choices),
        reference=flag.kind.name in _FROM_FILES and not choices,
        required=flag.required,
        repeatable=flag.kind.name in ("LIST", "OBJECT"),
        nullable=flag.nullable,
        limits=", ".join(_limits(flag)),
    )


def option_row(option: Option) -> FlagRow:
    """An option of the tool itself as a row."""
    return FlagRow(
        name=option.name,
        short=option.short,
        metavar=option.metavar,
        takes=option.takes,
        help=option.help,
        panel=option.panel,
        kind="option",
        words=option.words,
        closed=bool(option.words),
        file=option.metavar == "FILE",
        repeatable=option.repeatable,
        any_word=option.any_word,
    )


def _limits(flag: Flag) -> Iterator[str]:
    """The documented limits of the flag's type, as text."""
    from openai_cli.api.check import alternatives

    if flag.choices:
        yield alternatives(list(flag.choices))
    low, high = (_bound(flag.info, name) for name in ("ge", "le"))
    if low is not None and high is not None:
        yield f"{low:g} to {high:g}"
    if flag.note.pairs:
        yield "at most 16 pairs, keys up to 64 and values up to 512 characters"


def _bound(annotated: Any, name: str) -> float | None:
    """A bound found anywhere in an annotation: `Annotated[Number, Field(ge=0)] | None`."""
    if hasattr(annotated, name):
        return float(getattr(annotated, name))
    inner = [
        *getattr(annotated, "metadata", ()),
        *getattr(annotated, "__metadata__", ()),
        *getattr(getattr(annotated, "annotation", None), "__args__", ()),
    ]
    found = (_bound(item, name) for item in inner)
    return next((bound for bound in found if bound is not None), None)
