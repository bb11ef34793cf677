"""A shell's script: its engine, written by hand, with the tables of flags and names put in."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module, resources

from openai_cli.completion.tree import build_tree

FILES = {
    "bash": "openai.bash",
    "fish": "openai.fish",
    "powershell": "openai.ps1",
    "zsh": "_openai",
}
"""The name each shell's script has as a file."""

_MARK = "#{tables}\n"


def script(shell: str) -> str:
    """The completion script of one of SHELLS."""
    text = import_module(f"openai_cli.completion.{shell}").render(build_tree())
    return str(text)


def fill(engine: str, tables: Iterable[str]) -> str:
    """The engine's text with the tables in their place."""
    text = resources.files("openai_cli.completion").joinpath("engine", engine).read_text("utf-8")
    return text.replace(_MARK, "".join(f"{line}\n" for line in tables))
