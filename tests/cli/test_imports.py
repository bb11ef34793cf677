"""A module is imported when its work begins: budgets by name and number, not by time.

`needed` are the heavy modules that a command may load, `most` is how many of ours.
"""

from __future__ import annotations

import dataclasses
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from openai_cli import late_loading
from tests.cli.conftest import RUN
from tests.support.server import Reply, Server
from tests.support.shell import Shell

HEAVY = frozenset(
    f"openai_cli.{name}"
    for name in (
        "engine", "client.client", "output.panel", "output.yaml_layout", "output.gjson.parser",
        "output.pager", "output.explore", "api.models.runs", "api.models.page_query",
    )
) | {
    "httpx", "rich", "ruamel", "pydantic", "sqlite3", "textual", "asyncio", "importlib.metadata",
    "psycopg",
}  # fmt: skip
REMOTE = {"httpx", "pydantic", "openai_cli.client.client"}

PRINT_MODULES = """
import atexit, sys
atexit.register(lambda: print(*sys.modules, sep="\\n", file=sys.stderr))
"""


@pytest.mark.parametrize(
    ("words", "needed", "most"),
    [
        (["--debug", "--version"], set(), 27),
        (["--help"], set(), 30),
        (["help", "beta:threads"], set(), 30),
        (["beta:thread"], set(), 52),
        ([*RUN[:2], "--help"], set(), 32),
        (["--help", *RUN[:2]], set(), 32),
        ([*RUN, "--help"], {"pydantic"}, 38),
        ([*RUN, "--top-p", "7"], {"pydantic"}, 72),
        ([*RUN], REMOTE, 102),
        ([*RUN, "--transform", "id"], {*REMOTE, "openai_cli.output.gjson.parser"}, 114),
        ([*RUN, "--format", "pretty"], {*REMOTE, "rich", "openai_cli.output.panel"}, 103),
        ([*RUN, "--format", "yaml"], {*REMOTE, "ruamel", "openai_cli.output.yaml_layout"}, 103),
        (["--local", *RUN, "--message", "Hi"], {*REMOTE, "sqlite3", "openai_cli.engine"}, 163),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)  # fmt: skip
def test_what_is_not_needed_is_not_imported(
    openai: Shell, server: Server, words: list[str], needed: set[str], most: int
) -> None:
    server.reply(Reply(body={"id": "x"}))
    done = openai.after(PRINT_MODULES, *words, OPENAI_BASE_URL=server.url)
    loaded = set(done.err.splitlines())
    assert all(map(find_spec, HEAVY))
    assert "openai_cli.cli.main" in loaded
    assert loaded & HEAVY <= needed | ({"asyncio"} if "httpx" in needed else set())
    assert needed <= loaded
    assert sum(name.startswith("openai_cli.") for name in loaded) <= most


LEFT_OUT = {
    "rich", "httpcore._async.connection_pool", "_bz2", "_lzma", "_posixsubprocess",
    "anyio.abc", "certifi.core", "idna.core", "socksio.socks5",
}  # fmt: skip
"""Modules of libraries that a plain call makes no use of."""


def test_a_call_leaves_out_what_libraries_would_load(openai: Shell, server: Server) -> None:
    server.reply(Reply(body={"id": "x"}))
    done = openai.after(PRINT_MODULES, *RUN, OPENAI_BASE_URL=server.url)
    assert "httpcore" in done.err.splitlines()
    assert not LEFT_OUT & set(done.err.splitlines())


def test_annotations_of_the_same_text_are_compiled_once(openai: Shell, server: Server) -> None:
    server.reply(Reply(body={"id": "x"}))
    count = """
import atexit, typing, sys
atexit.register(lambda: print(*typing.compile.cache_info()[:2], file=sys.stderr))
"""
    hits, misses = openai.after(count, *RUN, OPENAI_BASE_URL=server.url).err.split()
    assert int(hits) > int(misses) > 0


@pytest.mark.skipif(
    not hasattr(dataclasses, "_create_fn"), reason="Python 3.13 compiles methods in another way"
)
def test_methods_of_dataclasses_are_compiled_when_they_are_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    create, compiled = vars(dataclasses)["_create_fn"], []

    def noting(name: str, *args: Any, **options: Any) -> object:
        compiled.append(name)
        return create(name, *args, **options)

    monkeypatch.setattr(dataclasses, "_create_fn", noting)
    late_loading.compile_methods_late()

    @dataclasses.dataclass(frozen=True, order=True, slots=True)
    class Point:
        x: int
        y: int = 0

    assert compiled == ["__init__"]
    point = Point(1)
    assert repr(point).endswith(".Point(x=1, y=0)")
    assert point == Point(1) != Point(2)
    assert hash(point) == hash(Point(1))
    assert (point < Point(2)) is True
    assert point.__eq__(1) is NotImplemented
    with pytest.raises(TypeError):
        _ = point < 1  # type: ignore[operator]  # this is what is tested
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'x'"):
        point.x = 2  # type: ignore[misc]  # this is what is tested
    assert Point.__repr__.__qualname__.endswith(".Point.__repr__")
    assert compiled == ["__init__", "__repr__", "__eq__", "__hash__", "__lt__", "__setattr__"]


def test_a_module_that_comes_later_comes_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = "import time\nfirst = 1\ntime.sleep(0.1)\nimport slow_module\nlast = slow_module.first"
    (tmp_path / "slow_module.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    late_loading.load_late({"slow_module"})
    module = import_module("slow_module")
    assert "first" not in vars(module)
    with ThreadPoolExecutor(8) as threads:
        found = [threads.submit(getattr, module, "last") for _ in range(8)]
        assert [one.result() for one in found] == [1] * 8
    with pytest.raises(AttributeError, match="slow_module"):
        _ = module.missing
    assert sys.modules["slow_module"] is module


@pytest.mark.parametrize("flag", ["--version", "-v"])
def test_version_loads_one_module_of_ours(openai: Shell, flag: str) -> None:
    done = openai.after(PRINT_MODULES, flag)
    loaded = set(done.err.splitlines())
    ours = {name for name in loaded if name.startswith("openai_cli")}
    assert ours == {"openai_cli", "openai_cli.__main__"}
    assert not loaded & {"typer", "dataclasses", "typing"}


def test_the_process_leaves_without_taking_modules_apart(openai: Shell) -> None:
    last = """
import atexit, sys
class Last:
    def __del__(self):
        print("torn down", file=sys.stderr)
last = Last()
atexit.register(print, "at exit", file=sys.stderr)
"""
    assert openai.after(last, "--help").err == "at exit\n"
