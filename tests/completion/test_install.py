"""The wheel, freshly built and installed: what is there without another step."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from openai_cli.api.operations import RESOURCES
from openai_cli.manual.man import man_pages
from tests.completion.cases import RUN, make_files
from tests.completion.terminal import Terminal
from tests.support.programs import DEBIAN_COMPLETION

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home, with everything where `pip install --user` puts it: as in /usr/local, below it."""
    folder, home = tmp_path_factory.mktemp("dist"), tmp_path_factory.mktemp("home")
    python = [sys.executable, "-m"]
    build = [*python, "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.iterdir()
    # --ignore-installed: else pip would take away the one these tests run from.
    install = [
        *python,
        "pip",
        "install",
        "--quiet",
        "--ignore-installed",
        "--no-deps",
        "--no-index",
    ]
    subprocess.run([*install, f"--prefix={home}/.local", wheel], check=True, capture_output=True)
    return home


@pytest.fixture
def prefix(installed: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(installed))
    return installed / ".local"


def with_programs(prefix: Path) -> dict[str, str]:
    return {**os.environ, "PATH": f"{prefix}/bin:{os.environ['PATH']}", "LANG": "C.UTF-8"}


@pytest.mark.slow
@pytest.mark.needs("man")
def test_man_finds_the_pages(prefix: Path) -> None:
    environ = with_programs(prefix)
    for name in man_pages():
        page = name.removesuffix(".1")
        found = subprocess.run(["man", "-w", page], env=environ, capture_output=True, check=True)
        assert Path(found.stdout.decode().strip()) == prefix / "share/man/man1" / name
    shown = subprocess.run(["man", "openai"], env=environ, capture_output=True, check=True)
    assert f"openai-{next(iter(RESOURCES)).replace(':', '-')}(1)" in shown.stdout.decode()


@pytest.mark.needs("bash", "bash-completion")
def test_bash_completes(prefix: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    make_files(work, prefix.parent)
    setup = f"""
complete -r openai; unset -f _openai
PATH={prefix}/bin:$PATH
source {DEBIAN_COMPLETION}
"""
    with Terminal("bash", work, prefix.parent, setup) as terminal:
        assert terminal.tab("openai beta:threads create-") == f"{RUN} "
        assert terminal.tab(f"{RUN} --message @fi") == f"{RUN} --message @file.txt "


@pytest.mark.needs("fish")
def test_fish_completes(prefix: Path) -> None:
    asked = "complete -C 'openai beta:threads create-'"
    environ = {"PATH": f"{prefix}/bin:{os.environ['PATH']}", "HOME": str(prefix.parent)}
    done = subprocess.run(["fish", "-c", asked], env=environ, capture_output=True, check=True)
    assert done.stdout.decode().startswith("create-and-run\t")


@pytest.mark.needs("zsh")
def test_zsh_looks_into_such_a_folder(prefix: Path) -> None:
    # It knows the folder of /usr/local; that is the same tree elsewhere.
    listed = subprocess.run(["zsh", "-fc", "print -rl $fpath"], capture_output=True, check=True)
    assert "/usr/local/share/zsh/site-functions" in listed.stdout.decode().splitlines()
    assert (prefix / "share/zsh/site-functions/_openai").is_file()


def test_the_command_is_there(prefix: Path) -> None:
    from tests.support.shell import OPENAI

    libraries = Path(OPENAI).parents[1]
    (packages,) = libraries.glob("lib/python*/site-packages")
    (ours,) = prefix.glob("lib/python*/site-packages")
    environ = {**with_programs(prefix), "PYTHONPATH": f"{ours}:{packages}"}
    for command, start in {"--version": "openai ", "@completion bash": "# Completion of"}.items():
        done = subprocess.run(
            [prefix / "bin/openai", *command.split()], env=environ, capture_output=True, check=True
        )
        assert done.stdout.decode().startswith(start)
