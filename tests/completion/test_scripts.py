"""The scripts themselves: fresh, well-formed for any declaration, where the wheel puts them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import tree_sitter
import tree_sitter_powershell

from openai_cli.api.operations import OPERATIONS
from openai_cli.cli.catalog import command_rows, option_row
from openai_cli.cli.options import SHELLS, Option
from openai_cli.completion import bash, fish, powershell, zsh
from openai_cli.completion.script import FILES, script
from openai_cli.completion.tree import Node, Tree, build_tree
from tests.support.programs import each

ROOT = Path(__file__).parents[2]
RENDERERS = {"bash": bash, "fish": fish, "powershell": powershell, "zsh": zsh}

NASTY = """it's "quoted", `run`, $HOME, 50% {a: b} [x] \\ back: <b> & | ; # ! ~ * ? €"""


@pytest.mark.parametrize("shell", SHELLS)
def test_the_files_are_fresh(shell: str) -> None:
    kept = (ROOT / "completions" / FILES[shell]).read_text()
    assert kept == script(shell), "completions/ is stale: run `make completions`"


@pytest.mark.parametrize("shell", SHELLS)
def test_every_flag_is_in_the_script(shell: str) -> None:
    text = script(shell)
    for operation in OPERATIONS:
        for row in command_rows(operation):
            assert re.search(rf"{re.escape(row.name)}(?![-.\w])", text), row.name


def nasty_tree() -> Tree:
    """A command line that no engine knows, with descriptions full of what shells act on."""
    row = option_row(Option("--new-flag", NASTY, "Run", "TEXT", words=("one", "two")))
    other = option_row(Option("--other", NASTY, "Run", "FILE", "-o"))
    command = Node("new:things make", NASTY, (row,))
    return Tree(Node("", "", (), (Node("new:things", NASTY, (), (command,)),)), (other,))


@pytest.mark.parametrize("shell", each("bash", "fish", "zsh"))
def test_a_new_declaration_needs_no_change(shell: str, tmp_path: Path) -> None:
    file = tmp_path / "script"
    file.write_text(RENDERERS[shell].render(nasty_tree()))
    setups = {
        "bash": f'. {file}; COMP_LINE="openai new:things make --n"; COMP_POINT=${{#COMP_LINE}}; '
        'compopt() { :; }; _openai; echo "$COMPREPLY"',
        "zsh": f". {file}; _openai_flags 'new:things make'; print -rl -- $names[1,2]",
        "fish": f". {file}; complete -C 'openai new:things make --n' | string split \\t",
    }
    done = subprocess.run(
        [shell, "-c", setups[shell]], capture_output=True, check=True, cwd=tmp_path, timeout=60
    )
    found = done.stdout.decode().splitlines()
    assert found == (["--new-flag"] if shell == "bash" else ["--new-flag", NASTY])
    assert done.stderr == b""


def powershell_errors(text: str) -> bool:
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))
    return parser.parse(text.encode()).root_node.has_error


def test_powershell_can_parse_its_script() -> None:
    text = script("powershell")
    assert not powershell_errors(text)
    assert not powershell_errors(powershell.render(nasty_tree()))
    assert powershell_errors(text.rstrip().removesuffix("}"))


def test_bash_script_has_nothing_newer_than_bash_3_2() -> None:
    newer = {
        "associative arrays, name references": r"\b(declare|local|typeset) -[a-z]*[Angul]",
        "reading into arrays": r"\b(mapfile|readarray)\b",
        "upper and lower case": r"\$\{\w+(\^|,|@[A-Za-z])",
        "fall-through": r";;?&",
        "both streams in one": r"&>>|\|&",
        "last elements": r"\[-\d+\]",
        "unset tests": r"\[\[ -[vR] ",
    }
    text = script("bash")
    assert {what for what, pattern in newer.items() if re.search(pattern, text)} == set()


def test_tree_has_a_place_for_every_command() -> None:
    paths = {node.path for node in build_tree().root.walk()}
    assert {operation.name for operation in OPERATIONS} <= paths
    assert {f"help {operation.name}" for operation in OPERATIONS} <= paths
