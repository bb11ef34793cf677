"""Flags derived from an operation's request model."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from functools import cache
from types import NoneType
from typing import Any, Literal, NamedTuple, get_args, get_origin

from pydantic.fields import FieldInfo

from openai_cli.api.base import ExtraFlag, FlagNote, RequestModel
from openai_cli.api.operation import Operation


class Kind(Enum):
    """How a flag's text is parsed; the value is the placeholder in help."""

    TEXT = "TEXT"
    INTEGER = "INTEGER"
    NUMBER = "NUMBER"
    BOOLEAN = "BOOLEAN"
    OBJECT = "OBJECT"
    LIST = "OBJECT "  # a list flag takes one element, or the whole list
    ANY = "VALUE"


class Flag(NamedTuple):
    """One flag of a command: its name, and the path in the request that it sets.

    `path` has more than one step for a dotted flag (`("thread", "messages")`). `of_element`: the
    flag sets a field of a list's newest element (`--message.role`).
    """

    name: str
    path: tuple[str, ...]
    kind: Kind
    annotation: Any
    nullable: bool
    required: bool
    help: str
    panel: str
    note: FlagNote
    info: FieldInfo
    of_element: bool = False

    @property
    def takes_bare(self) -> bool:
        """Whether the flag may have no value, meaning true."""
        return self.kind is Kind.BOOLEAN

    @property
    def is_id(self) -> bool:
        """Whether the value is an id."""
        return self.kind is Kind.TEXT and self.note.metavar == "ID"

    @property
    def metavar(self) -> str:
        """The placeholder for the value in help."""
        return self.note.metavar or self.kind.value.strip()

    @property
    def choices(self) -> tuple[str, ...]:
        """The allowed texts, if the type lists them."""
        return tuple(literals(self.annotation))


@cache
def flags_of(operation: Operation) -> tuple[Flag, ...]:
    """All flags of the command, in model order, each followed by its dotted flags."""
    return tuple(_flags(operation.request, (), operation.request.panel))


def _flags(model: type[RequestModel], above: tuple[str, ...], panel: str) -> Iterator[Flag]:
    for field_name, info in model.model_fields.items():
        key = info.alias or field_name
        # The field's own note comes last, after those of its type.
        note = [FlagNote(), *(m for m in info.metadata if isinstance(m, FlagNote))][-1]
        flag = _flag((*above, key), info, note, note.panel or panel)
        yield flag
        for extra in (m for m in info.metadata if isinstance(m, ExtraFlag)):
            yield _extra_flag(flag, extra)
        if not above:
            yield from _dotted(flag)


def _dotted(flag: Flag) -> Iterator[Flag]:
    """The flags for the fields of an object, or of the elements of a list of objects."""
    inner = model_of(flag.annotation)
    if inner:
        yield from _flags(inner, flag.path, flag.panel)
    element = model_of(annotation_at(flag.annotation, 0)) if flag.kind is Kind.LIST else None
    for part in _flags(element, flag.path, flag.panel) if element else ():
        name = f"{flag.name}.{part.path[-1].replace('_', '-')}"
        yield part._replace(name=name, panel=flag.panel, of_element=True)


def _flag(path: tuple[str, ...], info: FieldInfo, note: FlagNote, panel: str) -> Flag:
    words = [*path[:-1], note.name or path[-1]]
    return Flag(
        name="--" + ".".join(word.replace("_", "-") for word in words),
        path=path,
        kind=kind_of(info.annotation),
        annotation=info.annotation,
        nullable=NoneType in members(info.annotation),
        required=info.is_required() and len(path) == 1,
        help=info.description or "",
        panel=panel,
        note=note,
        info=info,
    )


def _extra_flag(flag: Flag, extra: ExtraFlag) -> Flag:
    return Flag(
        name="--" + extra.note.name,
        path=flag.path,
        kind=flag.kind,
        annotation=flag.annotation,
        nullable=False,
        required=False,
        help=extra.help,
        panel=extra.note.panel,
        note=extra.note,
        info=flag.info,
    )


def members(annotation: Any) -> tuple[Any, ...]:
    """The members of a union, without `Annotated`; a plain type is its only member."""
    if hasattr(annotation, "__metadata__"):
        return members(annotation.__origin__)
    if get_origin(annotation) in (Literal, list, dict) or not get_args(annotation):
        return (annotation,)
    return tuple(m for arg in get_args(annotation) for m in members(arg))


def model_of(annotation: Any) -> type[RequestModel] | None:
    """The field's request model, if it has exactly one (nullable or not); else None."""
    found = [m for m in members(annotation) if m is not NoneType]
    if len(found) == 1 and isinstance(found[0], type) and issubclass(found[0], RequestModel):
        return found[0]
    return None


def literals(annotation: Any) -> Iterator[str]:
    """The texts an enumerated type allows."""
    for member in members(annotation):
        if get_origin(member) is Literal:
            yield from (word for word in get_args(member) if isinstance(word, str))


def accepts_text(annotation: Any) -> bool:
    """Whether the type accepts any text, so that a file is inserted as text.

    For objects and lists, a file is parsed as JSON or YAML instead.
    """
    found = [m for m in members(annotation) if m is not NoneType]
    if any(m in (str, Any, object) for m in found) and not _holds_models(found):
        return True
    return bool(found) and all(get_origin(m) is Literal for m in found)


def _holds_models(found: list[Any]) -> bool:
    return any(isinstance(m, type) and issubclass(m, RequestModel) for m in found)


_SCALAR_KINDS = {
    frozenset({str}): Kind.TEXT,
    frozenset({int}): Kind.INTEGER,
    frozenset({int, float}): Kind.NUMBER,
    frozenset({bool}): Kind.BOOLEAN,
}


def kind_of(annotation: Any) -> Kind:
    """How the command line reads a value of this type."""
    found = [m for m in members(annotation) if m is not NoneType]
    if frozenset(found) in _SCALAR_KINDS:
        return _SCALAR_KINDS[frozenset(found)]
    if len(found) == 1:
        only = found[0]
        if get_origin(only) is Literal:
            return Kind.TEXT
        if get_origin(only) is list:
            return Kind.LIST
        if get_origin(only) is dict or model_of(only):
            return Kind.OBJECT
    return Kind.ANY


def annotation_at(annotation: Any, key: str | int) -> Any:
    """The type of a key of an object, or of a list's elements.

    Where several models have the key, the first decides; unknown keys are `Any`.
    """
    for member in members(annotation):
        origin, args = get_origin(member), get_args(member)
        if isinstance(key, int) and origin is list:
            return args[0]
        if isinstance(key, str) and origin is dict:
            return args[1]
        if isinstance(key, str) and isinstance(member, type) and issubclass(member, RequestModel):
            field = member.model_fields.get(key) or member.model_fields.get(key + "_")
            if field is not None:
                return field.annotation
    return Any
