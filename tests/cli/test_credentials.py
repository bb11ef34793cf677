"""Keys, ids and base URLs as they come from files, environments and other programs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.server import Server
from tests.support.shell import Shell

pytestmark = pytest.mark.in_process(process_when_slow=True)

RUN = ("beta:threads", "create-and-run", "--assistant-id", "a")
SECRET = "sk-0123456789abcdef"


@pytest.mark.parametrize(
    "content",
    [SECRET, f"{SECRET}\n", f"{SECRET}\r\n", f"\ufeff{SECRET}\n"],
    ids=["bare", "line", "windows", "mark"],
)
@pytest.mark.parametrize("source", ["@key", "@{folder}/key", "@./key", "-", "@-"])
def test_a_key_from_a_file_or_standard_input(
    openai: Shell, server: Server, content: str, source: str
) -> None:
    (openai.folder / "key").write_bytes(content.encode())
    stdin = content.encode() if source.endswith("-") else None
    source = source.format(folder=openai.folder)
    result = openai(*RUN, "--base-url", server.url, "--api-key", source, stdin=stdin)
    assert result.code == 0
    assert server.last.header("Authorization") == f"Bearer {SECRET}"
    assert server.last.json == {"assistant_id": "a"}


def test_other_credentials_from_files(openai: Shell, server: Server) -> None:
    (openai.folder / "org").write_text("org-1\n")
    openai(*RUN, "--base-url", server.url, "--organization", "@org", "--project", "@org")
    assert server.last.header("OpenAI-Organization") == "org-1"
    assert server.last.header("OpenAI-Project") == "org-1"


def test_the_upstreams_key_from_a_file(openai: Shell, server: Server) -> None:
    (openai.folder / "key").write_text(f"{SECRET}\n")
    openai("--local", "beta:assistants", "create", "--model", "m")
    openai(
        "--local", "beta:threads", "create-and-run", "--assistant-id", "asst_demo", "--message=Hi",
        "--model=some", "--upstream-url", server.url, "--upstream-key", "@key",
    )  # fmt: skip
    assert server.last.header("Authorization") == f"Bearer {SECRET}"


@pytest.mark.parametrize(
    ("args", "stdin", "why"),
    [
        (["--api-key=@none"], None, '--api-key: cannot read the file "none": No such file'),
        (["--api-key=@"], None, '--api-key: cannot read the file ""'),
        (["--api-key=@empty"], None, "--api-key: the file has no key"),
        (["--api-key=@blank"], None, "--api-key: the file has no key"),
        (["--api-key=-"], "", "--api-key: standard input has no key"),
        (["--api-key=-", "--no-stdin"], "k", "standard input is not read with --no-stdin"),
        (["--api-key=-", "-"], "k", "standard input was read as --api-key already"),
        (["--api-key=@lines"], None, "--api-key: has a line break, a space"),
        (["--upstream-key=@none", "--local"], None, "--upstream-key: cannot read the file"),
    ],
)
def test_no_key_in_a_file(openai: Shell, args: list[str], stdin: str | None, why: str) -> None:
    for name, content in (("empty", ""), ("blank", " \n"), ("lines", "a\nb\n")):
        (openai.folder / name).write_text(content)
    result = openai(*RUN, *args, stdin=stdin)
    assert (result.code, result.out) == (2, "")
    assert why in result.err


TOLD = [
    (f" {SECRET}", "has a space or a line break around it"),
    (f"{SECRET}\n", "has a space or a line break around it"),
    (f"{SECRET}\r", "has a space or a line break around it"),
    (f'"{SECRET}"', "has quotes around it (docker --env-file"),
    (f"'{SECRET}'", "has quotes around it"),
    (f"“{SECRET}”", "has quotes around it"),
    (f"`{SECRET}`", "has quotes around it"),
    (f"\ufeff{SECRET}", "begins with a byte-order mark"),
    (f"sk {SECRET}", "has a line break, a space or another character"),
    ("$OPENAI_API_KEY", "is the name of a variable and not its value"),
    ("${KEY}", "is the name of a variable and not its value"),
    ("%KEY%", "is the name of a variable and not its value"),
    (f"OPENAI_API_KEY={SECRET}", "is NAME=value, not the value alone"),
    (f"export API_KEY={SECRET}", "is NAME=value, not the value alone"),
    ("null", "is the word of a program that had no value"),
    ("None", "is the word of a program that had no value"),
    ("NULL", "is the word of a program that had no value"),
    (f"bearer {SECRET}", "begins with Bearer, which is no part of it"),
    (f"Bearer {SECRET}", "begins with Bearer, which is no part of it"),
]


@pytest.mark.parametrize(("key", "why"), TOLD)
@pytest.mark.parametrize("source", ["OPENAI_API_KEY", "OPENAI_ORG_ID", "--api-key"])
def test_what_is_no_key_is_told_and_not_shown(
    openai: Shell, server: Server, key: str, why: str, source: str
) -> None:
    flag = [source, key] if source.startswith("--") else []
    env = {} if flag else {source: key}
    result = openai(*RUN, *flag, "--base-url", server.url, env=env)
    assert (result.code, result.out, server.seen) == (2, "", [])
    assert result.err.startswith(f"error: {source}: {why}")
    assert result.err.count("\n") == 1
    assert SECRET not in result.err


@pytest.mark.parametrize("key", ["@file", "-"])
def test_a_variable_names_no_file(openai: Shell, server: Server, key: str) -> None:
    result = openai(*RUN, "--base-url", server.url, env={"OPENAI_API_KEY": key}, stdin="k")
    assert (result.code, server.seen) == (2, [])
    assert "only a flag such as --api-key reads" in result.err


@pytest.mark.parametrize("key", ["sk-a_b.c~d+e/f==", "$ecret", "a=b", "ABC=", "A=b", "x" * 2000])
def test_keys_of_any_form(openai: Shell, server: Server, key: str) -> None:
    assert openai(*RUN, "--base-url", server.url, "--api-key", key).code == 0
    assert server.last.header("Authorization") == f"Bearer {key}"


@pytest.mark.parametrize(
    "around", [" {}", "{} ", "\t{}\r\n", "{}\n", "\ufeff{}", "{}\u200b\n", " \ufeff {}"]
)
def test_a_base_url_loses_blanks_around_it(openai: Shell, server: Server, around: str) -> None:
    url = around.format(server.url)
    assert openai(*RUN, "--base-url", url).code == 0
    assert openai(*RUN, env={"OPENAI_BASE_URL": url}).code == 0
    assert openai("beta:threads", "create", env={"OPENAI_BASE_URL": " local: "}).code == 0


@pytest.mark.parametrize("around", ['"{}"', "'{}'", '"{}', "“{}”", ' "{}" '])
def test_a_quoted_base_url_is_told(openai: Shell, server: Server, around: str) -> None:
    result = openai(*RUN, env={"OPENAI_BASE_URL": around.format(server.url)})
    assert (result.code, result.out, server.seen) == (2, "", [])
    assert result.err.startswith("error: OPENAI_BASE_URL: has quotes around it (docker --env-file")


@pytest.mark.parametrize("bad", ["a\r", "a\n", "a b", " a", "a\u00a0", "a\x7f", "\ta"])
@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["beta:threads", "retrieve", "{}"], "--thread-id"),
        (["beta:threads:runs", "retrieve", "t", "--run-id={}"], "--run-id"),
        (["beta:threads", "create-and-run", "--assistant-id={}"], "--assistant-id"),
        (["beta:assistants", "list", "--after", "{}"], "--after"),
    ],
)
def test_ids_have_no_blanks(
    openai: Shell, server: Server, bad: str, words: list[str], name: str
) -> None:
    given = [word.format(bad) for word in words]
    result = openai(*given, "--base-url", server.url)
    assert (result.code, result.out, server.seen) == (2, "", [])
    assert result.err.startswith(f"error: {name}: expected an id, found ")
    assert result.err.count("\n") == 1


@pytest.mark.parametrize("content", ["asst_1", "asst_1\n", "asst_1\r\n"])
def test_an_id_in_a_file_ends_with_its_line(openai: Shell, server: Server, content: str) -> None:
    (openai.folder / "id").write_bytes(content.encode())
    run = ("beta:threads", "create-and-run", "--base-url", server.url, "--assistant-id")
    assert openai(*run, "@id").code == 0
    assert server.last.json["assistant_id"] == "asst_1"
    assert openai(*run, "@-", stdin=content).code == 0
    assert server.last.json["assistant_id"] == "asst_1"


BREAK = "a\nb\rc\u2028d\u0085e\x0bf"


@pytest.mark.parametrize(
    "words",
    [
        ["--debug", BREAK],
        ["beta:threads", BREAK],
        ["--debug", "--" + BREAK],
        ["--debug", "--local=" + BREAK],
        ["--base-url", BREAK, *RUN],
        ["--local", "--base-url", "http://" + BREAK, *RUN],
        ["--format", BREAK, *RUN],
        ["--timeout", BREAK, *RUN],
        ["--header", BREAK, *RUN],
        ["--upstream-api", BREAK, "--local", *RUN],
        ["--upstream-url", BREAK, "--local", *RUN],
        ["--upstream-model", f"{BREAK}=", "--local", *RUN],
        [*RUN, "--no-" + BREAK],
        [*RUN, BREAK],
        [*RUN, "--top-p", BREAK],
        [*RUN, "--tool", BREAK],
        [*RUN, "--tool", f"{{{BREAK}"],
        [*RUN, "--message", f"@file://{BREAK}"],
        [*RUN, "--thread", f"@{BREAK}"],
        [*RUN, "--metadata", f"{{{BREAK}: [1]}}"],
        [*RUN, "--raw-field", f"{BREAK}=x"],
        [*RUN, "--on-tool-call", BREAK],
        [*RUN, "--on-tool-call=*=cat", "--tool-errors", BREAK],
        [*RUN, "--api-key", f"@{BREAK}"],
        ["--mtls-client-cert-file", BREAK, "--mtls-client-key-file", BREAK, "--base-url",
         "https://127.0.0.1:9", "--api-key=k", *RUN],
        ["--base-url", f"local:{BREAK}/store.db", *RUN],
        ["local", "import", BREAK],
        ["local", "import", "--base-url", f"local:{BREAK}/store.db", BREAK],
        ["local", "export", "--base-url", f"local:{BREAK}/store.db"],
        ["local", "export", "--as", BREAK],
        ["--install-completion", BREAK],
        ["--show-completion", BREAK],
        ["help", BREAK],
    ],
)  # fmt: skip
def test_an_error_is_one_line_whatever_is_in_a_word(openai: Shell, words: list[str]) -> None:
    result = openai(*words)
    assert result.code != 0
    lines = result.err.splitlines()
    assert lines[0].startswith("error: ")
    assert all(line.startswith("hint: ") for line in lines[1:]), result.err


def test_a_path_with_line_breaks_is_drawn_on_two_lines(openai: Shell) -> None:
    result = openai(*RUN, "--transform", "a\nb.#(c\nd")
    first, drawn, caret = result.err.splitlines()
    assert first.startswith("error: --transform: ")
    assert drawn.strip() == r"a\nb.#(c\nd"
    assert caret.strip() == "^"


def test_files_are_read_from_the_current_folder(openai: Shell, server: Server) -> None:
    home = Path(openai.environ["HOME"])
    (home / "key").write_text(SECRET)
    assert openai(*RUN, "--base-url", server.url, "--api-key", "@~/key").code == 0
    assert server.last.header("Authorization") == f"Bearer {SECRET}"


def test_an_empty_key_is_no_missing_flag(openai: Shell) -> None:
    far = ("--base-url", "http://far.example/v1", "--api-key", "")
    result = openai(*RUN, *far, env={"OPENAI_API_KEY": SECRET})
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: --api-key: is empty; nothing was sent\n")
