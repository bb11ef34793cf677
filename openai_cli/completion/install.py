"""Installs a completion script where the shell looks for it."""

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
_ELSEWHERE = {
    shell: f"{variable} names another folder for it; --show-completion prints the script"
    for shell, variable in (
        ("bash", "BASH_COMPLETION_USER_DIR"),
        ("fish", "XDG_CONFIG_HOME"),
        ("powershell", "XDG_DATA_HOME"),
        ("zsh", "XDG_DATA_HOME"),
    )
}


@dataclass(frozen=True)
class Installed:
    """Path of the script, whether this call wrote it, and instructions for the user."""

    path: Path
    changed: bool
    next_steps: tuple[str, ...]


def install(shell: str, environ: Mapping[str, str]) -> Installed:
    """Install the script for one of SHELLS; does nothing if it is up to date.

    Raises CliError if the file cannot be written, or there is no folder for it.
    """
    locate = {"bash": _bash, "fish": _fish, "powershell": _powershell, "zsh": _zsh}[shell]
    try:
        path, next_steps = locate(environ)
    except RuntimeError:  # of Path.home
        what = "there is no home folder to install the script in"
        raise CliError(what, hint=_ELSEWHERE[shell]) from None
    try:
        changed = _write(path, script(shell))
    except OSError as error:
        why = error.strerror or str(error)
        raise CliError(f"cannot write {path}: {why}", hint=_ELSEWHERE[shell]) from None
    return Installed(path, changed, next_steps)


def _write(path: Path, text: str) -> bool:
    """Replace the file atomically unless it has this text already; a symlink is followed."""
    target = path.resolve()
    if target.is_file() and target.read_bytes() == text.encode():
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
        temporary.chmod(0o644)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return True


def _bash(environ: Mapping[str, str]) -> tuple[Path, tuple[str, ...]]:
    own = environ.get("BASH_COMPLETION_USER_DIR")
    folder = Path(own) if own else _data(environ) / "bash-completion"
    path = folder / "completions" / "openai"
    return path, (
        "Start a new shell, and press TAB after openai.",
        "If bash-completion is not loaded, add this line to ~/.bashrc:",
        f"    source {_shown(path)}",
    )


def _fish(environ: Mapping[str, str]) -> tuple[Path, tuple[str, ...]]:
    path = _config(environ) / "fish" / "completions" / FILES["fish"]
    return path, ("Start a new shell, and press TAB after openai.",)


def _powershell(environ: Mapping[str, str]) -> tuple[Path, tuple[str, ...]]:
    path = _data(environ) / "openai" / FILES["powershell"]
    quoted = str(path).replace("'", "''")
    return path, (
        "Add this line to your profile (its path is in $PROFILE), and start a new shell:",
        f"    . '{quoted}'",
    )


def _zsh(environ: Mapping[str, str]) -> tuple[Path, tuple[str, ...]]:
    name = FILES["zsh"]
    for folder in _fpath(environ):
        if _is_own(folder):
            return folder / name, ("Start a new shell, and press TAB after openai.",)
    folder = _data(environ) / "zsh" / "site-functions"
    return folder / name, (
        "Add these two lines to ~/.zshrc (if it calls compinit already, add only the first,"
        " before that call), and start a new shell:",
        f"    fpath=({_shown(folder)} $fpath)",
        "    autoload -Uz compinit && compinit",
    )


def _fpath(environ: Mapping[str, str]) -> list[Path]:
    """The folders in the fpath of the user's zsh; empty if zsh cannot be asked."""
    zsh = shutil.which("zsh", path=environ.get("PATH"))
    if zsh is None:
        return []
    mark = "--- fpath ---"
    try:
        # In a new session: an interactive shell would take control of the terminal.
        done = subprocess.run(  # noqa: S603 - zsh from PATH, with fixed arguments
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
    """Whether a folder is in the user's home and is writable."""
    home = _home()
    inside = home is not None and folder.resolve().is_relative_to(home.resolve())
    return inside and folder.is_dir() and os.access(folder, os.W_OK)


def _data(environ: Mapping[str, str]) -> Path:
    return _folder(environ, "XDG_DATA_HOME", ".local/share")


def _config(environ: Mapping[str, str]) -> Path:
    return _folder(environ, "XDG_CONFIG_HOME", ".config")


def _folder(environ: Mapping[str, str], variable: str, default: str) -> Path:
    """A base folder by the XDG specification, which ignores relative paths."""
    named = Path(environ.get(variable, ""))
    return named if named.is_absolute() else Path.home() / default


def _home() -> Path | None:
    """The home folder; None if there is none, or if it is the root folder."""
    try:
        home = Path.home()
    except RuntimeError:
        return None
    return None if home == Path(home.anchor) or not home.is_absolute() else home


def _shown(path: Path) -> str:
    """The path quoted for a shell, with `~` for the home folder."""
    home = _home()
    if home is not None and path.is_relative_to(home):
        return f"~/{shlex.quote(str(path.relative_to(home)))}"
    return shlex.quote(str(path))
