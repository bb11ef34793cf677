"""Users that no system knows, without a home or with one they cannot write: containers."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.support.programs import CLOSED_TO_OTHERS, open_to_others
from tests.support.server import Server
from tests.support.shell import OPENAI, Result

NOBODY = 54_321
"""A user that has no entry in the list of users; tests need root to become one."""
CREATE = ("beta:threads", "create")
RUN = ("beta:threads", "create-and-run", "--assistant-id", "asst_demo", "--message", "Hi")

pytestmark = [
    pytest.mark.needs("setpriv"),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may become a user that does not exist"),
    pytest.mark.skipif(not open_to_others(), reason=CLOSED_TO_OTHERS),
]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that this user owns; pytest's are closed to other users by each of its sessions."""
    with TemporaryDirectory() as name:
        os.chown(name, NOBODY, NOBODY)
        yield Path(name)


def run(folder: Path, *words: str, **env: str) -> Result:
    """The command as that user, with these variables and no others."""
    become = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    done = subprocess.run(
        [shutil.which(become[0]) or become[0], *become[1:], OPENAI, *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        cwd=folder,
        env=env,
        check=False,
    )
    return Result(done.returncode, done.stdout, done.stderr)


def test_network_commands_need_no_home(folder: Path, server: Server) -> None:
    for env in ({}, {"HOME": "/"}, {"HOME": "/nowhere"}):
        done = run(folder, "--base-url", server.url, *RUN, **env)
        assert (done.code, done.err) == (0, ""), env
    assert len(server.seen) == 3


@pytest.mark.slow
def test_a_home_of_somebody_else_has_no_configuration(folder: Path, server: Server) -> None:
    file = folder / "closed" / ".config" / "openai-cli" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text("this is not TOML")
    file.chmod(0o600)
    ask = ("--base-url", server.url, *RUN)
    done = run(folder, *ask, HOME=f"{folder}/closed")
    assert done.code == 2
    assert f'the configuration file: "{file}" cannot be read: Permission denied' in done.err
    (folder / "closed").chmod(0o700)
    assert run(folder, *ask, HOME=f"{folder}/closed").code == 0


@pytest.mark.slow
def test_without_a_home_there_is_no_configuration(folder: Path) -> None:
    done = run(folder, "local", "config", "path")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "OPENAI_CONFIG: does not name a file, and there is no home directory" in done.err
    done = run(folder, *CREATE, "--profile", "a")
    assert (done.code, "there is no home directory" in done.err) == (2, True)
    assert run(folder, *CREATE, "--local", "--dry-run").code == 0


@pytest.mark.first_by_default
@pytest.mark.parametrize("words", [("local", "path"), ("--local", *RUN), ("local", "export")])
def test_without_a_home_one_sentence_names_the_variable(
    folder: Path, words: tuple[str, ...]
) -> None:
    done = run(folder, *words)
    assert (done.code, done.out, done.err.count("\n")) == (3, "", 1)
    assert "There is no home directory for the store: " in done.err
    assert "OPENAI_LOCAL_STORE" in done.err
    assert list(folder.iterdir()) == []


@pytest.mark.slow
def test_the_store_that_is_named_is_used(folder: Path) -> None:
    done = run(folder, "--local", *RUN, "--format", "text", OPENAI_LOCAL_STORE=f"{folder}/s.db")
    assert (done.code, done.out, done.err) == (0, "Hi\n", "")
    assert (folder / "s.db").exists()


@pytest.mark.first_by_default
@pytest.mark.parametrize(
    "words",
    [
        ("local", "export"),
        ("local", "threads"),
        ("local", "show", "thread_1"),
        ("local", "doctor"),
        ("--local", *CREATE),
        ("--local", *RUN, "--continue"),
    ],
)
def test_a_home_of_somebody_else_is_told(folder: Path, words: tuple[str, ...]) -> None:
    home = folder / "closed"
    home.mkdir(mode=0o700)  # of root, who runs the tests
    done = run(folder, *words, HOME=str(home))
    assert done.code == 3
    assert "assistants.db cannot be opened: Permission denied." in done.err
    assert "hint: OPENAI_LOCAL_STORE=FILE" in done.err or words[1] == "doctor"


@pytest.mark.first_by_default
@pytest.mark.parametrize("home", ["/", "/nowhere"])
def test_a_home_that_cannot_be_written(folder: Path, home: str) -> None:
    done = run(folder, "--local", *CREATE, HOME=home)
    assert (done.code, done.out) == (3, "")
    assert "assistants.db cannot be opened: Permission denied.\nhint: OPENAI_LOCAL_STORE=FILE" in (
        done.err
    )


@pytest.mark.slow
def test_the_doctor_knows_that_no_store_can_be_made(folder: Path) -> None:
    for home in ("/", "/nowhere", "/proc"):
        done = run(folder, "local", "doctor", HOME=home)
        assert done.code == 3
        assert "assistants.db cannot be created: /" in done.err
        assert "hint: OPENAI_LOCAL_STORE=FILE" in done.err
    assert run(folder, "local", "doctor", HOME=str(folder)).code == 0
    assert list(folder.iterdir()) == []


@pytest.mark.slow
def test_a_folder_that_can_only_be_read(folder: Path) -> None:
    folder.chmod(0o555)
    done = run(folder, "--local", *CREATE, OPENAI_LOCAL_STORE=f"{folder}/s.db")
    assert (done.code, done.out) == (3, "")
    assert "s.db cannot be opened: Permission denied." in done.err
    assert "OPENAI_LOCAL_STORE" in done.err


@pytest.mark.first_by_default
@pytest.mark.parametrize(
    ("shell", "variable", "file"),
    [
        ("bash", "BASH_COMPLETION_USER_DIR", "completions/openai"),
        ("bash", "XDG_DATA_HOME", "bash-completion/completions/openai"),
        ("fish", "XDG_CONFIG_HOME", "fish/completions/openai.fish"),
        ("zsh", "XDG_DATA_HOME", "zsh/site-functions/_openai"),
    ],
)
def test_completion_goes_where_it_is_told(
    folder: Path, shell: str, variable: str, file: str
) -> None:
    done = run(folder, "--install-completion", shell, **{variable: str(folder)})
    assert (done.code, (folder / file).is_file()) == (0, True), done.err


@pytest.mark.first_by_default
@pytest.mark.parametrize("shell", ["bash", "fish", "zsh", "powershell"])
def test_without_a_folder_the_variable_is_named(folder: Path, shell: str) -> None:
    done = run(folder, "--install-completion", shell)
    assert (done.code, "there is no home folder" in done.err) == (1, True)
    assert "hint: " in done.err
    done = run(folder, "--install-completion", shell, HOME="/")
    assert (done.code, "Permission denied" in done.err, "hint: " in done.err) == (1, True, True)


@pytest.mark.slow
@pytest.mark.parametrize("closed", ["file", "folder"])
def test_a_store_that_can_only_be_read_says_how_to_copy_it(folder: Path, closed: str) -> None:
    made = run(folder, "--local", *CREATE, OPENAI_LOCAL_STORE=f"{folder}/s.db")
    (folder / "s.db").chmod(0o444 if closed == "file" else 0o644)
    folder.chmod(0o755 if closed == "file" else 0o555)
    env = {"OPENAI_LOCAL_STORE": f"{folder}/s.db"}
    ask = ("--local", "beta:threads", "retrieve", made.json["id"])
    done = run(folder, *ask, **env)
    assert (done.code, done.out) == (3, "")
    said = "is read-only, but the engine" if closed == "file" else "is read-only"
    assert f"The store {folder}/s.db {said}" in done.err
    copy = f"cp {folder}/s.db* FOLDER, then OPENAI_LOCAL_STORE=FOLDER/s.db"
    assert f"hint: to work on a copy: {copy}" in done.err
    assert len(run(folder, "local", "export", **env).lines) == 2
    # As the hint says
    copy = folder / "copy"
    copy.mkdir()
    copy.chmod(0o777)
    for file in folder.glob("s.db*"):
        shutil.copy(file, copy)
        (copy / file.name).chmod(0o600)
        os.chown(copy / file.name, NOBODY, NOBODY)
    copy.chmod(0o700)
    os.chown(copy, NOBODY, NOBODY)
    found = run(folder, *ask, OPENAI_LOCAL_STORE=f"{copy}/s.db")
    assert (found.code, found.json["id"]) == (0, made.json["id"])
