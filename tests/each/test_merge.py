"""`openai local results merge`."""

import pytest

from tests.each.conftest import CREATE, numbered, results_in, write_lines
from tests.support.run_server import RunServer
from tests.support.shell import Shell

pytestmark = pytest.mark.in_process(process_when_slow=True)

MERGE = ("local", "results", "merge")


@pytest.fixture
def shards(openai: Shell, runs: RunServer) -> list[str]:
    """The files of three shards of thirty lines."""
    write_lines(openai.folder / "in.jsonl", numbered(30))
    files = [f"{part}.jsonl" for part in (1, 2, 3)]
    for part, file in enumerate(files, 1):
        assert openai(*CREATE, "--each", "in.jsonl", "--shard", f"{part}/3", "-o", file).code == 0
    return files


def test_shards_in_one_file(openai: Shell, shards: list[str]) -> None:
    done = openai(*MERGE, *shards, "-o", "all.jsonl")
    assert done.code == 0, done.err
    assert list(results_in(openai.folder / "all.jsonl")) == list(range(1, 31))
    printed = openai(*MERGE, *shards)
    assert printed.stdout == (openai.folder / "all.jsonl").read_bytes()


def test_a_missing_shard(openai: Shell, shards: list[str]) -> None:
    done = openai(*MERGE, *shards[1:], "--input", "in.jsonl", "-o", "all.jsonl")
    assert done.code == 5
    missing = sorted(results_in(openai.folder / shards[0]))
    assert "no results of shard 1/3" in done.err
    assert f"{len(missing)} lines missing; 1 shard missing" in done.err
    assert f"missing lines: {missing[0]}" in done.err


def test_lines_that_are_not_done(openai: Shell, shards: list[str]) -> None:
    file = openai.folder / shards[0]
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:-1]) + lines[-1][:10])
    done = openai(*MERGE, *shards)
    assert done.code == 5
    assert "1 line missing" in done.err


def test_success_stands_in_for_failure(openai: Shell) -> None:
    write_lines(openai.folder / "a.jsonl", ['{"line":1,"run":{}}', '{"line":2,"error":{}}'])
    write_lines(openai.folder / "b.jsonl", ['{"line":1,"error":{}}', '{"line":2,"run":{}}'])
    done = openai(*MERGE, "a.jsonl", "b.jsonl")
    assert done.code == 0
    assert [one.get("error") for one in done.lines] == [None, None]
    assert "2 of a line that has another result left out" in done.err


@pytest.mark.first_by_default
@pytest.mark.parametrize(
    ("flags", "code", "what"),
    [
        ((), 2, "FILE: is required"),
        (("notes.txt",), 1, "notes.txt: line 1 is not a result"),
        (("gone.jsonl",), 1, "cannot read gone.jsonl"),
        (("1.jsonl", "other.jsonl"), 2, "its results are of another job than 1.jsonl"),
        (("1.jsonl", "-o", "1.jsonl"), 2, "is one of the files to merge"),
        (("1.jsonl", "--input", "notes.txt"), 2, "these results are of another file"),
    ],
)
def test_refusals(
    openai: Shell, shards: list[str], flags: tuple[str, ...], code: int, what: str
) -> None:
    (openai.folder / "notes.txt").write_text("notes\n")
    write_lines(openai.folder / "in2.jsonl", numbered(2))
    openai(*CREATE, "--each", "in2.jsonl", "-o", "other.jsonl")
    before = (openai.folder / "1.jsonl").read_bytes()
    done = openai(*MERGE, *flags)
    assert done.code == code
    assert what in done.err
    assert (openai.folder / "1.jsonl").read_bytes() == before


def test_help_of_a_group_in_a_group(openai: Shell) -> None:
    assert "results" in openai("local", "--help").out
    assert "merge" in openai("local", "results").out
    assert "merge" in openai("help", "local", "results", "merge").out
    assert "no such command" in openai("local", "results", "mrge").err
