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
"""First character of every union tag: distinguishes tags from keys in an error's location."""


class RequestModel(BaseModel):
    """Base of all request objects.

    Types are strict (`"0.5"` is not a number), unknown keys pass through (servers have
    extensions), and unset fields are never sent. `panel` is the help panel of fields that name
    none. `closed`: the API refuses unknown keys in this object, as it does at the top level of
    every request.
    """

    panel: ClassVar[str] = "Run"
    closed: ClassVar[bool] = False

    model_config = ConfigDict(
        extra="allow", strict=True, defer_build=True, populate_by_name=True, protected_namespaces=()
    )


class FlagNote(NamedTuple):
    """How a field appears on the command line, where its type does not determine that.

    `name` replaces the name derived from the field. `word` turns a plain word or text into a list
    element; `words` lists the words it accepts; with `any_text`, it takes every text that is not
    an object. `pairs` allows `key=value`.
    """

    name: str = ""
    panel: str = ""
    metavar: str = ""
    word: Callable[[str], object | None] | None = None
    words: tuple[str, ...] = ()
    any_text: bool = False
    pairs: bool = False


class ServerRule(NamedTuple):
    """A constraint of the API beyond a field's type. Only the engine checks it: other servers may
    allow more.

    `least` is the minimum of a number, `longest` the maximum of characters or elements, `fewest`
    the minimum of elements; `null`: whether null is accepted where the type allows it.
    """

    least: int | None = None
    longest: int | None = None
    fewest: int = 0
    null: bool = True


class InQuery:
    """Marks a field of a POST that is sent in the query instead of the body."""


class ExtraFlag(NamedTuple):
    """A second flag for the same field, with its own name, help and note."""

    note: FlagNote
    help: str


def _whole(value: object) -> object:
    """Convert a whole float to an integer: JSON does not distinguish 1e3 from 1000."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _number(value: object) -> object:
    """Refuse a non-number with one error instead of one per member of the union."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise PydanticCustomError("number_type", "not a number")
    return value


Integer = Annotated[int, BeforeValidator(_whole)]
Number = Annotated[int | float, BeforeValidator(_number)]
"""A JSON number as it was written: 1 stays 1, 1.5 stays 1.5."""


def between(least: float, most: float) -> Any:
    """The inclusive bounds of a `Number`: floats, to distinguish them from an `Integer`'s."""
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
"""A field that SDKs print as null, but that the API accepts only as absent."""

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
    # Only a subscript can make a union of a computed list of members.
    union: Any = Union[tuple(options)]  # noqa: UP007 - the members are known at run time only
    return Annotated[union, Discriminator(tag_of), BeforeValidator(one_of_them)]


def _needed(model: Any) -> list[str]:
    """The required fields of the model."""
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
    """The error for a field that another field's value makes required."""
    return PydanticCustomError("needed", "{why}", {"field": field, "why": why})
