"""Every documented command on the engine, its answers held against the API description."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.family import COMMANDS, command_named
from tests.support.inprocess import run_inprocess
from tests.support.openapi import schema_errors
from tests.support.shell import Result

Tell = Callable[..., Any]


class Family:
    """The engine through the command line; remembers which commands were used."""

    def __init__(self, folder: Path) -> None:
        self._environ = {"HOME": str(folder), "OPENAI_LOCAL_STORE": str(folder / "store.db")}
        self.used: set[str] = set()

    def run(self, resource: str, command: str, *args: str) -> Result:
        self.used.add(f"{resource} {command}")
        words = [resource, command, "--local", *args]
        return run_inprocess(words, environ=self._environ)

    def __call__(self, resource: str, command: str, *args: str, code: int = 0) -> Any:
        """The answer as JSON, checked; of a list, the items of the first page."""
        facts = command_named(f"{resource} {command}")
        result = self.run(resource, command, *args, "--format=raw")
        assert result.code == code, result.err
        answer = result.json
        assert schema_errors(_without_nulls_of_lists(answer), facts.response) == []
        return answer["data"] if facts.pagination else answer


def _without_nulls_of_lists(answer: Any) -> Any:
    """An empty list has no first and last id, whatever the description says of them."""
    empty = isinstance(answer, dict) and answer.get("data") == []
    return {**answer, "first_id": "", "last_id": ""} if empty else answer


FUNCTION = "{type: function, function: {name: f, parameters: {type: object}}}"
A, T, R, S, M = (
    "beta:assistants",
    "beta:threads",
    "beta:threads:runs",
    "beta:threads:runs:steps",
    "beta:threads:messages",
)


@pytest.fixture
def tell(tmp_path: Path) -> Family:
    return Family(tmp_path)


def test_every_command_on_the_engine(tell: Family) -> None:
    assistant = tell(A, "create", "--model=echo", "--name=A", f"--tool={FUNCTION}")["id"]
    changed = tell(A, "update", assistant, "--name=B", "--metadata=k=v", "--top-p=.5")
    assert tell(A, "retrieve", assistant) == changed
    assert {one["id"] for one in tell(A, "list")} == {"asst_demo", assistant}

    thread = tell(T, "create", "--message.role=user", "--message.content=Hi")["id"]
    assert tell(T, "update", thread, "--metadata=k=v")["metadata"] == {"k": "v"}
    assert tell(T, "retrieve", thread)["metadata"] == {"k": "v"}

    message = tell(M, "create", thread, "--role=user", "--content=!call f {}")["id"]
    changed = tell(M, "update", thread, message, "--metadata={a: b}")
    assert tell(M, "retrieve", thread, message) == changed
    assert [one["id"] for one in tell(M, "list", thread, "--limit=1")] == [message]

    run = tell(R, "create", thread, f"--assistant-id={assistant}", code=6)["id"]
    waiting = tell(R, "retrieve", thread, run)
    (call,) = waiting["required_action"]["submit_tool_outputs"]["tool_calls"]
    done = tell(R, "submit-tool-outputs", thread, run, "--tool-output.output=5",
                f"--tool-output.tool-call-id={call['id']}")  # fmt: skip
    assert (done["id"], done["status"]) == (run, "completed")
    assert tell(R, "update", thread, run, "--metadata=k=v")["metadata"] == {"k": "v"}
    steps = tell(S, "list", thread, run, "--order=asc")
    assert [step["type"] for step in steps] == ["tool_calls", "message_creation"]
    assert tell(S, "retrieve", thread, run, steps[0]["id"]) == steps[0]
    assert len(tell(M, "list", thread, f"--run-id={run}")) == 1

    second = tell(T, "create-and-run", f"--assistant-id={assistant}", "--message=!call f {}",
                  code=6)  # fmt: skip
    stopped = tell(R, "cancel", second["thread_id"], second["id"])
    assert stopped["status"] in ("cancelling", "cancelled")
    assert [one["id"] for one in tell(R, "list", second["thread_id"])] == [second["id"]]

    assert tell(M, "delete", thread, message)["deleted"] is True
    assert tell(T, "delete", thread)["deleted"] is True
    assert tell(A, "delete", assistant)["deleted"] is True
    assert tell.run(T, "retrieve", thread).code == 4
    assert tell.used == {str(command) for command in COMMANDS}


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize(
    "limit",
    ["1", "2", "5", *(pytest.param(limit, marks=pytest.mark.slow) for limit in ("3", "100"))],
)
def test_lists_of_the_engine_come_whole(tell: Family, order: str, limit: str) -> None:
    said = [f"--message=m{number}" for number in range(5)]
    thread = tell(T, "create", *said)["id"]
    words = ("--format=jsonl", f"--order={order}", f"--limit={limit}", "-r")
    wanted = [f"m{n}" for n in range(5)][:: 1 if order == "asc" else -1]

    def shown(*args: str) -> list[str]:
        path = "--transform=content.0.text.value"
        result = tell.run(M, "list", thread, *words, path, *args)
        assert (result.code, result.err) == (0, "")
        return result.out.split()

    def ids() -> list[str]:
        result = tell.run(M, "list", thread, *words, "--transform=id")
        return result.out.split()

    assert shown() == wanted
    assert shown("--max-items=3") == wanted[:3]
    assert shown(f"--after={ids()[1]}") == wanted[2:]
    assert sorted(shown(f"--before={ids()[3]}")) == sorted(wanted[:3])
    assert shown(f"--after={ids()[0]}", f"--before={ids()[4]}") == wanted[1:4]
    assert shown(f"--before={ids()[0]}") == []
