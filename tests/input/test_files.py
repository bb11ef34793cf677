"""`@path` in values: what is read, how, and what is refused."""

from __future__ import annotations

import base64
import os
import threading
from pathlib import Path

import pytest

from openai_cli.input import files
from tests.support.reading import Read, create_and_run


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a few files, as the current one."""
    here = tmp_path / "files"
    here.mkdir()
    monkeypatch.chdir(here)
    (here / "notes.txt").write_text("Hello\n")
    (here / "word").write_text("found")
    (here / "bytes.bin").write_bytes(b"\x00\xff")
    (here / "folder").mkdir()
    (here / "dangling").symlink_to("nowhere")
    os.mkfifo(here / "fifo")
    return here


def instructions(text: str) -> object:
    return create_and_run("--instructions", text).body["instructions"]


def refusal(*args: str, stdin: bytes | str | None = None) -> str:
    read = create_and_run(*args, stdin=stdin)
    assert len(read.problems) == 1, read
    return read.problems[0]


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b"plain \xc3\xa9\n", "plain é\n"),
        (b"", ""),
        (b"null", "null"),
        (b"@word", "@word"),
        (b"\r\n\t", "\r\n\t"),
        (b"\x1b[31mred", "\x1b[31mred"),
        (b"\xef\xbb\xbfbom", "bom"),
        (b"\xef\xbb\xbf\xef\xbb\xbfbom", "\ufeffbom"),
        (b"\xff\xfe", ""),
        (b"\xff\xfec\x00\xe9\x00", "cé"),
        (b"\xfe\xff\x00c\x00\xe9", "cé"),
        (b"\xff\xfe\x00\x00c\x00\x00\x00", "c"),
    ],
)
def test_text_without_byte_order_mark(folder: Path, content: bytes, value: str) -> None:
    (folder / "content").write_bytes(content)
    assert instructions("@content") == value


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"a\x00b", "is binary, not text"),
        (b"\x00\x01\x02", "is binary, not text"),
        (b"%PDF-1.7", "is binary, not text"),
        (b"\xff\xfea\x00\x00\x00", "is binary, not text"),
        (b"\xff\xfea", "is not UTF-16-LE text"),
        (b"\xef\xbb\xbf\xff", "is not UTF-8 text"),
        (b"caf\xe9", "is not UTF-8 text (it could be windows-1252 or iso-8859-1: convert it with "
         "iconv)"),
        (b"\x93ca\xe9 \x94", "is not UTF-8 text (it could be windows-1252: convert it with iconv)"),
        ("日本語".encode("shift_jis"), "is not UTF-8 text (it could be shift_jis or gb18030 or "
         "windows-1252: convert it with iconv)"),
        (b"HOME=/\x00PATH=/bin\x00", "is binary, not text"),
        (b"plain\x00text", "is binary, not text"),
        (b"h\x00i\x00", "is binary, not text (it could be utf-16-le: convert it with iconv)"),
        ("世界\n".encode("utf-16-be"), "is binary, not text (it could be utf-16-be: convert it "
         "with iconv)"),
        ("né".encode("utf-16-le"), "is not UTF-8 text (it could be utf-16-le: convert it with "
         "iconv)"),
    ],
)  # fmt: skip
def test_what_is_no_text_is_refused(folder: Path, content: bytes, why: str) -> None:
    (folder / "content").write_bytes(content)
    says = "@data://content sends it as base64"
    assert refusal("--instructions", "@content") == (
        f'--instructions: the file "content" {why}; {says}'
    )
    assert instructions("@data://content") == base64.b64encode(content).decode()


def test_standard_input_is_text_or_asked_for_as_base64() -> None:
    text = {"role": "user", "content": "cé"}
    body = create_and_run("--message", "@-", stdin="\ufeffcé".encode("utf-16-le")).body
    assert body["thread"]["messages"] == [text]
    assert "standard input is not UTF-8" in refusal("--message", "@-", stdin=b"c\xe9")
    body = create_and_run("--message", "@data://-", stdin=b"\xff").body
    assert body["thread"]["messages"][0]["content"] == "/w=="
    body = create_and_run(stdin='\ufeff{"model": "é"}'.encode("utf-16-be")).body
    assert body["model"] == "é"


def test_a_scheme_forces_text_or_base64() -> None:
    assert instructions("@file://bytes.bin") == "\x00\ufffd"
    assert instructions("@data://notes.txt") == "SGVsbG8K"
    assert instructions("@data://./notes.txt") == "SGVsbG8K"


def test_home_and_absolute_paths(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder))
    assert instructions("@~/notes.txt") == instructions(f"@{folder}/notes.txt") == "Hello\n"


@pytest.mark.parametrize(
    "text", ["@", "@" + "long. " * 100, "@all:\nplease look", " @word", "me@word"]
)
def test_what_cannot_be_a_path_is_text(text: str) -> None:
    assert instructions(text) == text


def test_backslash_keeps_the_at_sign() -> None:
    assert instructions(r"\@word") == "@word"
    assert instructions(r"\\@word") == r"\\@word"
    body = create_and_run("--thread", r"{metadata: {a: '\@word', b: '@word', '@word': c}}").body
    assert body["thread"]["metadata"] == {"a": "@word", "b": "found", "@word": "c"}


def test_at_every_depth(folder: Path) -> None:
    part = '{type: text, text: "@notes.txt"}'
    body = create_and_run(
        "--thread", f'{{messages: [{{role: user, content: [{part}]}}], x: {{y: ["@word"]}}}}'
    ).body
    assert body["thread"]["messages"][0]["content"][0]["text"] == "Hello\n"
    assert body["thread"]["x"] == {"y": ["found"]}


def test_objects_and_lists_are_read_from_files(folder: Path) -> None:
    (folder / "thread.yaml").write_text('messages: "@messages.json"\nmetadata: {a: "@word"}\n')
    (folder / "messages.json").write_text('\ufeff["@message.yaml"]')
    (folder / "message.yaml").write_text('{role: user, content: "@notes.txt"}')
    thread = {"messages": [{"role": "user", "content": "Hello\n"}], "metadata": {"a": "found"}}
    assert create_and_run("--thread", "@thread.yaml").body["thread"] == thread
    assert create_and_run(stdin="thread: '@thread.yaml'").body["thread"] == thread
    assert create_and_run("--thread.messages", "@messages.json").body["thread"] == {
        "messages": thread["messages"]
    }


def test_a_message_is_text_whatever_the_file_holds(folder: Path) -> None:
    (folder / "message.json").write_text('{"role": "user"}')
    body = create_and_run("--message", "@message.json").body
    assert body["thread"]["messages"] == [{"role": "user", "content": '{"role": "user"}'}]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("@promt", 'cannot read the file "promt": No such file or directory'),
        ("@dangling", 'cannot read the file "dangling": No such file or directory'),
        ("@folder", 'cannot read the file "folder": Is a directory'),
        ("@fifo", 'cannot read the file "fifo": it is a pipe without a writer'),
        ("@everyone please look", "No such file or directory"),
        ("@none.txt", 'cannot read the file "none.txt": No such file or directory'),
        ("@./none", 'cannot read the file "./none": No such file or directory'),
        ("@file://none", 'cannot read the file "none": No such file or directory'),
        ("@data://none", 'cannot read the file "none": No such file or directory'),
        ("@./dangling", "No such file or directory"),
        ("@./folder", 'cannot read the file "./folder": Is a directory'),
        ("@word/inside", "Not a directory"),
        ("@~nobody-here/x", "home directory"),
        ("@file://" + "x" * 5000 + ".txt", "…: File name too long"),
        ("@file://", 'cannot read the file ""'),
    ],
)
def test_unreadable(text: str, says: str) -> None:
    problem = refusal("--instructions", text)
    assert problem.startswith("--instructions: ")
    assert says in problem
    assert problem.endswith(r"(text that begins with @ is written \@)")


def test_a_file_that_must_be_there() -> None:
    assert refusal("--thread", "@dangling") == (
        '--thread: cannot read the file "dangling": No such file or directory'
    )
    assert "Is a directory" in refusal("--thread", "@folder")


def test_the_place_of_a_reference_is_named(folder: Path) -> None:
    assert refusal("--thread", '{metadata: {a: "@no.txt"}}').startswith("--thread: metadata.a: ")
    assert refusal(stdin='thread: {messages: [{role: user, content: "@no.txt"}]}').startswith(
        "stdin: thread.messages[0].content: cannot read"
    )
    (folder / "broken.json").write_text('{"a":')
    assert refusal("--thread", "@broken.json").startswith(
        '--thread: in the file "broken.json": neither JSON nor YAML: '
    )
    (folder / "latin.yaml").write_bytes(b"a: \xe9")
    assert refusal("--thread", "@latin.yaml") == (
        '--thread: the file "latin.yaml" is not UTF-8 text (it could be windows-1252 or '
        "iso-8859-1: convert it with iconv)"
    )


@pytest.mark.parametrize("again", ["self.json", "./self.json"])
def test_a_file_that_includes_itself(folder: Path, again: str) -> None:
    (folder / "self.json").write_text(f'"@{again}"')
    assert refusal("--thread", "@self.json").endswith("includes itself")


def test_stdin_as_a_value(folder: Path) -> None:
    body = create_and_run("--message", "@-", stdin="model: not this time").body
    assert body["thread"]["messages"][0]["content"] == "model: not this time"
    assert "model" not in body
    assert create_and_run("--thread", "@-", stdin="{metadata: {a: b}}").body["thread"] == {
        "metadata": {"a": "b"}
    }


def test_stdin_is_read_once() -> None:
    problem = refusal("--message", "@-", "--instructions", "@-", stdin="x")
    assert problem == "--instructions: standard input was read as @- already"
    problem = refusal(stdin='instructions: "@-"')
    assert problem == ("stdin: instructions: standard input was read as the request body already")
    problem = refusal("--thread", "@-", stdin='{"metadata": "@-"}')
    assert problem == "--thread: metadata: standard input was read as @- already"


def test_a_named_pipe_is_read_to_its_end(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    writer = threading.Thread(target=lambda: (folder / "pipe").write_text("through a pipe"))
    writer.start()
    assert instructions("@./pipe") == "through a pipe"
    writer.join()


def test_too_large(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr(files, "MAX_BYTES", 2**20)
    (folder / "large.txt").write_bytes(b"x" * (2**20 + 1))
    assert refusal("--instructions", "@large.txt").endswith("is larger than 1 MiB")
    assert refusal("--instructions", "@/dev/zero").endswith('"/dev/zero" is larger than 1 MiB')
    (folder / "large.txt").write_bytes(b"x" * 2**20)
    assert instructions("@large.txt") == "x" * 2**20


def test_metadata_pairs_take_files() -> None:
    read: Read = create_and_run("--metadata", "note=@notes.txt", "--metadata", r"at=\@word")
    assert read.body["metadata"] == {"note": "Hello\n", "at": "@word"}
