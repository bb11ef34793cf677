"""Building blocks of request models: base class, flag notes, server rules, tagged unions.

Annotations are not postponed here: pydantic would compile those of the base class for each model.
"""

import re
from collections.abc import Callable
from typing import Annotated, Any, ClassVar, NamedTuple, TypeVar, Union

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

TAG_MARK = "="
"""First character of every union tag, so that a tag in an error's location cannot be
taken for a key of the value."""


class RequestModel(BaseModel):
    """Base of all request objects.

    Types are strict (`"0.5"` is not a number), unknown keys pass through (servers have
    extensions), and what the caller left unset is never sent. `panel` is where help shows the
    flags of fields that name none. `closed` says that the API refuses unknown keys here; it does
    so at the top level of every request, too.
    """

    panel: ClassVar[str] = "Run"
    closed: ClassVar[bool] = False

    model_config = ConfigDict(
        extra="allow", strict=True, defer_build=True, populate_by_name=True, protected_namespaces=()
    )


class FlagNote(NamedTuple):
    """How a field appears on the command line, where that does not follow from its type.

    `name` replaces the name made from the field. `word` turns a bare word or text into an
    element of a list, and `words` are those it knows; `any_text` says that every text is such a
    word unless it reads as an object. `pairs` allows `key=value`.
    """

    name: str = ""
    panel: str = ""
    metavar: str = ""
    word: Callable[[str], object | None] | None = None
    words: tuple[str, ...] = ()
    any_text: bool = False
    pairs: bool = False


class ServerRule(NamedTuple):
    """What the API asks of a field beyond its type. The engine checks it; the command line sends
    the value as it is, since other servers may allow more.

    `least` is the smallest number, `longest` the most characters or elements, `fewest` the fewest
    elements; `null` says whether null is taken where the type allows it.
    """

    least: int | None = None
    longest: int | None = None
    fewest: int = 0
    null: bool = True


class InQuery:
    """Marks a field of a POST that travels in the query, not in the body."""


class ExtraFlag(NamedTuple):
    """A second flag for the same field, with its own name, help and note."""

    note: FlagNote
    help: str


def _whole(value: object) -> object:
    """Take 1e3 for 1000: JSON has one kind of number, and a whole one is an integer."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _number(value: object) -> object:
    """Refuse what is no number once, not once for each member of the union."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise PydanticCustomError("number_type", "not a number")
    return value


Integer = Annotated[int, BeforeValidator(_whole)]
Number = Annotated[int | float, BeforeValidator(_number)]
"""A JSON number as it was written: 1 stays 1, 1.5 stays 1.5."""


def between(least: float, most: float) -> Any:
    """The bounds of a `Number`, both included: floats, which tells them from an `Integer`'s."""
    return Field(ge=float(least), le=float(most))


Text = str
RequiredText = Annotated[str, Field(min_length=1)]
Metadata = Annotated[
    dict[Annotated[str, Field(max_length=64)], Annotated[str, Field(max_length=512)]],
    Field(max_length=16),
]
"""At most 16 pairs, keys up to 64 and values up to 512 characters (documented page)."""

T = TypeVar("T")
Omittable = Annotated[T | None, ServerRule(null=False)]
"""A field that objects printed by an SDK show as null, and that the API wants left out instead."""

_NAME_CHARACTER = "[A-Za-z0-9_-]"
_LONGEST_NAME = 64


def _name(value: str) -> str:
    """Names of functions and response formats (documented page, `json_schema.name`)."""
    if len(value) > _LONGEST_NAME or not re.fullmatch(f"{_NAME_CHARACTER}+", value):
        context = {"pattern": f"^{_NAME_CHARACTER}+$", "max_length": _LONGEST_NAME}
        raise PydanticCustomError("name", "not a name", context)
    return value


_NAME_SCHEMA = {"type": "string", "pattern": f"^{_NAME_CHARACTER}{{1,{_LONGEST_NAME}}}$"}
Name = Annotated[str, AfterValidator(_name), WithJsonSchema(_NAME_SCHEMA)]


def tagged(key: str, words: tuple[str, ...] = (), /, **members: Any) -> Any:
    """A union whose member is selected by the text at `key`; `words` are accepted instead of
    objects.
    """
    context = {"words": list(words), "key": key, "allowed": [*members]}

    def tag_of(value: object) -> str | None:
        if isinstance(value, str) and value in words:
            return TAG_MARK + "word"
        found = value.get(key) if isinstance(value, dict) else getattr(value, key, None)
        return TAG_MARK + found if isinstance(found, str) and found in members else None

    def one_of_them(value: object) -> object:
        if tag_of(value) is None:
            member = members.get(value) if isinstance(value, str) else None
            what = {**context, "needed": [name for name in _needed(member) if name != key]}
            raise PydanticCustomError("choice", "not one of the choices", what)
        return value

    options = [Annotated[model, Tag(TAG_MARK + name)] for name, model in members.items()]
    if words:
        options.append(Annotated[str, Tag(TAG_MARK + "word")])
    # A union of a computed list of members has no other spelling than a subscript.
    union: Any = Union[tuple(options)]  # noqa: UP007 - the members are known at run time only
    return Annotated[union, Discriminator(tag_of), BeforeValidator(one_of_them)]


def _needed(model: Any) -> list[str]:
    """The fields that an object of the model has to have."""
    fields = getattr(model, "model_fields", {})
    return [name for name, field in fields.items() if field.is_required()]


def text_or_list(element: Any) -> Any:
    """A text, or a list of `element`."""

    def tag_of(value: object) -> str | None:
        if isinstance(value, str):
            return TAG_MARK + "text"
        return TAG_MARK + "list" if isinstance(value, list) else None

    def one_of_them(value: object) -> object:
        if tag_of(value) is None:
            raise PydanticCustomError("text_or_list", "neither text nor list")
        return value

    text: Any = Annotated[str, Tag(TAG_MARK + "text")]
    parts: Any = Annotated[list[element], Tag(TAG_MARK + "list")]
    return Annotated[text | parts, Discriminator(tag_of), BeforeValidator(one_of_them)]


def missing(field: str, why: str) -> PydanticCustomError:
    """The error for a field that is needed only because of another field's value."""
    return PydanticCustomError("needed", "{why}", {"field": field, "why": why})
