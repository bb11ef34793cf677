"""What docs/architecture.md says of rooms and dependencies is true; import-linter does the rest."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import yaml

import openai_cli

PACKAGE = Path(openai_cli.__file__).parent
PROJECT = Path(__file__).parents[1]
PAGE = (PROJECT / "docs" / "architecture.md").read_text(encoding="utf-8")
DECLARED = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DISTRIBUTIONS = {
    "ruamel": "ruamel.yaml",
    "pydantic_core": "pydantic",
    "backports": "backports-zstd",
    "prometheus_client": "prometheus-client",
    "psycopg_pool": "psycopg-pool",
}
"""Distributions of modules that are not named like them."""


def imported() -> set[str]:
    """The top-level modules that the package imports at run time."""
    return {
        name.partition(".")[0]
        for file in PACKAGE.rglob("*.py")
        for name in imports(ast.parse(file.read_text(encoding="utf-8")))
    }


def imports(node: ast.AST) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom) and not child.level:
            yield f"{child.module}"
        yield from imports(child)


def table(title: str) -> list[list[str]]:
    """The cells of the table whose head begins with this text."""
    lines = PAGE[PAGE.index(f"| {title} |") :].partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_every_room_is_in_the_file_tree() -> None:
    """Each package with one line that says what lives there, and nothing that is gone."""
    tree = PAGE.partition("    openai_cli/\n")[2].partition("\n\n")[0].splitlines()
    folders: list[str] = []
    described: set[str] = set()
    for line in tree:
        name, _, text = line.strip().partition(" ")
        depth = (len(line) - len(line.lstrip())) // 4 - 2
        folders[depth:] = [name.rstrip("/")]
        assert text.strip(), line
        described.add("/".join(folders))
    packages = {
        path.parent.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("__init__.py")
    }
    modules = {path.name for path in PACKAGE.glob("*.py") if path.name != "__init__.py"}
    assert described == packages - {"."} | modules


def test_what_is_imported_is_declared() -> None:
    foreign = imported() - set(sys.stdlib_module_names) - {"openai_cli", "compression"}
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
    for name in names(DECLARED["optional-dependencies"]["dev"]) - {"openai-threads-cli"}:
        assert re.search(rf"\b{re.escape(name)}\b", development), name


def test_the_pre_commit_hooks_are_the_commands_of_make_check() -> None:
    hooks = yaml.safe_load((PROJECT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    recipe = re.search(r"^check:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    assert recipe
    commands = recipe[1].replace("$(BIN)", ".venv/bin").replace("\t", "").splitlines()
    assert [hook["entry"] for hook in hooks["repos"][0]["hooks"]] == commands


def runtime_extras() -> dict[str, list[str]]:
    extras = DECLARED["optional-dependencies"]
    return {extra: found for extra, found in extras.items() if extra != "dev"}


def names(*requirements: list[str]) -> set[str]:
    """The distributions, without versions; each has a lower bound, or is this project itself."""
    found = [one for many in requirements for one in many]
    assert all(">=" in one or one.startswith("openai-threads-cli[") for one in found)
    return {re.split(r"[\[>]", one)[0] for one in found}


def test_no_class_name_stands_for_two_things() -> None:
    names = [
        node.name
        for file in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    ]
    assert [name for name, times in Counter(names).items() if times > 1] == []
