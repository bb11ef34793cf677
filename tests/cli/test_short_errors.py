"""Errors stay short, whatever is quoted in them; and what is too deep or large is refused fast."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import RUN, Run
from tests.support.server import Reply, Server

LONG = "x" * 50_000


@pytest.mark.first_by_default
@pytest.mark.parametrize(
    "words",
    [
        (LONG,),
        ("beta:threads", LONG),
        ("beta:threads", "retrieve", "t", LONG),
        ("beta:threads", "retrieve", "t", f"--{LONG}"),
        (*RUN, "--timeout", "1" * 50_000),
        (*RUN, "--max-items", LONG),
        (*RUN, "--format", LONG),
        (*RUN, "--base-url", LONG),
        (*RUN, "--base-url", f"http://{LONG}.example"),
        (*RUN, "--transform", "#(" + LONG),
        (*RUN, "--tool-choice", LONG),
        (*RUN, "--message", f"{{role: {LONG}, content: a}}"),
        (*RUN, "--metadata", f"{{a: 1, {LONG}: [}}"),
        (*RUN, "--metadata", f'{{"{LONG}": "a", "{LONG}": "b"}}'),
        (*RUN, "--metadata", f"@{LONG}"),
        (*RUN, "--on-tool-call", LONG),
        (*RUN, "--tool", f"{{type: {LONG}}}"),
        ("local", "import", LONG),
        ("--completion", LONG),
    ],
)
@pytest.mark.parametrize("form", ["text", "json"])
def test_quoted_input_is_cut(quick: Run, words: tuple[str, ...], form: str) -> None:
    result = quick(*words, "--max-retries", "0", "--format-error", form)
    assert result.code in (2, 3)
    assert len(result.err) < 4000, result.err[:300]


def test_a_long_list_of_problems_is_cut_with_a_count(quick: Run) -> None:
    words = [word for n in range(74) for word in (f"--unknown-{n}", "1")]
    result = quick(*RUN, *words)
    assert result.code == 2
    assert result.err.splitlines()[-1].strip() == "… and 128 more"
    data = json.loads(quick(*RUN, *words, "--format-error", "json").err)
    assert data["message"].endswith("… and 128 more")


@pytest.mark.parametrize("status", [307, 400])
def test_quoted_answers_are_cut(quick: Run, server: Server, status: int) -> None:
    error = {"message": LONG, "type": LONG, "code": LONG, "param": LONG}
    headers = {"Location": f"ftp://{LONG}/"} if status == 307 else {"X-Request-Id": LONG}
    server.reply(Reply(status=status, body={"error": error}, headers=headers))
    result = quick(*RUN, "--max-retries", "0")
    assert result.code in (3, 4)
    assert len(result.err) < 6000


def test_the_ids_of_a_run_are_cut(quick: Run, server: Server) -> None:
    function = {"name": LONG, "arguments": "{}"}
    call = {"id": "c", "type": "function", "function": function}
    action = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": [call]}}
    run = {"id": LONG, "object": "thread.run", "thread_id": LONG, "status": "requires_action"}
    server.reply(Reply(body={**run, "required_action": action}))
    result = quick(*RUN)
    assert (result.code, len(result.err) < 2000) == (6, True)


@pytest.mark.first_by_default
@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{" * 20_000, "nested more than 100 levels"),
        ("[" * 20_000, "nested more than 100 levels"),
        ("- " * 20_000, "nested more than 100 levels"),
        ("{" + ", ".join(f"k{n}: v" for n in range(60_000)) + "}", "YAML tokens"),
        ("\n".join(f"k{n}: v" for n in range(60_000)), "YAML tokens"),
    ],
)
def test_deep_and_large_values_are_refused_early(quick: Run, text: str, why: str) -> None:
    """Each took seconds to minutes; the suite would notice."""
    result = quick("beta:threads", "create", stdin=text)
    assert (result.code, why in result.err) == (2, True), result.err[:300]
