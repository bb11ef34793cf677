"""Builds a shell's script: hand-written code with generated tables of flags and names."""

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
"""File name of each shell's script."""

_MARK = "#{tables}\n"


def script(shell: str) -> str:
    """The completion script for one of SHELLS."""
    text = import_module(f"openai_cli.completion.{shell}").render(build_tree())
    return str(text)


def fill(engine: str, tables: Iterable[str]) -> str:
    """The hand-written script in the file `engine`, with the generated tables inserted."""
    text = resources.files("openai_cli.completion").joinpath("engine", engine).read_text("utf-8")
    return text.replace(_MARK, "".join(f"{line}\n" for line in tables))
