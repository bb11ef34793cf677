"""Command lines, bodies, answers and streams, from sound to senseless."""

from __future__ import annotations

import gzip
import json
import os
import zlib
from typing import Any

from hypothesis import strategies as st

from openai_cli.api.operations import OPERATIONS
from openai_cli.cli.catalog import command_rows
from tests.output.strategies import documents
from tests.support.server import Reply

ODD = st.text("{}[]():,&*!|>'\"%@`#?-<=~\\ \n\tabn0123.eE+x_\x1b\u202e\ufeff", max_size=40)
TEXT = st.binary(max_size=24).map(lambda data: os.fsdecode(data.replace(b"\0", b""))) | st.text(
    st.characters(codec="utf-8", exclude_characters="\0"), max_size=12
)
"""What a word of the command line can be: bytes that are no text become lone surrogates."""
YAML = st.one_of(
    ODD,
    st.lists(st.tuples(TEXT, ODD).map(": ".join), max_size=4).map("\n".join),
    st.sampled_from(["{" * 400, "[" * 400, "- " * 400, "{a: &x [*x]}", "<<: {a: b}", "1e999"]),
    documents,
)
PATHS = st.one_of(
    ODD,
    st.lists(
        st.sampled_from(
            ["id", "data", "#", "#.id", "#(a=1)", "#(id%*)#", "@reverse", "@this", "*", "0", "{id}",
             "[id,a]", "@pretty:{}", "..0", "!1", "#(", "@", "\\", "|"]
        ),
        max_size=4,
    ).map(".".join),
)  # fmt: skip
FORMATS = st.sampled_from(
    ["auto", "csv", "json", "jsonl", "yaml", "pretty", "table", "text", "raw"]
)

_LEAVE_THE_TEST = {"--base-url", "--local", "--upstream-url", "--wait", "--on-tool-call"}
"""Flags that would reach for other servers, or wait."""
_WAITING = ("--wait", "--wait-timeout=0.2", "--poll-interval=0.1")


def _flag(name: str) -> st.SearchStrategy[list[str]]:
    values = {
        "--format": FORMATS,
        "--format-error": FORMATS,
        "--transform": PATHS,
        "--columns": st.lists(PATHS, max_size=3).map(",".join),
    }
    return values.get(name, YAML | TEXT).map(lambda text: [f"{name}={text}"])


@st.composite
def command_lines(draw: st.DrawFn) -> list[str]:
    """A command with flags of its own, global ones and words, some of them senseless."""
    operation = draw(st.sampled_from(OPERATIONS))
    rows = [row.name for row in command_rows(operation)]
    names = [name for name in rows if name not in _LEAVE_THE_TEST]
    ids = [draw(st.sampled_from(["id_1", ""]) | TEXT) for _ in operation.path_fields]
    required = [
        word
        for row in command_rows(operation)
        if row.required and draw(st.booleans())
        for word in (row.name, "asst_1")
    ]
    flags = draw(st.lists(st.sampled_from(names).flatmap(_flag), max_size=4))
    waiting = _WAITING if operation.answers_run and draw(st.booleans()) else ()
    stray = draw(st.lists(TEXT | ODD, max_size=1))
    flat = [word for flag in flags for word in flag]
    return [
        *operation.resource.split(),
        operation.command,
        *ids,
        *required,
        *flat,
        *waiting,
        *stray,
    ]


def _part(kind: str, text: Any) -> dict[str, Any]:
    return {"type": kind, "text": text}


_IDS = {"id": "run_1", "object": "thread.run", "thread_id": "thread_1"}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
STATUSES = st.sampled_from(
    ["queued", "completed", "requires_action", "failed", "incomplete", "cancelled", "new"]
)
KEYS = st.sampled_from(
    ["id", "object", "thread_id", "status", "data", "has_more", "error", "last_error", "content",
     "required_action", "usage", "delta", "created_at", "role", "choices", "output", "message"]
)  # fmt: skip
OBJECTS = st.one_of(
    st.builds(
        lambda status, more: {**_IDS, "status": status, **more},
        STATUSES,
        st.dictionaries(KEYS, VALUES, max_size=3),
    ),
    st.dictionaries(KEYS, VALUES, max_size=5),
    st.builds(
        lambda part: {
            "id": "m", "object": "thread.message", "role": "assistant", "content": [part],
        },
        st.builds(_part, TEXT | st.just("text"), VALUES),
    ),
)  # fmt: skip
BODIES = st.one_of(
    st.binary(max_size=60),
    documents.map(str.encode),
    OBJECTS.map(json.dumps).map(str.encode),
    st.lists(OBJECTS, max_size=3).map(lambda items: _json({"object": "list", "data": items})),
)


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


def _packed(body: bytes, encoding: str) -> bytes:
    packers = {"gzip": gzip.compress, "deflate": zlib.compress}
    return packers[encoding](body) if encoding in packers else body


@st.composite
def answers(draw: st.DrawFn) -> Reply:
    """One answer: a document, of any status and type; packed, cut off, or no HTTP at all."""
    if draw(st.integers(0, 9)) == 0:
        return Reply(raw=draw(st.binary(max_size=80)))
    body, encoding = draw(BODIES), draw(st.sampled_from(["", "", "", "gzip", "deflate", "br"]))
    headers = {
        "Content-Type": draw(st.sampled_from(["application/json", "text/plain", "text/html"])),
        **({"Content-Encoding": encoding} if encoding else {}),
        **draw(st.sampled_from([{}, {"Location": "http://["}, {"Location": "/v1/elsewhere"}])),
        "X-Should-Retry": "false",
    }
    status = draw(st.sampled_from([200, 200, 200, 201, 204, 302, 307, 400, 401, 404, 418, 500]))
    packed = body if draw(st.integers(0, 9)) == 0 else _packed(body, encoding)
    return Reply(status=status, body=b"" if status == 204 else packed, headers=headers)


EVENT_NAMES = st.sampled_from(
    ["thread.run.created", "thread.run.completed", "thread.message.delta", "done", "error", "", "x",
     "thread.message.completed", "response.completed", "response.output_text.delta", "\u2028"]
)  # fmt: skip
EVENTS = st.one_of(
    st.builds(
        lambda name, data: b"event: %s\ndata: %s\n\n" % (name.encode(), data),
        EVENT_NAMES,
        st.one_of(OBJECTS.map(_json), st.just(b"[DONE]"), st.just(b"{"), st.just(b"")),
    ),
    st.builds(
        lambda delta, reason: (
            b"data: %s\n\n"
            % _json({"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]})
        ),
        st.dictionaries(st.sampled_from(["content", "tool_calls", "role"]), VALUES, max_size=2),
        st.sampled_from([None, "stop", "tool_calls", "length", 7]),
    ),
    st.binary(max_size=20),
)


@st.composite
def streams(draw: st.DrawFn) -> Reply:
    """Events, cut into chunks anywhere, perhaps without an end."""
    data = b"".join(draw(st.lists(EVENTS, max_size=6)))
    step = draw(st.integers(1, 200))
    chunks = [data[at : at + step] for at in range(0, len(data), step)]
    return Reply(chunks=chunks, declared=draw(st.sampled_from([None, None, -1])))
