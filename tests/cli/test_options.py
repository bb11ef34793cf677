"""Global options stand anywhere; what is not known is refused with what is near."""

from __future__ import annotations

import itertools
import json

import pytest

from tests.cli.conftest import RUN, Run
from tests.support.server import Reply, Server


def test_global_options_before_between_and_after(quick: Run) -> None:
    resource, command, *flags = RUN
    for place in range(3):
        spots: list[list[str]] = [[], [], []]
        spots[place] = ["--format", "jsonl", "-r", "--transform=assistant_id", "--max-retries", "0"]
        words = [*spots[0], resource, *spots[1], command, *spots[2], *flags]
        ended = quick(*words)
        assert (ended.code, ended.out) == (0, "assistant_id\n"), words


def test_the_last_of_repeated_options_wins_wherever_it_stands(quick: Run) -> None:
    resource, command, *flags = RUN
    formats = ("jsonl", "yaml", "json")
    first = [word for name in formats for word in ("--format", name)]
    assert quick(*first, *RUN).out.startswith("{\n")
    between = quick("--format", "json", resource, "--format", "yaml", command, *flags)
    assert between.out.startswith("id: id\n")
    after = quick("--format", "yaml", resource, command, *flags, "--format=jsonl")
    assert after.out.count("\n") == 1


def test_headers_add_up_over_all_levels(quick: Run, server: Server) -> None:
    resource, command, *flags = RUN
    quick("--header", "X-A: 1", resource, "--header", "X-B: 2", command, *flags, "--header=X-C: 3")
    assert [server.last.header(name) for name in ("x-a", "x-b", "x-c")] == ["1", "2", "3"]


def test_two_dashes_end_the_flags(quick: Run, server: Server) -> None:
    retrieve = quick("beta:threads:runs", "retrieve", "--", "thread_1", "--run")
    assert retrieve.code == 0
    assert server.last.path == "/v1/threads/thread_1/runs/--run"
    refused = quick(*RUN, "--", "--stream")
    assert (refused.code, len(server.seen)) == (2, 1)
    assert refused.err == 'error: "--stream": unexpected argument; nothing was sent\n'


def test_a_list_of_threads_is_the_engines(quick: Run) -> None:
    refused = quick("beta:threads list --limit 3")
    what = "the API has no list of threads; the engine's: openai local threads"
    assert refused.err.startswith(f'error: "list": no such command ({what}); nothing was sent\n')


@pytest.mark.parametrize(
    ("words", "problem", "near"),
    [
        ("beta:thread x", '"beta:thread": no such resource', "beta:threads"),
        ("threads create-and-run", '"threads": no such resource', "beta:threads"),
        ("beta:threads create-run", '"create-run": no such command', "create-and-run"),
        ("create-and-run", '"create-and-run": no such resource', "beta:threads create-and-run"),
        ("beta:threads:runs retreive", '"retreive": no such command', "retrieve"),
        ("--frmat json beta:threads", "--frmat: no such flag", "--format"),
        ("beta:threads --lcoal create-and-run", "--lcoal: no such flag", "--local"),
        ("RUN --mesage=x", "--mesage: no such flag", "--message"),
        ("RUN --Message=x", "--Message: no such flag", "--message"),
        ("RUN --top_p=1", "--top_p: no such flag", "--top-p"),
        ("RUN --no-stream", "--no-stream: no such flag", "--stream=false"),
        ("RUN --tool-choice atuo", "--tool-choice: ", "auto"),
        ("RUN --dry-run=crul", "--dry-run: ", "curl"),
        ("RUN --format=prety", "--format: ", "pretty"),
    ],
)  # fmt: skip
def test_suggestions(quick: Run, server: Server, words: str, problem: str, near: str) -> None:
    refused = quick(words.replace("RUN", " ".join(RUN)))
    assert (refused.code, refused.out, server.seen) == (2, "", [])
    assert refused.err.startswith(f"error: {problem}")
    assert f"(did you mean {near}?)" in refused.err


def test_nothing_is_suggested_where_nothing_is_near(quick: Run) -> None:
    for words in ("zzz", "beta:threads zzz", "--zzz beta:threads"):
        refused = quick(words)
        assert refused.code == 2
        assert "did you mean" not in refused.err


def test_a_misspelt_flag_is_one_problem_not_three(quick: Run, server: Server) -> None:
    refused = quick("beta:threads create-and-run --asistant-id asst_demo")
    assert (refused.code, server.seen) == (2, [])
    assert refused.err == (
        "error: --asistant-id: no such flag (did you mean --assistant-id?); nothing was sent\n"
    )


def test_a_flag_without_its_value(quick: Run) -> None:
    assert quick(*RUN, "--format").err == "error: --format: needs a value; nothing was sent\n"
    assert quick(*RUN, "--local=yes").err.startswith('error: --local: takes no value, found "yes"')


@pytest.mark.parametrize("word", ["-h", "--help", "--version", "-v", "--stream", "--", "-r", "--x"])
def test_the_word_behind_an_option_is_its_value_whatever_it_looks_like(
    quick: Run, server: Server, word: str
) -> None:
    done = quick(*RUN, "--instructions", word, "--message", word)
    assert done.code == 0
    assert all("is its value, not a flag" in line for line in done.err.splitlines())
    assert server.last.json["instructions"] == word
    assert server.last.json["thread"]["messages"] == [{"role": "user", "content": word}]
    refused = quick(*RUN, "--metadata", word)
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith("error: --metadata: ")


def test_one_dash_or_two_an_equals_sign_or_a_blank(quick: Run, server: Server) -> None:
    for words in (["--top-p", "0.5"], ["--top-p=0.5"], ["-top-p", "0.5"], ["-top-p=0.5"]):
        assert quick(*RUN, *words).code == 0
        assert server.last.json["top_p"] == 0.5


def test_order_is_kept_across_flags(quick: Run, server: Server) -> None:
    texts = ["one", "two", "three", "four"]
    flags = ["--message", "--thread.messages", "--message", "--thread.messages"]
    values = ["one", "{role: user, content: two}", "three", "{role: user, content: four}"]
    pairs = zip(flags, values, strict=True)
    assert quick(*RUN, *(word for pair in pairs for word in pair)).code == 0
    assert [one["content"] for one in server.last.json["thread"]["messages"]] == texts


@pytest.mark.parametrize("slip", ["-versoin", "-hlep", "-rv", "-vr", "-hx"])
def test_letters_behind_one_dash_are_one_name(quick: Run, slip: str) -> None:
    """Version or help with exit 0 would be taken for success."""
    for words in ([slip], ["beta:threads", slip], [*RUN, slip]):
        refused = quick(*words)
        assert (refused.code, refused.out) == (2, "")
        assert refused.err.startswith(f"error: {slip}: no such flag")


def test_help_and_version_are_answered_first(quick: Run) -> None:
    for words in (["--bogus"], ["beta:threads", "--bogus"], [*RUN, "--bogus", "--timeout=x"]):
        for question, start in (("--help", "Usage: "), ("--version", "openai ")):
            answered = quick(*words, question)
            assert (answered.code, answered.err) == (0, "")
            assert answered.out.startswith(start)


def test_the_format_of_an_error_may_stand_behind_what_is_wrong(quick: Run) -> None:
    for words in ("--bogus --other beta:threads", "beta:thread x", "beta:threads x y"):
        refused = quick(*words.split(), "--zzz", "--format-error", "json")
        problems = json.loads(refused.err)["problems"]
        sources = [problem["source"] for problem in problems]
        assert (
            sources
            == {
                "--bogus": ["--bogus", "--other"],
                "beta:thread": ['"beta:thread"'],
                "beta:threads": ['"x"'],
            }[words.split()[0]]
        )


def test_switches_may_be_repeated(quick: Run, server: Server) -> None:
    server.reply(Reply(body={"id": "x"}))
    for switches in itertools.product(["-r", "--raw-output"], repeat=2):
        assert quick(*RUN, *switches, "--transform", "id").out == "x\n"


@pytest.mark.parametrize(
    "words",
    [
        "--help",
        "help",
        "help beta:threads create",
        "beta:threads --help",
        "beta:threads create --help",
        "beta:thread",
        "beta:threads crate",
        "local doktor",
        "--nope",
        "beta:threads create --nope",
    ],
)
def test_color_holds_before_and_after_what_is_shown(words: str, quick: Run) -> None:
    for line in (f"--color always {words}", f"{words} --color always"):
        shown = quick(line)
        assert "\x1b[" in shown.out + shown.err, line
    never = quick(f"--color always {words} --color never")
    assert "\x1b[" not in never.out + never.err
