"""`openai local export --as conversations`: bodies that the Conversations API takes as they are."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.engine.support import Api
from tests.support.server import Reply, Server
from tests.support.shell import OPENAI, Shell

# What is stored and sent is the subject here, not the process.
pytestmark = [pytest.mark.in_process, pytest.mark.both_databases]

PICTURE = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
DETAIL = {"type": "image_url", "image_url": {"url": "https://example.com/b.png", "detail": "low"}}
FILE = {"type": "image_file", "image_file": {"file_id": "file-1", "detail": "high"}}


def said(role: str, text: str) -> dict[str, Any]:
    kind = "output_text" if role == "assistant" else "input_text"
    return {"type": "message", "role": role, "content": [{"type": kind, "text": text}]}


@pytest.fixture
def api(openai: Shell) -> Any:
    opened = Api(openai.folder / "team.db")
    yield opened
    opened.close()


def export(openai: Shell) -> tuple[list[Any], str]:
    done = openai("local", "export", "--as", "conversations", "--store", "team.db")
    assert done.code == 0
    return done.lines, done.err


def test_a_thread(openai: Shell, api: Api) -> None:
    run = api.run(
        "Hi", thread={"messages": [{"role": "user", "content": "Hi"}], "metadata": {"a": "b"}}
    )
    (line,), err = export(openai)
    assert line == {
        "thread_id": run["thread_id"],
        "create": {
            "items": [said("user", "Hi"), said("assistant", "Hi")],
            "metadata": {"a": "b"},
        },
        "add": [],
    }
    assert err == "note: left out, not supported by conversations: 1 assistants\n"


@pytest.mark.parametrize(
    ("count", "sizes"), [(0, [0]), (1, [1]), (20, [20]), (21, [20, 1]), (45, [20, 20, 5])]
)
def test_no_request_has_more_than_twenty_items(
    openai: Shell, api: Api, count: int, sizes: list[int]
) -> None:
    thread = api.post("/threads")["id"]
    for number in range(count):
        api.post(f"/threads/{thread}/messages", {"role": "user", "content": str(number)})
    (line,), _ = export(openai)
    bodies = [line["create"], *line["add"]]
    assert [len(body["items"]) for body in bodies] == sizes
    texts = [item["content"][0]["text"] for body in bodies for item in body["items"]]
    assert texts == list(map(str, range(count)))


def test_parts_and_what_is_left_out(openai: Shell, api: Api) -> None:
    parts = [{"type": "text", "text": "See"}, PICTURE, DETAIL, FILE]
    attachment = {"file_id": "file-2", "tools": [{"type": "code_interpreter"}]}
    messages = [
        {"role": "user", "content": parts, "attachments": [attachment], "metadata": {"k": "v"}},
        {"role": "assistant", "content": [{"type": "text", "text": "Nice"}, PICTURE]},
    ]
    resources = {"code_interpreter": {"file_ids": ["file-3"]}}
    api.post("/threads", {"messages": messages, "tool_resources": resources})
    (line,), err = export(openai)
    user, assistant = line["create"]["items"]
    assert user["content"] == [
        {"type": "input_text", "text": "See"},
        {"type": "input_image", "image_url": "https://example.com/a.png", "detail": "auto"},
        {"type": "input_image", "image_url": "https://example.com/b.png", "detail": "low"},
        {"type": "input_image", "file_id": "file-1", "detail": "high"},
    ]
    assert assistant == said("assistant", "Nice")
    assert err == (
        "note: left out, not supported by conversations: 1 assistants, 1 files of threads, "
        "1 attachments, 1 metadata of messages, 1 images of assistants\n"
    )


def test_a_message_without_anything_is_no_item(openai: Shell, api: Api) -> None:
    saved = {"id": "thread_1", "messages": [{"role": "assistant", "content": ""}]}
    openai("local", "import", "-", "--store", "team.db", stdin=json.dumps(saved))
    (line,), err = export(openai)
    assert line["create"] == {"items": [], "metadata": {}}
    assert "1 messages without text or image" in err


def test_the_default_shape_and_a_wrong_one(openai: Shell, api: Api) -> None:
    api.post("/threads")
    plain = openai("local", "export", "--store", "team.db")
    named = openai("local", "export", "--store", "team.db", "--as", "objects")
    assert plain == named
    wrong = openai("local", "export", "--store", "team.db", "--as", "conversation")
    assert (wrong.code, wrong.out) == (2, "")
    what = '--as: expected objects or conversations, found "conversation" (did you mean conv'
    assert what in wrong.err


@pytest.mark.needs("curl", "jq")
def test_the_documented_curl_lines(openai: Shell, api: Api, server: Server) -> None:
    """The loop of docs/local.md, against a server on loopback in place of OpenAI's."""
    thread = api.post("/threads", {"metadata": {"user": "7"}})["id"]
    for number in range(41):
        api.post(f"/threads/{thread}/messages", {"role": "user", "content": f"it's {number}"})
    page = (Path(__file__).parents[2] / "docs" / "local.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```shell-session\n(.*?)```", page, re.DOTALL)
    (block,) = [one for one in blocks if "/conversations" in one]
    script = re.sub(r"^\$ ", "", block, flags=re.MULTILINE)
    server.reply(Reply(body={"id": "conv_9"}))
    path = f"{Path(OPENAI).parent}:{openai.environ['PATH']}"
    more = {"PATH": path, "OPENAI_LOCAL_STORE": "team.db", "OPENAI_API_KEY": "sk-1"}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script.replace("https://api.openai.com/v1", server.url)],
        env={**openai.environ, **more},
        cwd=openai.folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"{thread} conv_9\n"
    (line,), _ = export(openai)
    assert [(seen.path, seen.json) for seen in server.seen] == [
        ("/v1/conversations", line["create"]),
        *(("/v1/conversations/conv_9/items", body) for body in line["add"]),
    ]
    assert {seen.header("authorization") for seen in server.seen} == {"Bearer sk-1"}
