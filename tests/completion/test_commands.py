"""`@completion`, `--show-completion`, `--install-completion`."""

from __future__ import annotations

import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from openai_cli.cli.options import SHELLS
from openai_cli.completion.install import install
from openai_cli.completion.script import FILES, script
from openai_cli.completion.shells import read_shell
from openai_cli.errors import CliError, UsageError
from tests.support.programs import each
from tests.support.shell import OPENAI, Shell


def test_the_script_is_printed(openai: Shell) -> None:
    done = openai("@completion zsh")
    assert (done.code, done.out, done.err) == (0, script("zsh"), "")
    done = openai("--show-completion=pwsh")
    assert (done.code, done.out, done.err) == (0, script("powershell"), "")


@pytest.mark.parametrize("words", ["@completion tcsh", "--install-completion tcsh"])
def test_an_unknown_shell_is_a_usage_error(openai: Shell, words: str) -> None:
    done = openai(words)
    assert (done.code, done.out) == (2, "")
    assert 'expected one of bash, fish, powershell, zsh, found "tcsh"' in done.err
    assert list((openai.folder.parent / "home").iterdir()) == []


def test_a_shell_must_be_named_behind_the_command(openai: Shell) -> None:
    done = openai("@completion")
    assert (done.code, done.out) == (2, "")
    assert "expected a shell (bash, fish, powershell, zsh), found none" in done.err


@pytest.mark.first_by_default
@pytest.mark.parametrize("shell", each("bash", "zsh", "fish"))
def test_the_shell_it_was_started_from_is_found_out(openai: Shell, shell: str) -> None:
    program = shutil.which(shell)
    assert program is not None
    # What follows the command keeps the shell from being replaced by it.
    done = subprocess.run(
        [program, "-c", f"{OPENAI} --show-completion; true"],
        capture_output=True,
        cwd=openai.folder,
        env={**openai.environ, "SHELL": "/bin/tcsh"},
        check=True,
        timeout=60,
    )
    assert done.stdout.decode() == script(shell)


@pytest.mark.slow
def test_install_says_what_it_did_and_twice_is_once(openai: Shell, tmp_path: Path) -> None:
    path = tmp_path / "home/.local/share/bash-completion/completions/openai"
    done = openai("--install-completion bash")
    assert (done.code, done.out) == (0, "")
    assert f"note: completion for bash, written: {path}" in done.err
    assert "source ~/.local/share/bash-completion/completions/openai" in done.err
    assert path.read_text() == script("bash")
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    written = path.stat()

    done = openai("--install-completion bash")
    assert f"note: completion for bash, already up to date: {path}" in done.err
    assert path.stat().st_ino == written.st_ino
    assert [file.name for file in path.parent.iterdir()] == ["openai"]


@pytest.mark.parametrize(
    ("shell", "variable", "place"),
    [
        ("bash", "BASH_COMPLETION_USER_DIR", "completions/openai"),
        ("bash", "XDG_DATA_HOME", "bash-completion/completions/openai"),
        ("fish", "XDG_CONFIG_HOME", "fish/completions/openai.fish"),
        ("powershell", "XDG_DATA_HOME", "openai/openai.ps1"),
        ("zsh", "XDG_DATA_HOME", "zsh/site-functions/_openai"),
    ],
)
def test_places_can_be_moved(shell: str, variable: str, place: str, tmp_path: Path) -> None:
    installed = install(shell, {variable: str(tmp_path / "moved")})
    assert installed.path == tmp_path / "moved" / place
    assert installed.path.read_text() == script(shell)
    assert installed.changed


@pytest.mark.needs("zsh")
def test_zsh_uses_a_folder_of_the_users_fpath(tmp_path: Path) -> None:
    home = tmp_path / "home"
    folder = home / "my functions"
    folder.mkdir()
    (home / ".zshrc").write_text("echo Welcome\nfpath=(~/missing ~/my\\ functions $fpath)\n")
    environ = {"HOME": str(home), "PATH": "/usr/bin:/bin", "ZDOTDIR": str(home)}
    installed = install("zsh", environ)
    assert installed.path == folder / "_openai"
    assert len(installed.next_steps) == 1


@pytest.mark.slow
@pytest.mark.needs("zsh")
def test_zsh_is_told_two_lines_otherwise_and_they_work(tmp_path: Path) -> None:
    home = tmp_path / "home"
    environ = {"HOME": str(home), "PATH": "/usr/bin:/bin"}
    installed = install("zsh", environ)
    lines = [line.strip() for line in installed.next_steps if line.startswith(" ")]
    assert len(lines) == 2
    (home / ".zshrc").write_text("\n".join(lines).replace("compinit", "compinit -u") + "\n")
    shown = subprocess.run(
        ["zsh", "-i", "-c", "print -r -- $_comps[openai]"],
        capture_output=True,
        env=environ,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        check=True,
        timeout=60,
    )
    assert shown.stdout.decode().strip() == "_openai"


@pytest.mark.needs("fish")
def test_fish_finds_what_was_installed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    install("fish", {})
    # Fish loads completions only for commands that are there.
    commands = Path(sys.executable).parent
    shown = subprocess.run(
        ["fish", "-c", "complete -C 'openai beta:threads create-'"],
        capture_output=True,
        env={"HOME": str(home), "PATH": f"{commands}:/usr/bin:/bin"},
        check=True,
        timeout=60,
    )
    assert shown.stdout.decode().startswith("create-and-run\t")


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    kept = tmp_path / "dotfiles" / "openai.fish"
    kept.parent.mkdir()
    kept.write_text("# old\n")
    link = tmp_path / "home/.config/fish/completions/openai.fish"
    link.parent.mkdir(parents=True)
    link.symlink_to(kept)
    assert install("fish", {}).changed
    assert link.is_symlink()
    assert kept.read_text() == script("fish")


def test_a_place_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "home/.config").write_text("a file\n")
    with pytest.raises(CliError, match=r"cannot write .*openai\.fish: ") as error:
        install("fish", {})
    assert error.value.exit_code == 1


def test_names_of_shells() -> None:
    assert read_shell("/usr/local/bin/Fish", "x") == "fish"
    assert read_shell("pwsh.exe", "x") == "powershell"
    assert {read_shell(shell, "x") for shell in FILES} == set(SHELLS)
    with pytest.raises(UsageError, match="x: expected one of"):
        read_shell("", "x")
