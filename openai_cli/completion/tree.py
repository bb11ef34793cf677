"""The command tree with its flags, from which every script is generated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from openai_cli.api.operations import RESOURCES, commands_of
from openai_cli.cli.builtin_command import BuiltinCommand
from openai_cli.cli.builtin_commands import builtin_commands_of, groups_in
from openai_cli.cli.catalog import FlagRow, command_rows, global_rows, root_rows

Source = Literal["", "file", "reference", "url"]


@dataclass(frozen=True)
class Node:
    """Position on the command line after the words of `path`.

    `rows` are the node's own flags; if `shared`, the tree's flags are valid here too. `file`: a
    file name may follow.
    """

    path: str
    summary: str
    rows: tuple[FlagRow, ...] = ()
    children: tuple[Node, ...] = ()
    shared: bool = True
    file: bool = False

    @property
    def name(self) -> str:
        """The last word of the path."""
        return self.path.rpartition(" ")[2]

    def walk(self) -> Iterator[Node]:
        """This node and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True)
class Tree:
    """The root node, and the flags that are valid at every `shared` node."""

    root: Node
    rows: tuple[FlagRow, ...]


@dataclass(frozen=True)
class CompletionPoint:
    """The flags of one or more nodes with equal flags; fields as in Node."""

    rows: tuple[FlagRow, ...]
    shared: bool


@dataclass(frozen=True)
class Manner:
    """How a flag is completed; flags that are completed in the same way share a line of a script.

    `source` is where values other than `words` come from: files, `@file` references, or a base
    URL. `spellings` is set for a flag that has more than one.
    """

    takes: Literal["value", "optional", "nothing"]
    source: Source
    words: tuple[str, ...]
    once: bool
    spellings: tuple[str, ...]


def build_tree() -> Tree:
    """The whole command line, from its declarations."""
    everywhere = global_rows()
    names = {row.name for row in everywhere}
    only_root = tuple(row for row in root_rows() if row.name not in names)
    resources = tuple(_resource(name, everywhere) for name in RESOURCES)
    groups = _groups("")
    children = (*resources, *groups, _help((*resources, *groups)), *_tools(""))
    return Tree(Node("", "", only_root, children), everywhere)


def flag_places(tree: Tree) -> dict[CompletionPoint, list[str]]:
    """The paths of all nodes whose flags differ from those of the tree, grouped by their flags."""
    paths: dict[CompletionPoint, list[str]] = {}
    for node in tree.root.walk():
        if node.rows or not node.shared:
            paths.setdefault(CompletionPoint(node.rows, node.shared), []).append(node.path)
    return paths


def manners(rows: Iterable[FlagRow]) -> dict[Manner, list[str]]:
    """The spellings of the flags, grouped by how they are completed."""
    spellings: dict[Manner, list[str]] = {}
    for row in rows:
        several = row.spellings if len(row.spellings) > 1 else ()
        manner = Manner(row.takes, _source(row), row.words, not row.repeatable, several)
        spellings.setdefault(manner, []).extend(row.spellings)
    return spellings


def _source(row: FlagRow) -> Source:
    if row.file or row.metavar == "DIR":
        return "file"
    if row.metavar == "URL":
        return "url"
    return "reference" if row.reference else ""


def _resource(name: str, everywhere: tuple[FlagRow, ...]) -> Node:
    commands = (
        Node(
            operation.name,
            operation.summary,
            tuple(row for row in command_rows(operation) if row not in everywhere),
        )
        for operation in commands_of(name).values()
    )
    return Node(name, RESOURCES[name], (), tuple(commands))


def _groups(parent: str) -> tuple[Node, ...]:
    return tuple(
        Node(name, summary, (), (*_tools(name), *_groups(name)))
        for name, summary in groups_in(parent).items()
    )


def _tools(group: str) -> tuple[Node, ...]:
    return tuple(map(_tool, builtin_commands_of(group).values()))


def _tool(tool: BuiltinCommand) -> Node:
    choices = (Node(f"{tool.name} {word}", "", tool.rows, (), False) for word in tool.choices)
    takes_file = "FILE" in tool.words
    return Node(tool.name, tool.summary, tool.rows, tuple(choices), False, takes_file)


def _help(named: tuple[Node, ...]) -> Node:
    """`help RESOURCE COMMAND`: the same names, without flags."""
    children = tuple(_named_only(node) for node in named)
    return Node("help", "Show the help of a resource or command", (), children, False)


def _named_only(node: Node) -> Node:
    children = tuple(map(_named_only, node.children))
    return Node(f"help {node.path}", node.summary, (), children, False)
