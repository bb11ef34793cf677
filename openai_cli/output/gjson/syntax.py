"""The syntax tree of a path.

path       stages; each is applied to the result of the one before
stage      Lookup | Modifier | Dig | Literal | Multipath
Lookup     keys through nested containers, then optionally a tail for an array
tail       Count | Each | Query
"""

import re
from typing import NamedTuple, TypeAlias


class Key(NamedTuple):
    """One component: object key or wildcard pattern; `element` is the array index if digits."""

    text: str
    pattern: re.Pattern[str] | None = None
    element: int | None = None


class Count(NamedTuple):
    """`#`: the number of elements."""


class Each(NamedTuple):
    """`#.path`: the path applied to every element."""

    path: "Path"


class Condition(NamedTuple):
    """The condition of a query; without an operator, whether the path exists."""

    path: "Path"
    bare: bool  # no path: scalars are compared themselves
    operator: str
    operand: str
    tilde: bool
    pattern: re.Pattern[str] | None  # of `%` and `!%`


class Query(NamedTuple):
    """`#(condition)` or, for all matches, `#(condition)#`; `path` continues in each match."""

    condition: Condition
    every: bool
    path: "Path | None"


Tail: TypeAlias = Count | Each | Query


class Lookup(NamedTuple):
    """Keys to follow; with `lines`, the values of the text are the elements of an array."""

    keys: tuple[Key, ...]
    tail: Tail | None
    lines: bool


class Modifier(NamedTuple):
    """`@name:argument`."""

    name: str
    argument: str


class Dig(NamedTuple):
    """`@dig:path`: the path applied to every value at any depth."""

    path: "Path"


class Literal(NamedTuple):
    """`!value`."""

    raw: str


class Member(NamedTuple):
    """One path of a multipath; `name` is the key in JSON."""

    name: str
    path: "Path"


class Multipath(NamedTuple):
    """`[path,...]` or `{name:path,...}`."""

    named: bool
    members: tuple[Member, ...]


Stage: TypeAlias = Lookup | Modifier | Dig | Literal | Multipath
Path: TypeAlias = tuple[Stage, ...]
