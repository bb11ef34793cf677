"""`openai local results merge`."""

import resource

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
    assert "2 replaced by another result of the same line" in done.err


@pytest.mark.first_by_default
@pytest.mark.parametrize(
    ("flags", "code", "what"),
    [
        ((), 2, "FILE: is required"),
        (("notes.txt",), 2, "FILE: notes.txt: line 1 is not a result"),
        (
            ("gone.jsonl",),
            2,
            "FILE: cannot read gone.jsonl: No such file or directory; nothing was",
        ),
        (("1.jsonl", "other.jsonl"), 2, "belongs to another job than 1.jsonl"),
        (("1.jsonl", "-o", "1.jsonl"), 2, "is one of the files to merge"),
        (("1.jsonl", "-o", "hard.jsonl"), 2, "is one of the files to merge"),
        (("1.jsonl", "--input", "in.jsonl", "-o", "in.jsonl"), 2, "is the file of --input"),
        (("1.jsonl", "--input", "gone"), 2, "--input: cannot read gone"),
        (("1.jsonl", "-o", "."), 2, "--output: cannot open ."),
        (("1.jsonl", "--input", "notes.txt"), 2, "the results are from another file"),
    ],
)
def test_refusals(
    openai: Shell, shards: list[str], flags: tuple[str, ...], code: int, what: str
) -> None:
    (openai.folder / "notes.txt").write_text("notes\n")
    write_lines(openai.folder / "in2.jsonl", numbered(2))
    openai(*CREATE, "--each", "in2.jsonl", "-o", "other.jsonl")
    (openai.folder / "hard.jsonl").hardlink_to(openai.folder / "1.jsonl")
    files = ("1.jsonl", "in.jsonl")
    before = [(openai.folder / name).read_bytes() for name in files]
    done = openai(*MERGE, *flags)
    assert done.code == code
    assert what in done.err
    assert [(openai.folder / name).read_bytes() for name in files] == before


def test_help_of_a_group_in_a_group(openai: Shell) -> None:
    assert "results" in openai("local", "--help").out
    assert "merge" in openai("local", "results").out
    assert "merge" in openai("help", "local", "results", "merge").out
    assert "no such command" in openai("local", "results", "mrge").err


@pytest.mark.parametrize("header", ["", '{"version":1}', '{"version":2}', "folder", "shard"])
def test_a_damaged_state(openai: Shell, shards: list[str], header: str) -> None:
    state = openai.folder / "1.jsonl.state"
    text = state.read_text()
    state.unlink()
    if header == "folder":
        state.mkdir()
    else:
        state.write_text(text.replace("1/3", "9/3") if header == "shard" else f"{header}\n")
    done = openai(*MERGE, *shards)
    assert done.code == 2
    assert "1.jsonl.state" in done.err
    assert "; nothing was merged" in done.err
    assert "internal error" not in done.err


def test_more_files_than_may_be_open(openai: Shell) -> None:
    names = [f"{number}.jsonl" for number in range(1, 201)]
    for number, name in enumerate(names, 1):
        write_lines(openai.folder / name, [{"line": number, "run": {}}])
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (100, hard))
    try:
        done = openai(*MERGE, *names)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert done.code == 0, done.err
    assert [one["line"] for one in done.lines] == list(range(1, 201))


def test_lines_with_the_same_custom_id(openai: Shell) -> None:
    for name, lines in (("a.jsonl", (1, 3)), ("b.jsonl", (2, 4))):
        results = [{"line": line, "custom_id": f"c{line % 3}", "run": {}} for line in lines]
        write_lines(openai.folder / name, results)
    done = openai(*MERGE, "a.jsonl", "b.jsonl")
    assert done.code == 0
    assert 'lines 1 and 4 have the same custom_id: "c1"' in done.err
    assert done.err.count("custom_id") == 1


def test_a_device_is_written_to(openai: Shell, shards: list[str]) -> None:
    assert openai(*MERGE, *shards, "-o", "/dev/null").code == 0
    assert "No space left" in openai(*MERGE, *shards, "-o", "/dev/full").err
