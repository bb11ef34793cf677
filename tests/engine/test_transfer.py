"""`openai local import`, `export`, `path`: what was saved elsewhere lives on, under its ids."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engine.support import FUNCTION, Api, ask, cases
from tests.support.inprocess import run_inprocess
from tests.support.shell import Result, Shell

# What is stored and sent is the subject here, not the process.
pytestmark = pytest.mark.in_process

Local = Callable[..., Result]
ASSISTANT = {
    "id": "asst_saved",
    "object": "assistant",
    "created_at": 1710352448,
    "name": "Sums",
    "description": None,
    "model": "echo",
    "instructions": "Be brief.",
    "tools": [FUNCTION],
    "tool_resources": {},
    "metadata": {"team": "x"},
    "temperature": 1.0,
    "top_p": 1.0,
    "response_format": "auto",
}
THREAD = {
    "id": "thread_saved",
    "object": "thread",
    "created_at": 1710352440,
    "metadata": {"user": "7"},
    "tool_resources": {},
}


def message(name: str, role: str, text: str, at: int, **more: Any) -> dict[str, Any]:
    """A message as the API shows it."""
    return {
        "id": f"msg_{name}",
        "object": "thread.message",
        "created_at": at,
        "thread_id": "thread_saved",
        "status": "completed",
        "incomplete_details": None,
        "completed_at": at,
        "incomplete_at": None,
        "role": role,
        "content": [{"type": "text", "text": {"value": text, "annotations": []}}],
        "assistant_id": "asst_saved" if role == "assistant" else None,
        "run_id": "run_saved" if role == "assistant" else None,
        "attachments": [],
        "metadata": {},
        **more,
    }


QUESTION = message("question", "user", "1 + 1?", 1710352449)
ANSWER = message("answer", "assistant", "2", 1710352450)
EVERYTHING = [ASSISTANT, THREAD, QUESTION, ANSWER]


def lines(*values: Any) -> str:
    return "".join(json.dumps(value) + "\n" for value in values)


def page(*values: Any, has_more: bool = False) -> dict[str, Any]:
    return {"object": "list", "data": list(values), "has_more": has_more}


@pytest.fixture
def local(store_file: Path, tmp_path: Path) -> Local:
    """`openai local …` on the test's store, in this process."""

    def run(*words: str, text: str | bytes | None = None, file: Path = store_file) -> Result:
        stdin = None
        if text is not None:
            stdin = tmp_path / "stdin"
            stdin.write_bytes(text if isinstance(text, bytes) else text.encode())
        return run_inprocess(["local", *words, "--store", str(file)], environ={}, stdin=stdin)

    return run


@pytest.fixture
def saved(local: Local, store_file: Path) -> Iterator[Api]:
    """A store into which everything was moved."""
    assert local("import", "-", text=lines(*EVERYTHING)).code == 0
    opened = Api(store_file)
    yield opened
    opened.close()


def exported(local: Local, **where: Any) -> list[Any]:
    done = local("export", **where)
    assert (done.code, done.err) == (0, "")
    return done.lines


def test_old_ids_work(saved: Api) -> None:
    assert saved.get("/assistants/asst_saved") == ASSISTANT
    assert saved.get("/threads/thread_saved") == THREAD
    listed = saved.get("/threads/thread_saved/messages")["data"]
    assert listed == [ANSWER, QUESTION]
    assert saved.get("/threads/thread_saved/messages", run_id="run_saved")["data"] == [ANSWER]
    body = {"assistant_id": "asst_saved", "additional_messages": [{"role": "user", "content": "?"}]}
    run = saved.post("/threads/thread_saved/runs", body)
    assert (run["status"], run["instructions"]) == ("completed", "Be brief.")
    assert saved.texts("thread_saved") == ["1 + 1?", "2", "?", "?"]


def test_shown_defaults_do_not_become_settings(saved: Api) -> None:
    connection = sqlite3.connect(saved.place)
    rows = connection.execute("SELECT settings FROM assistants WHERE id = 'asst_saved'").fetchall()
    connection.close()
    settings = json.loads(rows[0][0])
    assert set(settings) == {"name", "model", "instructions", "tools", "metadata"}


def test_round_trip(local: Local, saved: Api, store_file: Path) -> None:
    waiting = saved.post("/threads/runs", ask("!call look_up", tools=[FUNCTION]))
    saved.run("short\n!length")
    saved.run('text "of" \u2028 every 😀 kind\n' + "x" * 70_000)
    saved.post("/assistants", {"model": "m", "reasoning_effort": "low", "temperature": 0.5})
    saved.delete("/threads/thread_saved/messages/msg_question")
    gone = saved.post("/threads")["id"]
    saved.delete(f"/threads/{gone}")
    first = exported(local)
    other = store_file.with_name("other.db")
    done = local("import", "-", text=lines(*first), file=other)
    assert (done.code, done.out) == (0, "")
    second = exported(local, file=other)
    assert [{**one, "created_at": 0} for one in second if one["object"] == "assistant"] == [
        {**one, "created_at": 0} for one in first if one["object"] == "assistant"
    ]
    rest = [one for one in first if one["object"] != "assistant"]
    assert [one for one in second if one["object"] != "assistant"] == rest
    assert len(rest) == 4 + 6
    assert gone not in json.dumps(first)
    assert "msg_question" not in json.dumps(first)
    assert waiting["thread_id"] in json.dumps(first)
    again = local("import", "-", text=lines(*first))
    assert again.err == f"note: {len(first)} already present in {store_file}\n"
    assert exported(local) == first


@pytest.mark.parametrize(
    "text",
    [
        lines(*EVERYTHING),
        lines(*EVERYTHING).replace("\n", "\r\n"),
        "\n\n" + lines(*EVERYTHING) + "\n  \n",
        "\ufeff" + lines(*EVERYTHING),
        lines(*EVERYTHING).rstrip("\n"),
        json.dumps(EVERYTHING),
        json.dumps(EVERYTHING, indent=2),
        "\n".join(json.dumps(one, indent=2) for one in EVERYTHING),
        json.dumps(page(*EVERYTHING)),
        lines(page(ASSISTANT), THREAD, page(ANSWER, QUESTION)),
        lines({**THREAD, "messages": [QUESTION, ANSWER]}, ASSISTANT),
        lines({**THREAD, "messages": page(ANSWER, QUESTION)}, ASSISTANT),
        lines(ANSWER, QUESTION, THREAD, ASSISTANT),
        lines(*EVERYTHING, *EVERYTHING),
        lines([[ASSISTANT], page(page(THREAD), QUESTION)], ANSWER),
    ],
    ids=lambda text: text[:12],
)
def test_every_way_to_write_it(local: Local, text: str) -> None:
    done = local("import", "-", text=text)
    assert done.err.startswith("note: 1 assistant, 1 thread, 2 messages new in "), done.err
    assert exported(local)[1:] == EVERYTHING


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_a_file_that_powershell_wrote(openai: Shell, encoding: str) -> None:
    text = lines(*EVERYTHING).replace("\n", "\r\n")
    (openai.folder / "all.jsonl").write_bytes(f"\ufeff{text}".encode(encoding))
    done = openai("local", "import", "all.jsonl")
    assert done.err.startswith("note: 1 assistant, 1 thread, 2 messages new in "), done.err


def test_what_the_tool_itself_prints_is_taken(openai: Shell) -> None:
    """A list as JSON lines, and a run with its thread's messages, go from one store to another."""
    openai(
        "--base-url", "local:a.db", "beta:threads", "create-and-run", "--assistant-id", "asst_demo",
        "--message", "Hi",
    )  # fmt: skip
    out = openai("local", "export", "--store", "a.db")
    (openai.folder / "saved.jsonl").write_bytes(out.stdout)
    taken = openai("local", "import", "saved.jsonl", "--base-url", "local:b.db")
    assert (taken.code, taken.out) == (0, "")
    assert taken.err == (
        f"note: 1 thread, 2 messages new; 1 already present in {openai.folder / 'b.db'}\n"
    )
    back = openai("local", "export", env={"OPENAI_LOCAL_STORE": "b.db"})
    assert back.lines[1:] == out.lines[1:]


def test_what_an_sdk_prints_is_taken(local: Local, store_file: Path) -> None:
    """`model_dump_json()` of the SDK's objects has a null for all that the server did not set.

    They are imported as if the answers themselves had been saved.
    """
    shapes = cases("sdk_objects")
    assert len(shapes) > 30
    other = store_file.with_name("other.db")
    thread = lines({**THREAD, "id": "thread_sdk"})
    for file, texts in (
        (store_file, [shape["printed"] + "\n" for shape in shapes]),
        (other, [lines(shape["sent"]) for shape in shapes]),
    ):
        done = local("import", "-", text=thread + "".join(texts), file=file)
        assert (done.code, done.out) == (0, ""), done.err
    assert exported(local)[1:] == exported(local, file=other)[1:]


def test_limits_of_requests_are_none_of_answers(local: Local) -> None:
    files = {"code_interpreter": {"file_ids": [f"file-{n}" for n in range(50)]}}
    thread = {**THREAD, "tool_resources": files}
    assert local("import", "-", text=lines(thread)).code == 0
    assert exported(local)[1:] == [thread]


def test_of_one_second_the_order_of_the_text_counts(local: Local, saved: Api) -> None:
    same = [message(f"s{n}", "user", str(n), 1710352500 + n // 3) for n in range(9)]
    for thread, order in (("thread_up", same), ("thread_down", same[::-1])):
        moved = [{**one, "id": f"{one['id']}_{thread}", "thread_id": thread} for one in order]
        assert local("import", "-", text=json.dumps(page(*moved))).code == 0
        assert saved.texts(thread) == [str(n) for n in range(9)]


def test_messages_come_in_behind_younger_ones(local: Local, saved: Api) -> None:
    saved.post("/threads/thread_saved/messages", {"role": "user", "content": "young"})
    older = message("older", "user", "older", 1710352445)
    assert local("import", "-", text=lines(older)).code == 0
    assert saved.texts("thread_saved") == ["older", "1 + 1?", "2", "young"]
    last_two = {"type": "last_messages", "last_messages": 2}
    body = {"assistant_id": "asst_demo", "truncation_strategy": last_two}
    assert saved.post("/threads/thread_saved/runs", body)["usage"]["prompt_tokens"] == 2


def test_messages_bring_their_thread(local: Local, store_file: Path) -> None:
    done = local("import", "-", text=json.dumps(page(ANSWER, QUESTION, has_more=True)))
    assert done.err == (
        "warning: line 1: has_more is true, so the list is incomplete\n"
        "warning: line 1: data[1]: 'thread_saved' is created for its messages\n"
        f"note: 1 thread, 2 messages new in {store_file}\n"
    )
    api = Api(store_file)
    assert api.get("/threads/thread_saved")["created_at"] == QUESTION["created_at"]
    api.close()


def test_plain_conversations(local: Local, store_file: Path) -> None:
    said = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
    text = lines({"id": "thread_plain", "created_at": 1710352440, "messages": said})
    assert local("import", "-", text=text).code == 0
    api = Api(store_file)
    assert api.texts("thread_plain") == ["Hi", "Hello"]
    (last, first) = api.get("/threads/thread_plain/messages")["data"]
    assert first["id"].startswith("msg_")
    assert (last["created_at"], last["completed_at"]) == (1710352440, 1710352440)
    again = local("import", "-", text=text)
    assert again.code == 2
    what = "a message without an id can only be imported with a new thread"
    assert again.err.count(what) == 2
    assert len(api.texts("thread_plain")) == 2
    api.close()


CHANGED = {**ASSISTANT, "name": "Products", "temperature": 0.2}


@pytest.mark.parametrize(
    ("before", "after", "path"),
    [
        (ASSISTANT, CHANGED, "/assistants/asst_saved"),
        (THREAD, {**THREAD, "metadata": {}}, "/threads/thread_saved"),
        (
            QUESTION,
            {**QUESTION, "metadata": {"a": "b"}, "content": []},
            "/threads/thread_saved/messages/msg_question",
        ),
    ],
    ids=["assistant", "thread", "message"],
)
def test_what_differs_is_refused_or_replaced(
    local: Local, saved: Api, before: Any, after: Any, path: str
) -> None:
    refused = local("import", "-", text=lines({**ASSISTANT, "id": "asst_new"}, after))
    assert refused.code == 2
    assert refused.err == (
        f"error: stdin: line 2: '{before['id']}' already exists, and differs; "
        "nothing was imported\n"
        "hint: --replace replaces objects in the store that have the same id\n"
    )
    assert saved.get(path) == before
    assert saved.refused("GET", "/assistants/asst_new")[0] == 404
    done = local("import", "-", "--replace", text=lines({**ASSISTANT, "id": "asst_new"}, after))
    assert " new; 1 " in done.err
    assert " replaced in " in done.err
    assert saved.get(path) == after
    assert saved.get("/assistants/asst_new")["name"] == "Sums"


def test_what_was_deleted_comes_back_only_if_asked(local: Local, saved: Api) -> None:
    saved.delete("/assistants/asst_saved")
    saved.delete("/threads/thread_saved")
    refused = local("import", "-", text=lines(ASSISTANT, QUESTION))
    assert refused.err.count("was deleted here") == 2
    refused = local("import", "-", text=lines(*EVERYTHING))
    assert refused.code == 2
    assert saved.refused("GET", "/threads/thread_saved")[0] == 404
    done = local("import", "-", "--replace", text=lines(*EVERYTHING))
    assert "1 assistant, 1 thread replaced; 2 already present" in done.err
    assert saved.get("/assistants/asst_saved") == ASSISTANT
    assert saved.texts("thread_saved") == ["1 + 1?", "2"]


def test_a_thread_that_a_run_holds_takes_no_messages(local: Local, saved: Api) -> None:
    body = {"assistant_id": "asst_saved", "tool_choice": "required"}
    run = saved.post("/threads/thread_saved/runs", body)
    extra = message("extra", "user", "x", 1710352460)
    refused = local("import", "-", text=lines(extra))
    what = f"Can't add messages to thread_saved while a run {run['id']} is active."
    assert refused.err == f"error: stdin: line 1: {what}; nothing was imported\n"


def test_everything_wrong_is_said_at_once(local: Local, store_file: Path) -> None:
    text = "\n".join(
        [
            json.dumps(ASSISTANT),
            '{"object":"assistant","id":"asst_x","model":7,"bogus":1,"file_ids":[]}',
            '{"object":"assistant","id":"thread_y"}',
            '{"id": "asst_cut", "model": ',
            "",
            json.dumps({**THREAD, "messages": [{"role": "system", "content": "x"}, 3]}),
            json.dumps({**QUESTION, "status": "in_progress", "created_at": 1710352449123}),
            '{"object":"thread.gone","id":"run_1"}',
            "[7]",
            '{"id":"thread_z","metadata":{"a":NaN}}',
            json.dumps({**ASSISTANT, "name": "Other"}),
            '{"object":"list","data":{}}',
            json.dumps({**QUESTION, "id": None, "thread_id": None}),
            json.dumps({**THREAD, "id": "thread_m", "messages": "none"}),
            json.dumps({**THREAD, "id": "thread_n", "messages": [QUESTION]}),
        ]
    )
    done = local("import", "-", text=text)
    assert (done.code, done.out) == (2, "")
    head, *problems = done.err.splitlines()
    assert head == f"error: nothing was imported, {len(problems)} problems:"
    neither = "not an assistant, thread or message, judging by its object and id"
    word = "Supported values are: 'user' and 'assistant'."
    assert [line.removeprefix("  stdin: ") for line in problems] == [
        "line 2: Invalid type for 'model': expected a string, but got an integer instead.",
        "line 2: Unknown parameter: 'bogus'.",
        "line 3: Missing required parameter: 'model'.",
        "line 3: Invalid 'id': 'thread_y'. Expected an ID that begins with 'asst'.",
        "line 4: not JSON: Expecting value at line 6, column 1",
        f"line 6: Invalid value: 'system'. {word}",
        "line 6: Invalid type for 'messages[1]': expected an object, but got an integer instead.",
        "line 7: Invalid 'created_at': decimal above maximum value. Expected a value <= 1e+11, "
        "but got 1710352449123 instead.",
        "line 7: Invalid value: 'in_progress'. Supported values are: 'completed' and 'incomplete'.",
        f"line 8: {neither}",
        "line 9: [0]: expected an object",
        "line 10: not JSON: NaN is not a JSON number",
        "line 11: 'asst_saved' is also at line 1, and differs",
        f"line 12: {neither}",
        "line 13: Missing required parameter: 'id'.",
        "line 13: Missing required parameter: 'thread_id'.",
        "line 14: Invalid type for 'messages': expected an array, but got a string instead.",
        "line 15: messages[0].thread_id: 'thread_saved' is another thread",
    ]
    api = Api(store_file)
    assert [one["id"] for one in api.get("/assistants")["data"]] == ["asst_demo"]
    api.close()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b'{"id":"asst_1"}\n{"id":"\xff"}\n', "line 2: not UTF-8"),
        (b"\xff\xfe{", "line 1: not UTF-16"),
        ('{"id":"asst_1","model":"\\ud800"}', "line 1: not JSON: "),
        ("[" * 100_000, "line 1: it is nested too deeply"),
        ('{"id":"asst_1","model":1e999}', "line 1: not JSON: "),
        ("null", "line 1: expected an object"),
        ("model: echo", "line 1: not JSON: Expecting value at column 1"),
        (lines(ASSISTANT)[:-1] + ",", "line 1: not JSON: Expecting value at column"),
    ],
)
def test_what_is_no_json(local: Local, text: str | bytes, problem: str) -> None:
    done = local("import", "-", text=text)
    assert done.code == 2
    assert f"error: stdin: {problem}" in done.err
    assert "nothing was imported" in done.err


def test_nothing_is_not_much(local: Local, store_file: Path) -> None:
    for text in ("", " \n", "[]", json.dumps(page())):
        assert local("import", "-", text=text).err == f"note: nothing new in {store_file}\n"


def test_message_of_another_thread(local: Local, saved: Api) -> None:
    done = local("import", "-", "--replace", text=lines({**QUESTION, "thread_id": "thread_else"}))
    assert done.code == 2
    assert "'msg_question' belongs to 'thread_saved' here" in done.err
    assert saved.refused("GET", "/threads/thread_else")[0] == 404


def test_files_and_words(local: Local, tmp_path: Path) -> None:
    missing = tmp_path / "missing.json"
    for words, problem in (
        (["import"], "FILE: is required"),
        (["import", str(missing)], f'FILE: cannot read "{missing}": No such file or directory'),
        (["import", str(tmp_path)], f'FILE: cannot read "{tmp_path}": Is a directory'),
        (["import", "a", "b"], '"b": unexpected argument'),
        (["export", "x"], '"x": unexpected argument'),
        (["path", "--format", "json"], "--format"),
        (["path", "--base-url", "local:x"], "--store: cannot be combined with --base-url"),
    ):
        done = local(*words)
        assert (done.code, done.out) == (2, ""), words
        assert problem in done.err


def test_options_before_the_command_are_not_lost(tmp_path: Path) -> None:
    """`openai --dry-run local import x` must not import."""
    file = tmp_path / "x.db"
    done = run_inprocess(["--dry-run", "local", "import", "-", "--store", str(file)])
    assert (
        done.err == "error: --dry-run: not an option of openai local import; nothing was imported\n"
    )
    assert done.code == 2
    assert not file.exists()


def test_path(openai: Shell) -> None:
    usual = openai("local path").out
    assert usual.endswith("/openai-cli/assistants.db\n")
    assert not Path(usual.strip()).exists()
    for words, env, file in (
        ("local path --store a.db", {}, "a.db"),
        ("--base-url local:b.db local path", {}, "b.db"),
        ("local path --local", {"OPENAI_BASE_URL": "local:c.db"}, "c.db"),
        ("local path", {"OPENAI_LOCAL_STORE": "d.db"}, "d.db"),
        ("local path --store a.db", {"OPENAI_LOCAL_STORE": "d.db"}, "a.db"),
        ("local path", {"OPENAI_BASE_URL": "https://x.example/v1", "OPENAI_LOCAL_STORE": "e"}, "e"),
    ):
        assert openai(words, env=env).out == f"{openai.folder / file}\n"
    assert openai("local path --base-url https://x.example/v1").code == 2


def test_stores_that_cannot_be_used(openai: Shell) -> None:
    missing = openai("local export --store missing.db")
    assert (missing.code, missing.out) == (3, "")
    assert f"error: The store {openai.folder / 'missing.db'} does not exist.\n" in missing.err
    assert list(openai.folder.iterdir()) == []
    (openai.folder / "letter").write_text("Dear " * 1000)
    for words in ("local export --store letter", "local import - --store letter"):
        done = openai(words)
        assert (done.code, done.out) == (3, "")
        assert "is not a database" in done.err


def test_a_reader_that_has_had_enough(openai: Shell) -> None:
    many = [message(f"m{n}", "user", "x" * 1000, 1710352449 + n) for n in range(2000)]
    assert openai("local import - --store x.db", stdin=lines(THREAD, *many)).code == 0
    process = openai.start("local", "export", "--store", "x.db", stdout=-1, stderr=-1)
    assert process.stdout is not None
    assert process.stderr is not None
    assert b"asst_demo" in process.stdout.readline()
    process.stdout.close()
    assert process.wait(30) == 0
    assert process.stderr.read() == b""
    process.stderr.close()


def test_older_store_is_brought_up_to_date(store_file: Path, monkeypatch: Any) -> None:
    """Messages survive the step that lets their `run_id` name a run that is not here."""
    from openai_cli.engine.store import schema

    with monkeypatch.context() as patch:
        patch.setattr(schema, "STEPS", schema.STEPS[:1])
        old = Api(store_file)
        run = old.run("kept")
        path = f"/threads/{run['thread_id']}/messages"
        before = old.get(path)
        deleted = old.post(path, {"role": "user", "content": "gone"})["id"]
        old.delete(f"{path}/{deleted}")
        old.close()
    new = Api(store_file)
    assert new.get(path) == before
    assert new.get(path, after=deleted)["data"] == before["data"]
    assert new.run("more")["status"] == "completed"
    new.close()
    connection = sqlite3.connect(store_file)
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()
