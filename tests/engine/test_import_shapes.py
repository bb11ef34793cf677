"""Files that hold objects in groups, and files of which not all can be taken."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.engine.support import Api
from tests.engine.test_transfer import ANSWER, ASSISTANT, EVERYTHING, QUESTION, THREAD, lines, page
from tests.support.shell import Result, Shell

# What is stored and sent is the subject here, not the process.
pytestmark = pytest.mark.in_process

RUN = {"object": "thread.run", "id": "run_1", "thread_id": "thread_saved", "status": "completed"}
STEP = {"object": "thread.run.step", "id": "step_1", "run_id": "run_1"}
STORE = {"object": "vector_store", "id": "vs_1", "name": "Docs"}
UNSAID = [{name: value for name, value in one.items() if name != "object"} for one in EVERYTHING]
RUNS = "runs and their steps are not imported"
FILES = "the engine does not store files and vector stores"


def take(openai: Shell, text: str, *words: str) -> Result:
    return openai("local", "import", "-", "--store", "team.db", *words, stdin=text)


def kept(openai: Shell) -> list[Any]:
    """What the store holds, without the assistant that every store has."""
    found = openai("local", "export", "--store", "team.db")
    return [one for one in found.lines if one["id"] != "asst_demo"]


@pytest.mark.parametrize(
    "value",
    [
        {"assistants": [ASSISTANT], "threads": [{**THREAD, "messages": [QUESTION, ANSWER]}]},
        {"assistants": page(ASSISTANT), "threads": [THREAD], "messages": page(ANSWER, QUESTION)},
        {"assistants": [UNSAID[0]], "threads": [UNSAID[1]], "messages": UNSAID[2:]},
        {"assistant": ASSISTANT, "thread": THREAD, "messages": [QUESTION, ANSWER]},
        [ASSISTANT, {"thread": THREAD, "messages": page(ANSWER, QUESTION)}],
        {"assistant": UNSAID[0], "thread": UNSAID[1], "messages": UNSAID[2:]},
        {"assistants": [ASSISTANT], "threads": [{"thread": THREAD, "messages": EVERYTHING[2:]}]},
        {
            "thread": {**THREAD, "messages": [QUESTION]},
            "messages": [ANSWER],
            "assistant": ASSISTANT,
        },
        {"assistants": [ASSISTANT], "thread": None, "threads": [THREAD], "messages": UNSAID[2:]},
    ],
    ids=lambda value: "-".join(value if isinstance(value, dict) else "list"),
)
def test_groups(openai: Shell, value: Any) -> None:
    for text in (json.dumps(value), json.dumps(value, indent=2)):
        done = take(openai, text)
        assert (done.code, done.out) == (0, "")
    assert done.err == f"note: 4 already present in {openai.folder / 'team.db'}\n"
    assert kept(openai) == EVERYTHING


def test_messages_of_a_group_need_neither_thread_nor_id(openai: Shell) -> None:
    said = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
    done = take(openai, json.dumps({"thread": {"id": "thread_7"}, "messages": said}))
    assert done.err == f"note: 1 thread, 2 messages new in {openai.folder / 'team.db'}\n"
    api = Api(openai.folder / "team.db")
    assert api.texts("thread_7") == ["Hi", "Hello"]
    api.close()


def test_what_has_no_place_is_left_out_and_said(openai: Shell) -> None:
    group = {"thread": THREAD, "messages": [QUESTION, ANSWER], "runs": [RUN], "exported_by": "me"}
    done = take(openai, lines(ASSISTANT, RUN, group, page(STEP, RUN), *[STORE] * 7))
    assert done.code == 0
    assert done.err.splitlines() == [
        f"warning: left out: line 2, line 3: runs, line 4: data[0], line 4: data[1]: {RUNS}",
        "warning: left out: line 3: exported_by: not part of an import",
        f"warning: left out: line 5, line 6, line 7, line 8, line 9 and 2 more: {FILES}",
        f"note: 1 assistant, 1 thread, 2 messages new; 12 left out in {openai.folder / 'team.db'}",
    ]
    assert kept(openai) == EVERYTHING


BROKEN = [
    {**ASSISTANT, "id": "asst_bad", "model": 7},
    {"object": "bogus", "id": "x"},
    {**THREAD, "id": "thread_bad", "metadata": {"a": {}}},
    {**QUESTION, "id": "msg_bad", "role": "system"},
    {**ASSISTANT, "name": "Another under the same id"},
    {"object": "thread", "messages": [{"role": "user", "content": "of a thread without an id"}]},
    {**THREAD, "id": "thread_n", "messages": [{**QUESTION, "id": "msg_elsewhere"}]},
]


def test_one_refused_object_blocks_the_file_unless_it_may_be_skipped(openai: Shell) -> None:
    text = lines(*EVERYTHING, *BROKEN) + '{"id": "asst_cut", "mod'
    refused = take(openai, text)
    assert (refused.code, kept(openai)) == (2, [])
    assert "error: nothing was imported, " in refused.err
    done = take(openai, text, "--skip-invalid")
    assert (done.code, done.out) == (0, "")
    problems = refused.err.partition(":\n")[2].splitlines()
    assert len(problems) >= len(BROKEN) + 1
    told = [line for line in done.err.splitlines() if line.startswith("warning: left out: ")]
    assert {line.removeprefix("warning: left out: ") for line in told} == {
        line.strip().removeprefix("stdin: ") for line in problems
    }
    assert done.err.endswith(
        f"note: 1 assistant, 2 threads, 2 messages new; {len(told)} left out "
        f"in {openai.folder / 'team.db'}\n"
    )
    assert kept(openai)[:4] == EVERYTHING
    assert [one["id"] for one in kept(openai)[4:]] == ["thread_n"]


def test_a_conflict_is_not_skipped(openai: Shell) -> None:
    take(openai, lines(*EVERYTHING))
    text = lines({**ASSISTANT, "name": "Else"}, {"object": "bogus"}, {**THREAD, "id": "thread_new"})
    refused = take(openai, text, "--skip-invalid")
    assert refused.code == 2
    assert refused.err == (
        "error: stdin: line 1: 'asst_saved' already exists, and differs; nothing was imported\n"
        "hint: --replace replaces objects in the store that have the same id\n"
    )
    assert kept(openai) == EVERYTHING
    done = take(openai, text, "--skip-invalid", "--replace")
    assert (done.code, len(kept(openai))) == (0, 5)


def test_a_held_thread_is_left_as_it_is(openai: Shell) -> None:
    take(openai, lines(*EVERYTHING))
    api = Api(openai.folder / "team.db")
    tool = {"type": "function", "function": {"name": "f"}}
    body = {"assistant_id": "asst_demo", "tools": [tool], "tool_choice": "required"}
    assert api.post("/threads/thread_saved/runs", body)["status"] == "requires_action"
    api.close()
    changed = {**QUESTION, "metadata": {"a": "b"}}
    done = take(openai, lines(changed), "--replace", "--skip-invalid")
    assert "left out: line 1: Can't add messages to thread_saved while a run" in done.err
    assert kept(openai)[2] == QUESTION
