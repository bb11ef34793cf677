"""A TAB in the real shells, on a terminal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from openai_cli.api.operations import OPERATIONS, RESOURCES
from openai_cli.cli.builtin_commands import builtin_commands_of, groups_in
from openai_cli.cli.catalog import command_rows, global_rows
from openai_cli.output.formats import FORMATS
from tests.completion.cases import CASES, RUN, make_files
from tests.completion.terminal import Terminal
from tests.support.programs import DEBIAN_COMPLETION, each

SHELLS = each("bash", "zsh", "fish")

Open = Callable[..., Terminal]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with the files of the cases; `home` beside it."""
    folder = tmp_path / "work"
    folder.mkdir()
    make_files(folder, tmp_path / "home")
    return folder


def results(terminal: Terminal) -> dict[str, str]:
    return {line: terminal.tab(line) for line in CASES}


def poison(folder: Path) -> None:
    """Programs of every name this machine has, that leave a mark when they are started."""
    folder.mkdir()
    fatal = folder / "openai"
    fatal.write_text(f'#!/bin/sh\necho "$0" >> "{folder}.touched"\n')
    fatal.chmod(0o755)
    names = {file.name for known in ("/usr/bin", "/bin") for file in Path(known).iterdir()}
    for name in names - {"openai"}:
        (folder / name).symlink_to(fatal)


@pytest.mark.first_by_default
@pytest.mark.parametrize("shell", SHELLS)
def test_every_case_and_no_process_is_started_at_a_tab(
    shell: str, place: Path, tmp_path: Path
) -> None:
    programs, touched = tmp_path / "programs", tmp_path / "programs.touched"
    poison(programs)
    with Terminal(shell, place, tmp_path / "home", f"export PATH={programs}\n") as terminal:
        before = terminal.children()
        assert results(terminal) == CASES
        assert terminal.children() == before
        assert not touched.exists()

        # The proof can fail: a program that is started does leave its traces.
        terminal.run("python3")
        assert touched.read_text() == f"{programs}/python3\n"
        assert terminal.children() > before


@pytest.mark.first_by_default
@pytest.mark.parametrize("shell", SHELLS)
def test_lists_are_what_is_declared(shell: str, place: Path, tmp_path: Path) -> None:
    (run,) = (operation for operation in OPERATIONS if f"openai {operation.name}" == RUN)
    own = {row.name for row in command_rows(run)}
    everywhere = {row.name for row in global_rows()}
    with Terminal(shell, place, tmp_path / "home") as terminal:

        def names(line: str) -> set[str]:
            return set(terminal.candidates(line))

        assert names("openai ") == {*RESOURCES, *groups_in(""), "help", *builtin_commands_of("")}
        assert names("openai help ") == {*RESOURCES, *groups_in("")}
        assert names("openai @completion ") == {"bash", "fish", "powershell", "zsh"}
        serve = builtin_commands_of("local")["serve"]
        assert names("openai local serve --") == {row.name for row in serve.rows}
        assert names("openai --") == everywhere | {"--show-completion", "--install-completion"}
        assert names("openai beta:threads --") == everywhere
        assert names(f"{RUN} --") == own
        assert names(f"{RUN} --format json --tool x --") == own - {"--format"}
        assert names("openai --format ") == set(FORMATS)
        assert names("openai --format-error ") == set(FORMATS) - {"csv", "explore", "table"}
        assert names(f"{RUN} --stream ") == {"true", "false"}
        assert names("openai nonsense ") == set()


@pytest.mark.first_by_default
@pytest.mark.parametrize("shell", each("zsh", "fish"))
def test_candidates_are_described(shell: str, place: Path, tmp_path: Path) -> None:
    described = {row.name: row.help for row in global_rows() if row.name.startswith("--mtls")}
    with Terminal(shell, place, tmp_path / "home") as terminal:
        assert terminal.candidates("openai --mtls") == described
        assert terminal.candidates("openai beta") == dict(RESOURCES)


BASH_STATES = {
    "strict": "set -eu",
    "options": "set -f; shopt -s nullglob failglob dotglob",
    "separators": "IFS=:/-",
    "no word breaks": "COMP_WORDBREAKS=$' \\t\\n'",
    "no colon": "COMP_WORDBREAKS=${COMP_WORDBREAKS//[:=]}",
    "no names of hosts": "shopt -u hostcomplete",
    "bash-completion": f"source {DEBIAN_COMPLETION}; complete -o nospace -F _openai openai",
}
NEEDED_BY_STATES = {"bash-completion": ("bash-completion",)}


@pytest.mark.first_by_default
@pytest.mark.parametrize(
    "state",
    [
        pytest.param(state, marks=pytest.mark.needs("bash", *NEEDED_BY_STATES.get(state, ())))
        for state in BASH_STATES
    ],
)
def test_bash_in_any_state(state: str, place: Path, tmp_path: Path) -> None:
    with Terminal("bash", place, tmp_path / "home", BASH_STATES[state] + "\n") as terminal:
        assert results(terminal) == CASES


def test_bash_without_compopt(place: Path, tmp_path: Path) -> None:
    # As in bash 3.2: the blank behind a quote that TAB has closed is for the user to type.
    quoted = {line: text.rstrip(" ") for line, text in CASES.items() if text[-2:] in ('" ', "' ")}
    with Terminal("bash", place, tmp_path / "home", "enable -n compopt\n") as terminal:
        assert results(terminal) == CASES | quoted


@pytest.mark.needs("bash-completion")
def test_bash_loads_it_on_demand(place: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    setup = f"complete -r openai; source {DEBIAN_COMPLETION}\n"
    folder = home / ".local/share/bash-completion/completions"
    folder.mkdir(parents=True)
    with Terminal("bash", place, home, setup) as terminal:
        script = terminal.run('printf "%s" "$(< "$COMPLETIONS/openai.bash")" > "$ANSWERS"')
        (folder / "openai").write_text(script)
        assert terminal.tab("openai beta:threads create-") == f"{RUN} "


def test_bash_keeps_its_variables(place: Path, tmp_path: Path) -> None:
    with Terminal("bash", place, tmp_path / "home") as terminal:
        before = terminal.run('compgen -v > "$ANSWERS"').split()
        results(terminal)
        after = terminal.run('compgen -v > "$ANSWERS"').split()
        assert set(after) - set(before) <= {"COMPREPLY", "BASH_REMATCH"}


@pytest.mark.slow
@pytest.mark.needs("zsh")
def test_zsh_keeps_its_variables(place: Path, tmp_path: Path) -> None:
    listing = 'print -rl -- ${(k)parameters} > "$ANSWERS"'
    with Terminal("zsh", place, tmp_path / "home") as terminal:
        terminal.tab("ls fi")
        before = terminal.run(listing).split()
        results(terminal)
        assert set(terminal.run(listing).split()) - set(before) <= {"_lastcomp"}


@pytest.mark.slow
@pytest.mark.needs("fish")
def test_fish_keeps_its_variables(place: Path, tmp_path: Path) -> None:
    with Terminal("fish", place, tmp_path / "home") as terminal:
        before = terminal.run("set --names > $ANSWERS").split()
        results(terminal)
        assert terminal.run("set --names > $ANSWERS").split() == before


@pytest.mark.first_by_default
@pytest.mark.parametrize("shell", SHELLS)
def test_a_newline_in_a_name_breaks_nothing(shell: str, place: Path, tmp_path: Path) -> None:
    with Terminal(shell, place, tmp_path / "home") as terminal:
        line = terminal.tab(f"{RUN} --message @ne").rstrip(" ")
        assert line.startswith(RUN)
        assert terminal.tab(f"{line} --assist") == f"{line} --assistant-id "


HOSTILE = (
    "$(touch ran)", "`touch ran`", "$HOME", "; touch ran", "| touch ran", "&& touch ran",
    "-dash", "[a]b", "{a,b}c", "*star", "?mark", "#hash", "!bang", "~wave", "<in>out", "(sub)",
    "back\\slash", "eq=ual", "at@at", "per%sent", "^caret", "ünï cödé", "日本 語",
)  # fmt: skip
"""Names that mean something else to a shell that reads them unquoted."""


@pytest.mark.first_by_default
@pytest.mark.parametrize("shell", SHELLS)
def test_hostile_names_are_quoted_and_never_run(shell: str, place: Path, tmp_path: Path) -> None:
    folder = place / "hostile"
    folder.mkdir()
    for number, name in enumerate(HOSTILE):
        (folder / f"{number:02}{name}").touch()
    with Terminal(shell, place, tmp_path / "home") as terminal:
        for mark in ("", "'", '"'):
            for number, name in enumerate(HOSTILE):
                line = terminal.tab(f"{RUN} --message {mark}@hostile/{number:02}")
                word = line.removeprefix(f"{RUN} --message ").rstrip(" ")
                printed = terminal.run(f"printf '%s' {word} > $ANSWERS")
                assert printed == f"@hostile/{number:02}{name}", (mark, line)
    assert not list(place.rglob("ran"))


MIDDLES = {
    ("openai beta:threads create-", " --local"): "create-and-run",
    (f"{RUN} --form", " yaml"): "--format",
    (f"{RUN} --message @fi", " --local"): "@file.txt",
    (f"{RUN} --message=@fi", " --local"): "--message=@file.txt",
}
"""What stands before the cursor and behind it, and what the word is after a TAB."""


@pytest.mark.first_by_default
@pytest.mark.parametrize("shell", SHELLS)
def test_a_tab_in_the_middle_of_a_line(shell: str, place: Path, tmp_path: Path) -> None:
    with Terminal(shell, place, tmp_path / "home") as terminal:
        for (before, behind), word in MIDDLES.items():
            line = terminal.tab(before + behind + "\x02" * len(behind))  # Ctrl-B: to the left
            assert line.startswith(f"{before.rpartition(' ')[0]} {word}"), line
            assert line.endswith(behind), line
