"""Texts as they were typed: literal ones, empty ones, and what only looks like a file."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

from tests.support.reading import create_and_run, read_args
from tests.support.shell import OPENAI, Shell

pytestmark = pytest.mark.in_process(process_when_slow=True)

DRY = ("beta:threads", "create-and-run", "--assistant-id=a", "--dry-run", "--format=jsonl",
       "--transform=body")  # fmt: skip
LITERAL = ["@promt", "@-", r"\@x", "null", '{"name":"x"}', "[{}]", "", "a=b", "-h", "@data://x"]


@pytest.mark.parametrize("text", LITERAL)
@pytest.mark.parametrize("name", ["message", "--message", "additional-instructions"])
def test_a_raw_field_is_never_interpreted(text: str, name: str) -> None:
    if name == "additional-instructions":
        command = ("beta:threads:runs create", "--thread-id=t", "--assistant-id=a")
        body = read_args(*command, "--raw-field", f"{name}={text}").body
        assert body == {"assistant_id": "a", "additional_instructions": text}
    else:
        body = create_and_run("--raw-field", f"{name}={text}").body
        assert body["thread"]["messages"] == [{"role": "user", "content": text}]


def test_raw_fields_stand_among_other_flags() -> None:
    body = create_and_run(
        "--message=one", "--raw-field=message=@two", "--message=three", "--metadata=a=b",
        "--raw-field", "metadata=note=@home", "--instructions=x", "--raw-field=instructions=@y",
    ).body  # fmt: skip
    assert [m["content"] for m in body["thread"]["messages"]] == ["one", "@two", "three"]
    assert body["metadata"] == {"a": "b", "note": "@home"}
    assert body["instructions"] == "@y"
    content = read_args(
        "beta:threads:messages create", "--role=user", "--raw-field=content=@x", "--raw-field",
        "thread_id=t",
    )  # fmt: skip
    assert content.request is not None
    assert (content.request.path, content.body) == (
        "/threads/t/messages",
        {"role": "user", "content": "@x"},
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("message", "--raw-field: expected FLAG=TEXT, such as message=Hi"),
        ("mesage=Hi", "--raw-field: no flag --mesage, such as message=Hi"),
        ("tool=file_search", "--raw-field: --tool does not take plain text"),
        ("top-p=1", "--raw-field: --top-p does not take plain text"),
        ("stdin-timeout=1", "--raw-field: no flag --stdin-timeout, such as message=Hi"),
    ],
)
def test_what_is_no_raw_field(text: str, says: str) -> None:
    assert create_and_run("--raw-field", text).problems == (says,)


def test_a_word_behind_an_option_is_its_value(openai: Shell) -> None:
    for word in ("-h", "--help", "--version", "-v"):
        said = openai(*DRY, "--message", word).json["thread"]["messages"][0]["content"]
        assert said == word


@pytest.mark.parametrize(
    ("args", "stdin", "says"),
    [
        (["--message="], None, "--message: content: an empty text, sent as it is"),
        (["--message", "@-"], "", "--message: content: an empty text, sent as it is"),
        (["--message", "@-"], "\n", "--message: content: only white space, sent as it is"),
        (["--message", "@empty"], None, "--message: content: an empty text, sent as it is"),
        (["--raw-field=message="], None,
         "--raw-field message: content: an empty text, sent as it is"),
        (["--instructions="], None, "--instructions: an empty text, sent as it is"),
        (["--metadata=a="], None, "--metadata: a: an empty text, sent as it is"),
        (["--thread", "{messages: [{role: user, content: ''}]}"], None,
         "--thread: messages[0].content: an empty text, sent as it is"),
        ([], "instructions: ''", "stdin: instructions: an empty text, sent as it is"),
    ],
)  # fmt: skip
def test_an_empty_text_is_sent_with_a_warning(
    openai: Shell, args: list[str], stdin: str | None, says: str
) -> None:
    (openai.folder / "empty").touch()
    result = openai(*DRY, *args, stdin=stdin)
    assert (result.code, result.err) == (0, f"warning: {says}\n")
    assert result.json.keys() > {"assistant_id"}


def test_an_empty_id_is_refused() -> None:
    assert create_and_run("--assistant-id=").problems == (
        '--assistant-id (no. 2): expected a text that is not empty, found ""',
    )


def test_a_brace_begins_an_object(openai: Shell) -> None:
    result = openai(*DRY, "--message", '{"name":"x"}')
    assert (result.code, result.out) == (2, "")
    hint = "{ begins an object; --raw-field message=TEXT takes any text as it is"
    assert result.err.splitlines()[-1] == f"hint: {hint}"
    words = ["beta:threads:messages", "create", "t", "--role=user", "--content", '{"name":"x"}']
    assert "hint: { begins an object; --raw-field content=TEXT" in openai(*words).err
    assert openai(*DRY, "--message", "{no object").json["thread"]["messages"] == [
        {"role": "user", "content": "{no object"}
    ]
    assert "begins an object" not in openai(*DRY, "--message=Hi", "--top-p=9").err


@pytest.mark.parametrize("name", ["promt", "folder", "dangling", "fifo", "promt.txt", "a/b"])
def test_a_file_that_cannot_be_read_is_not_sent_as_words(openai: Shell, name: str) -> None:
    (openai.folder / "folder").mkdir()
    (openai.folder / "dangling").symlink_to("nowhere")
    os.mkfifo(openai.folder / "fifo")
    result = openai(*DRY, "--message", f"@{name}")
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f'error: --message: cannot read the file "{name}": ')
    assert result.err.endswith("(text that begins with @ is written \\@); nothing was sent\n")
    assert openai(*DRY, "--message", f"\\@{name}").code == 0


@pytest.mark.parametrize(
    "content",
    [
        "Grüße".encode(),
        b"\xef\xbb\xbf" + "Grüße".encode(),
        b"\xff\xfe" + "Grüße".encode("utf-16-le"),
        b"\xfe\xff" + "Grüße".encode("utf-16-be"),
        b"\xff\xfe\x00\x00" + "Grüße".encode("utf-32-le"),
    ],
)
def test_files_of_each_encoding(openai: Shell, content: bytes) -> None:
    (openai.folder / "text").write_bytes(content)
    said = openai(*DRY, "--message", "@text").json
    assert said["thread"]["messages"][0]["content"] == "Grüße"
    piped = openai(*DRY, "--message", "@-", stdin=content).json
    assert piped == said


@pytest.mark.parametrize("source", ["@text", "@-"])
def test_other_encodings_are_refused_as_a_text(openai: Shell, source: str) -> None:
    for content, why in (
        (b"caf\xe9", "is not UTF-8 text (it could be windows-1252 or iso-8859-1: convert it"),
        (b"\x89PNG\r\n\x1a\n\x00", "is not UTF-8 text"),
        (b"\x00\x01\x02", "is binary, not text"),
    ):
        (openai.folder / "text").write_bytes(content)
        stdin = content if source == "@-" else None
        result = openai(*DRY, "--message", source, stdin=stdin)
        assert (result.code, result.out) == (2, "")
        assert why in result.err
        assert f"@data://{source[1:]} sends it as base64" in result.err
        forced = openai(*DRY, "--message", f"@data://{source[1:]}", stdin=stdin)
        assert forced.code == 0


def test_a_pipe_with_a_writer_is_read(openai: Shell) -> None:
    words = " ".join(f"'{word}'" for word in DRY)
    script = f"{OPENAI} {words} --message @<(echo at once) --message @<(sleep 1.2; echo late)"
    done = subprocess.run(
        ["bash", "-c", script], cwd=openai.folder, env=openai.environ, capture_output=True,
        stdin=subprocess.DEVNULL, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    said = [message["content"] for message in json.loads(done.stdout)["thread"]["messages"]]
    assert said == ["at once\n", "late\n"]
