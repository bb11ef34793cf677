"""Putting a script where the shell looks for it."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from openai_cli.completion.script import FILES, script
from openai_cli.errors import CliError

_FPATH_TIMEOUT = 10.0


@dataclass(frozen=True)
class Installed:
    """Where the script is, whether this call changed it, and what is left to do, in lines."""

    path: Path
    changed: bool
    next_steps: tuple[str, ...]


def install(shell: str, environ: Mapping[str, str]) -> Installed:
    """Write the script of one of SHELLS to its place; twice is as good as once.

    Raises CliError if the place cannot be written.
    """
    place = {"bash": _bash, "fish": _fish, "powershell": _powershell, "zsh": _zsh}[shell]
    path, next_steps = place(environ)
    try:
        changed = _write(path, script(shell))
    except OSError as error:
        why = error.strerror or str(error)
        raise CliError(f"cannot write {path}: {why}") from None
    return Installed(path, changed, next_steps)


def _write(path: Path, text: str) -> bool:
    """Replace the file in one step, unless it holds the text already; a link stays a link."""
    target = path.resolve()
    if target.is_file() and target.read_bytes() == text.encode():
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    draft = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
        draft.chmod(0o644)
        draft.replace(target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return True


def _bash(environ: Mapping[str, str]) -> tuple[Path, tuple[str, ...]]:
    own = environ.get("BASH_COMPLETION_USER_DIR")
    folder = Path(own) if own else _data(environ) / "bash-completion"
    path = folder / "completions" / "openai"
    return path, (
        "Start a new shell, and press TAB after openai.",
        "Where bash-completion is not loaded, add this line to ~/.bashrc:",
        f"    source {_shown(path)}",
    )


def _fish(environ: Mapping[str, str]) -> tuple[Path, tuple[str, ...]]:
    path = _config(environ) / "fish" / "completions" / FILES["fish"]
    return path, ("Start a new shell, and press TAB after openai.",)


def _powershell(environ: Mapping[str, str]) -> tuple[Path, tuple[str, ...]]:
    path = _data(environ) / "openai" / FILES["powershell"]
    quoted = str(path).replace("'", "''")
    return path, (
        "Add this line to your profile (its place is in $PROFILE), and start a new shell:",
        f"    . '{quoted}'",
    )


def _zsh(environ: Mapping[str, str]) -> tuple[Path, tuple[str, ...]]:
    name = FILES["zsh"]
    for folder in _fpath(environ):
        if _is_own(folder):
            return folder / name, ("Start a new shell, and press TAB after openai.",)
    folder = _data(environ) / "zsh" / "site-functions"
    return folder / name, (
        "Add these two lines to ~/.zshrc (where compinit is called already, the first goes"
        " before it), and start a new shell:",
        f"    fpath=({_shown(folder)} $fpath)",
        "    autoload -Uz compinit && compinit",
    )


def _fpath(environ: Mapping[str, str]) -> list[Path]:
    """The folders where the user's zsh looks for functions; none if it does not say."""
    zsh = shutil.which("zsh", path=environ.get("PATH"))
    if zsh is None:
        return []
    mark = "--- fpath ---"
    try:
        # A session of its own: an interactive shell would take the terminal for itself.
        done = subprocess.run(  # noqa: S603 - zsh of the PATH, with words of ours
            [zsh, "-i", "-c", f'print -rl -- "{mark}" $fpath'],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=dict(environ),
            timeout=_FPATH_TIMEOUT,
            start_new_session=True,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    _, _, listed = done.stdout.decode(errors="replace").partition(mark + "\n")
    return [Path(line) for line in listed.splitlines() if line.startswith("/")]


def _is_own(folder: Path) -> bool:
    """Whether a folder is in the user's home and can be written to."""
    inside = folder.resolve().is_relative_to(Path.home().resolve())
    return inside and folder.is_dir() and os.access(folder, os.W_OK)


def _data(environ: Mapping[str, str]) -> Path:
    return _folder(environ, "XDG_DATA_HOME", ".local/share")


def _config(environ: Mapping[str, str]) -> Path:
    return _folder(environ, "XDG_CONFIG_HOME", ".config")


def _folder(environ: Mapping[str, str], variable: str, default: str) -> Path:
    """A base folder of the XDG specification, which says that a relative one does not count."""
    named = Path(environ.get(variable, ""))
    return named if named.is_absolute() else Path.home() / default


def _shown(path: Path) -> str:
    """The path as a word of a shell, the home folder as a tilde."""
    home = Path.home()
    if path.is_relative_to(home):
        return f"~/{shlex.quote(str(path.relative_to(home)))}"
    return shlex.quote(str(path))
