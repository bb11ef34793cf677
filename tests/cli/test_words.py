"""What people type from habit, or paste, is answered with what to type here."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from openai_cli.api.operations import OPERATIONS
from openai_cli.cli import familiar_commands
from openai_cli.cli.builtin_commands import BUILTIN_COMMANDS
from openai_cli.cli.catalog import command_rows
from openai_cli.cli.familiar_flags import _COUNTERPARTS, advice
from openai_cli.shell_words import quoted
from tests.cli.conftest import RUN, Run
from tests.support.server import Server


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("--json", "did you mean --format json?"),
        ("--yaml", "did you mean --format yaml?"),
        ("--jq .id", "did you mean --transform PATH?"),
        ("-jq .id", "did you mean --transform PATH?"),
        ("--query id", "did you mean --transform PATH?"),
        ("-q .id", "did you mean --transform PATH?"),
        ("--quiet", "results go to stdout, notes to stderr"),
        ("--no-color", "did you mean --color never?"),
        ("--verbose", "did you mean --debug?"),
        ("-H X-A:1", "did you mean --header 'Name: value'?"),
        ("-d {}", "did you mean --body BODY?"),
        ("--data={}", "did you mean --body BODY?"),
        ("-X POST", "the command decides the method"),
        ("-k", "SSL_CERT_FILE"),
        ("--store x.db", "--base-url local:FILE names the store"),
        ("--prompt Hi", "did you mean --message TEXT?"),
        ("-m echo", "did you mean --model MODEL?"),
        ("--no-stream", "did you mean --stream=false?"),
    ],
)
def test_a_flag_of_another_program(quick: Run, server: Server, typed: str, answer: str) -> None:
    """Also the word behind it is understood as its value: there is one problem."""
    refused = quick(*RUN, *typed.split())
    assert (refused.code, refused.out, server.seen) == (2, "", [])
    name = re.split("[ =]", typed)[0]
    assert refused.err.startswith(f"error: {name}: no such flag (")
    assert answer in refused.err
    assert len(refused.err.splitlines()) == 1


def test_output_is_for_many_runs_and_says_so(quick: Run, server: Server) -> None:
    refused = quick(*RUN, "-o", "json")
    assert (refused.code, server.seen) == (2, [])
    assert "--output: needs --each too; one answer has --format FORMAT, or > FILE" in refused.err
    assert "did you mean --format FORMAT" in quick("beta:threads create -o json").err


def test_only_flags_that_the_command_has_are_named(quick: Run) -> None:
    assert "did you mean" not in quick("local path --json").err
    assert "did you mean --content TEXT?" in quick("beta:threads:messages create -p Hi").err
    for operation in OPERATIONS:
        known = {row.name for row in command_rows(operation)}
        for spellings, _ in _COUNTERPARTS:
            for spelling in spellings.split():
                found = advice(spelling, known)
                assert found is None or not found.flag or found.flag in known


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("beta:threads:messages create thread_1 --role user --message Hi", "--content TEXT?"),
        ("beta:threads:runs create thread_1 --message Hi", "--additional-message TEXT?"),
        ("beta:threads:messages list thread_1 --sort asc", "--order ORDER?"),
        ("beta:threads create-and-run --thread-id thread_1", "beta:threads:runs create THREAD_ID"),
    ],
)
def test_a_flag_of_another_command_of_ours(quick: Run, words: str, answer: str) -> None:
    refused = quick(words)
    assert answer in refused.err
    assert "unexpected argument" not in refused.err


def test_each_counterpart_is_a_flag_of_some_command() -> None:
    rows = [row for one in OPERATIONS for row in command_rows(one)]
    known = {row.name for row in (*rows, *(row for tool in BUILTIN_COMMANDS for row in tool.rows))}
    assert [ours for _, ours in _COUNTERPARTS if ours.split()[0] not in known] == []


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("--message Hello world", "quote it: --message 'Hello world'"),
        ("--message=Hello big world --local", "quote it: --message 'Hello big world'"),
        ("--metadata {env: ci}", "quote it: --metadata '{env: ci}'"),
        ("--metadata {env: ci, a: b} --local", "quote it: --metadata '{env: ci, a: b}'"),
        ("--message Hello - world", "quote it: --message 'Hello …'"),
        ("--message “Hello world”", "quote it: --message 'Hello world'; curly quotes do not"),
        ("--api-key sk-secret more", "quote it: --api-key '…'"),
        ("—message Hello", "— is not a hyphen: type --message"),
    ],
)
def test_words_that_the_shell_split(quick: Run, server: Server, words: str, hint: str) -> None:
    refused = quick(*RUN, *words.split())
    assert (refused.code, server.seen) == (2, [])
    assert f"hint: {hint}" in refused.err
    assert "sk-secret" not in refused.err


@pytest.mark.parametrize(
    ("words", "flag", "taken"),
    [
        ("beta:threads create-and-run --assistant-id --message Hi", "--assistant-id", "--message"),
        ("beta:threads create-and-run --message --format text", "--message", "--format"),
        ("beta:threads:messages list --thread-id --limit 5", "--thread-id", "--limit"),
        ("local threads --store --max-items 5", "--store", "--max-items"),
    ],
)
def test_a_flag_whose_value_is_missing(
    quick: Run, server: Server, words: str, flag: str, taken: str
) -> None:
    """A value may look like a flag; what it took shows in the word that is left over."""
    refused = quick(words)
    assert (refused.code, server.seen) == (2, [])
    assert f"hint: {flag} took {taken} as its value: the real value is missing" in refused.err
    assert "quote it" not in refused.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--message --no-fallback", True),
        ("--instructions --help --message Hi", True),
        ("--message=--no-fallback", False),
        ("--message -h", False),
        ("--raw-field message=--help", False),
    ],
)
def test_a_text_that_looks_like_a_flag_is_told(
    quick: Run, server: Server, words: str, told: bool
) -> None:
    done = quick(*RUN, *words.split())
    assert (done.code, len(server.seen)) == (0, 1)
    assert ("is its value, not a flag (an empty variable needs quotes: --" in done.err) is told
    assert (done.err == "") is not told


def test_the_next_flag_is_no_id(quick: Run, server: Server) -> None:
    refused = quick("beta:threads:runs retrieve --thread-id --run-id run_1")
    assert (refused.code, server.seen) == (2, [])
    assert '--thread-id: expected an id, found "--run-id"' in refused.err


def test_a_value_may_look_like_a_flag(quick: Run, server: Server) -> None:
    assert quick(*RUN, "--message", "--help").code == 0
    assert server.last.json["thread"]["messages"][0]["content"] == "--help"
    refused = quick(*RUN, "--message", "-- a list", "extra")
    assert "hint: quote it: --message '-- a list extra'" in refused.err


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("--tool a.json", "@a.json reads the file"),
        ("--body ./a.yaml", "@./a.yaml reads the file"),
        ("--wait 5", "--wait-timeout SECONDS"),
        ("--continue thread_x", "beta:threads:runs create ID"),
    ],
)
def test_what_a_flag_does_not_take(quick: Run, server: Server, words: str, hint: str) -> None:
    refused = quick(*RUN, *words.split())
    assert (refused.code, refused.out, server.seen) == (2, "", [])
    assert hint in refused.err


@pytest.mark.parametrize(
    ("words", "ours"),
    [
        ("beta:threads:runs poll t r", "retrieve --wait"),
        ("beta:threads run", "create-and-run"),
        ("beta:threads:messages add t", "create"),
        ("beta:assistants rm a", "delete"),
        ("beta:threads:runs submit t r", "submit-tool-outputs"),
    ],
)
def test_a_command_of_another_program(quick: Run, server: Server, words: str, ours: str) -> None:
    refused = quick(words)
    assert (refused.code, refused.out, server.seen) == (2, "", [])
    assert f"no such command (did you mean {ours}?)" in refused.err


def test_each_familiar_command_is_one_of_ours() -> None:
    named = {operation.command for operation in OPERATIONS}
    assert {ours.split()[0] for _, ours in familiar_commands._COUNTERPARTS} <= named


def test_an_id_that_follows_the_object_is_no_part_of_it(quick: Run) -> None:
    for words in ("--metadata {env: ci} thread_1", "thread_1 --metadata {env: ci}"):
        refused = quick("beta:threads", "update", *words.split())
        assert "hint: quote it: --metadata '{env: ci}'\n" in refused.err


def test_words_that_the_shell_split_elsewhere(quick: Run) -> None:
    stored = quick("local path --store my store.db")
    assert "hint: quote it: --store 'my store.db'" in stored.err
    assert "hint: quote it: --header '…'; " in quick("--header X-A: 1 beta:threads").err
    assert "quote it" not in quick(*RUN, "--format", "jsn", "extra").err
    assert "quote it" not in quick(*RUN, "extra").err


def test_curly_quotes_around_a_value_are_sent_with_a_warning(quick: Run, server: Server) -> None:
    for text in ("“Hello”", "‘Hello’", "„Hello there“"):
        done = quick(*RUN, "--message", text)
        assert (done.code, server.last.json["thread"]["messages"][0]["content"]) == (0, text)
        assert "warning: --message: the curly quotes around it are part of the value" in done.err
    for text in ("He said “Hello”", "it’s", '"Hello"'):
        assert quick(*RUN, "--message", text).err == ""


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("beta:threads:create-and-run", "beta:threads create-and-run"),
        ("beta:threads:create-run", "beta:threads create-and-run"),
        ("threads:create-and-run", "beta:threads create-and-run"),
        ("beta.threads.runs.list", "beta:threads:runs list"),
        ("help beta:threads:create", "beta:threads create"),
        ("local:serve", "local serve"),
        ("beta:threads runs create", "beta:threads:runs"),
        ("beta:threads runs:create", "beta:threads:runs create"),
    ],
)
def test_a_command_joined_with_the_wrong_character(quick: Run, words: str, meant: str) -> None:
    refused = quick(words)
    assert refused.code == 2
    assert f"(did you mean {meant}?)" in refused.err


@pytest.mark.parametrize(
    ("words", "question"),
    [
        ("help help", "--help"),
        ("help version", "--help"),
        ("help local path", "local path --help"),
        ("beta:threads help create", "beta:threads create --help"),
        ("--help beta:threads create", "beta:threads create --help"),
        ("beta:threads --help create", "beta:threads create --help"),
        ("beta:threads create help", "beta:threads create --help"),
        ("beta:threads retrieve help", "beta:threads retrieve --help"),
        ("local import help", "local import --help"),
        ("version", "--version"),
        ("beta:threads version", "--version"),
        ("beta:threads retrieve version", "--version"),
        ("local path version", "--version"),
    ],
)
def test_help_and_version_as_words(quick: Run, server: Server, words: str, question: str) -> None:
    assert quick(words) == quick(question)
    assert server.seen == []


def test_an_id_or_file_of_such_a_name(
    quick: Run, server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    quick("beta:threads retrieve --thread-id help")
    assert server.last.path == "/v1/threads/help"
    monkeypatch.chdir(tmp_path)
    Path("help").write_text('{"id": "asst_1", "object": "assistant", "model": "echo"}')
    assert quick("local import help --store x.db").err.startswith("note: 1 assistant new")


@pytest.mark.parametrize(
    ("url", "meant"),
    [
        ("api.example.com/v1", "https://api.example.com/v1"),
        ("192.168.1.5:8000/v1", "https://192.168.1.5:8000/v1"),
        ("localhost:11434/v1", "http://localhost:11434/v1"),
        ("127.0.0.1", "http://127.0.0.1"),
        ("[::1]:8080/v1", "http://[::1]:8080/v1"),
        ("example.com/v1?key=sk-secret", "https://example.com/v1"),
        ("http:/127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1"),
        ("http//api.example.com/v1", "http://api.example.com/v1"),
        ("https:api.example.com/v1", "https://api.example.com/v1"),
        ("//api.example.com/v1", "https://api.example.com/v1"),
        ("unix:///run/a b.sock", "http+unix://%2Frun%2Fa%20b.sock/v1"),
        ("/run/x.sock", "http+unix://%2Frun%2Fx.sock/v1"),
    ],
)
def test_an_address_without_its_scheme(quick: Run, url: str, meant: str) -> None:
    for flag, also in (("--base-url", ", or be local:"), ("--upstream-url", "")):
        refused = quick("--local" if also == "" else "--debug", flag, url, *RUN)
        assert f"must begin with http:// or https://{also} (did you mean {meant}?)" in refused.err
        assert "sk-secret" not in refused.err
    for local in ("local", "LOCAL:"):
        assert "(did you mean local:?)" in quick("--base-url", local, *RUN).err
    assert "local:" not in quick("--local", "--upstream-url", "local", *RUN).err


@pytest.mark.parametrize("url", ["null", "undefined", "http", "http:", "https://", "/v1", "--x"])
def test_what_names_no_server_is_no_guess(quick: Run, url: str) -> None:
    refused = quick("--base-url", url, *RUN)
    assert (refused.code, "must begin with http://" in refused.err) == (2, True)
    assert "did you mean" not in refused.err


@pytest.mark.parametrize(
    "url", ["http://a.example :80/v1", "http://a.example/v 1", "http://a/\x7f"]
)
def test_a_blank_inside_of_an_address_is_told(quick: Run, url: str) -> None:
    refused = quick("--base-url", url, *RUN)
    assert (refused.code, "must begin" in refused.err) == (2, False)
    assert "contains a blank or a control character; nothing was sent" in refused.err


@pytest.mark.parametrize(
    ("word", "in_powershell"),
    [
        ("beta:threads", "beta:threads"),
        ("Hello world", '"Hello world"'),
        ("it's $5", "'it''s $5'"),
        ('{"a": "b"}', """'{"a": "b"}'"""),
        ("", '""'),
        ("@file", '"@file"'),
        ("C:\\data\\x.db", "C:\\data\\x.db"),
        ("a\nb", "(-join [char[]](97,10,98))"),
    ],
)
def test_a_line_to_copy_is_quoted_for_the_shell_at_hand(
    monkeypatch: pytest.MonkeyPatch, word: str, in_powershell: str
) -> None:
    monkeypatch.setattr("openai_cli.shell_words.os.name", "nt")
    assert quoted(word) == in_powershell
    monkeypatch.setenv("MSYSTEM", "MINGW64")
    assert quoted("it's") == """'it'"'"'s'"""


@pytest.mark.parametrize(
    ("word", "written"),
    [("\udce9", r"$'\351'"), ("a\ud83d", r"$'a\355\240\275'"), ("\ue000", r"$'\356\200\200'")],
)
def test_what_is_no_text_is_quoted_byte_for_byte(word: str, written: str) -> None:
    """Half of a character, of a file name on Windows, is no reason to fail."""
    assert quoted(word) == written


def test_a_missing_id_says_where_it_goes(quick: Run) -> None:
    done = quick("beta:threads:messages", "list")
    assert (done.code, done.out) == (2, "")
    assert "usage: openai beta:threads:messages list [THREAD_ID] [flags]" in done.err
