"""The recorded command lines in `tests/data/wire/cases.jsonl`, and the requests they must send."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.server import Seen
from tests.support.shell import Result

_CASES = Path(__file__).parents[1] / "data" / "wire" / "cases.jsonl"

_POINTS = ("temperature-float-one", "floats-plain", "floats-exponent-with-point")
"""Cases with whole numbers such as 1.0: the recording has 1, but 1.0 is accepted too."""


@dataclass(frozen=True)
class Case:
    """One command line with its inputs, and the request it must send."""

    name: str
    follows: bool
    argv: tuple[str, ...]
    env: dict[str, str]
    stdin: str | None
    files: dict[str, Any]
    code: int
    sent: bool
    body: Any
    path: str
    headers: dict[str, str]
    headers_absent: tuple[str, ...]

    def args(self, url: str) -> list[str]:
        """The arguments, with the address of the recording server."""
        return [_addressed(word, url) for word in self.argv]

    def environ(self, url: str) -> dict[str, str]:
        return {name: _addressed(value, url) for name, value in self.env.items()}

    def lay_out(self, folder: Path) -> None:
        """Write the files that the command line refers to."""
        for name, content in self.files.items():
            path = folder / name
            if name.endswith("/"):
                path.mkdir(parents=True)
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            data = content.encode() if isinstance(content, str) else _bytes(content)
            path.write_bytes(data)

    def check(self, result: Result, seen: list[Seen]) -> None:
        """Fail unless exit code and request are those of this case."""
        assert result.code == self.code, result.err
        assert len(seen) == (1 if self.sent else 0), result.err
        assert "Traceback" not in result.err
        if not self.sent:
            # Help is data; a refusal is talk.
            assert bool(result.stdout) == (self.code == 0)
            assert result.err.startswith("error: ") == (self.code != 0)
            return
        request = seen[0]
        assert same(request.json, self.body, points=self.name in _POINTS), request.content
        assert (request.method, request.path) == ("POST", self.path)
        for name, value in self.headers.items():
            assert request.header(name) == value
        for name in self.headers_absent:
            assert request.header(name) is None


def load_cases() -> tuple[Case, ...]:
    with _CASES.open(encoding="utf-8") as lines:
        return tuple(_case(json.loads(line)) for line in lines)


def same(sent: Any, expected: Any, *, points: bool = False) -> bool:
    """Whether two JSON values are one; True is not 1, and 1 is not 1.0 unless `points`."""
    if isinstance(expected, dict):
        keys = isinstance(sent, dict) and sent.keys() == expected.keys()
        return keys and all(same(sent[key], expected[key], points=points) for key in expected)
    if isinstance(expected, list):
        length = isinstance(sent, list) and len(sent) == len(expected)
        return length and all(
            same(*pair, points=points) for pair in zip(sent, expected, strict=True)
        )
    either_way = points and type(expected) in (int, float)
    kinds = (int, float) if either_way else (type(expected),)
    return type(sent) in kinds and bool(sent == expected)


def _addressed(text: str, url: str) -> str:
    return text.replace("BASE", url)


def _bytes(content: dict[str, str]) -> bytes:
    return base64.b64decode(content["base64"])


def _case(row: dict[str, Any]) -> Case:
    expected = row["expected"]
    absent = tuple(expected.get("headers_absent", ()))
    return Case(
        name=row["id"],
        follows=row["verdict"] == "follow",
        argv=tuple(row["argv"]),
        env=row["env"],
        stdin=row["stdin"],
        files=row["files"],
        code=expected["exit"],
        sent=expected["sent"],
        body=expected["body"],
        path=row["path"] or "/v1/threads/runs",
        headers={
            "Openai-Beta": "assistants=v2",
            **{name: value for name, value in row["headers"].items() if name not in absent},
        },
        headers_absent=absent,
    )


CASES: tuple[Case, ...] = load_cases()
