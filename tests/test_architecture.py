"""What docs/architecture.md says of rooms and dependencies is so."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import openai_cli

PACKAGE = Path(openai_cli.__file__).parent
PROJECT = Path(__file__).parents[1]
PAGE = (PROJECT / "docs" / "architecture.md").read_text(encoding="utf-8")
DECLARED = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
FOR_ALL = {"errors"}
"""What every room may import, without its being said."""
DISTRIBUTIONS = {"ruamel": "ruamel.yaml", "pydantic_core": "pydantic"}
"""Distributions of modules that are not named like them."""


def imports(node: ast.AST, *, late: bool = False) -> Iterator[tuple[str, bool]]:
    """Each module that is imported at run time, and whether only inside of a function."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        if isinstance(child, ast.Import):
            yield from ((alias.name, late) for alias in child.names)
        elif isinstance(child, ast.ImportFrom) and not child.level:
            yield f"{child.module}", late
            yield from ((f"{child.module}.{alias.name}", late) for alias in child.names)
        yield from imports(child, late=late or isinstance(child, ast.FunctionDef))


@cache
def imported() -> list[tuple[str, str, bool]]:
    """File, module, whether late: every import of the package."""
    return [
        (file.relative_to(PACKAGE).as_posix(), module, late)
        for file in PACKAGE.rglob("*.py")
        for module, late in imports(ast.parse(file.read_text(encoding="utf-8")))
    ]


def table(title: str) -> list[list[str]]:
    """The cells of the table whose head begins with this text."""
    lines = PAGE[PAGE.index(f"| {title} |") :].partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def rooms_in(text: str) -> set[str]:
    return {name.strip("/") for name in re.findall(r"`(\w+)/?`", text)}


ROOMS = {
    re.sub(r"/|\.py|`", "", name): tuple(map(rooms_in, cell.partition("; late:")[::2]))
    for name, _, cell in table("room under `openai_cli/`")
}
"""The rooms that each one imports as it loads, and those it imports late, inside of a function."""


def test_every_room_is_in_the_table() -> None:
    folders = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()}
    assert set(ROOMS) == folders | FOR_ALL


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_import_what_the_table_says(room: str) -> None:
    used: dict[bool, set[str]] = {False: set(), True: set()}
    for place, module, late in imported():
        start, _, rest = module.partition(".")
        other = rest.partition(".")[0]
        if place.partition("/")[0].removesuffix(".py") == room and start == "openai_cli":
            used[late].add(other)
    others = set(ROOMS) - FOR_ALL - {room}
    background, late_only = used[False] & others, (used[True] - used[False]) & others
    assert (background, late_only) == ROOMS[room]


def test_rooms_load_in_one_direction() -> None:
    left = {room: background for room, (background, _) in ROOMS.items()}
    while free := [room for room, needed in left.items() if not needed & set(left)]:
        for room in free:
            del left[room]
    assert left == {}


def test_one_module_opens_the_engine_for_the_client() -> None:
    places = {
        place
        for place, module, _ in imported()
        if place.startswith("client/") and module.startswith("openai_cli.engine")
    }
    assert places == {"client/network.py"}


def test_what_is_imported_is_declared() -> None:
    tops = {module.partition(".")[0] for _, module, _ in imported()}
    foreign = tops - set(sys.stdlib_module_names) - {"openai_cli"}
    assert {DISTRIBUTIONS.get(name, name) for name in foreign} == names(
        DECLARED["dependencies"], *(runtime_extras().values())
    )


def test_every_dependency_has_its_reason_in_the_table() -> None:
    told = {
        tuple(re.sub(r"[()`]", "", row[0]).replace("extra ", "").split())
        for row in table("package")
    }
    extras = {(name, extra) for extra, found in runtime_extras().items() for name in names(found)}
    assert told == {(name,) for name in names(DECLARED["dependencies"])} | extras
    development = PAGE.partition("For development: ")[2].partition("\n\n")[0]
    for name in names(DECLARED["optional-dependencies"]["dev"]) - {"openai-cli"}:
        assert re.search(rf"\b{re.escape(name)}\b", development), name


def runtime_extras() -> dict[str, list[str]]:
    extras = DECLARED["optional-dependencies"]
    return {extra: found for extra, found in extras.items() if extra != "dev"}


def names(*requirements: list[str]) -> set[str]:
    """The distributions, without versions; each has a lower bound, or is this project itself."""
    found = [one for many in requirements for one in many]
    assert all(">=" in one or one.startswith("openai-cli[") for one in found)
    return {re.split(r"[\[>]", one)[0] for one in found}
