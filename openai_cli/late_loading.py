"""Defers what libraries do on import and most commands do not need."""

from __future__ import annotations

import dataclasses
import sys
from _thread import RLock
from collections.abc import Callable, Collection, Sequence
from functools import cache
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

LATE = frozenset({
    "anyio", "brotli", "bz2", "certifi", "email.header", "email.parser", "idna", "locale", "lzma",
    "mimetypes", "ntpath", "selectors", "shellingham", "socksio", "stringprep", "subprocess",
    "tokenize",
})  # fmt: skip
"""They take 15 ms of a call. Modules imported by `from name import …` cannot be loaded lazily."""


def load_late(names: Collection[str] = LATE) -> None:
    """From now on, these modules are loaded on first access to an attribute, not on import."""
    sys.meta_path.insert(0, _Finder(names))


def compile_methods_late() -> None:
    """From now on, dataclasses compile their methods on the first call, except `__init__`.

    Libraries define 55 dataclasses, few of which are ever compared or printed: 10 ms. Does nothing
    from Python 3.13 on, which compiles all methods of a class together.
    """
    create: Callable[..., Callable[..., Any]] | None = vars(dataclasses).get("_create_fn")
    if create is None:
        return

    def create_late(name: str, *args: Any, **options: Any) -> Callable[..., Any]:
        if name == "__init__":
            return create(name, *args, **options)
        compiled = cache(lambda: create(name, *args, **options))

        def method(*values: Any) -> Any:
            return compiled()(*values)

        method.__name__ = name
        return method

    vars(dataclasses)["_create_fn"] = create_late


class _Finder:
    """Finds these modules like Python, and replaces their loader."""

    def __init__(self, names: Collection[str]) -> None:
        self._names = names

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path, target) if name in self._names else None
        if spec and spec.loader:
            late: Any = _Loader(spec.loader)
            spec.loader = late
        return spec


class _Loader:
    """Like importlib.util.LazyLoader, which is not thread-safe before Python 3.11.8."""

    def __init__(self, loader: Any) -> None:
        self._loader = loader
        self.create_module = loader.create_module

    def exec_module(self, module: ModuleType) -> None:
        vars(module).update(__loader__=self._loader, __late__=self._loader, __lock__=RLock())
        if module.__spec__:
            module.__spec__.loader = self._loader
        module.__class__ = _LateModule


class _LateModule(ModuleType):
    """A module that may not be loaded yet."""

    def __getattr__(self, name: str) -> object:
        with vars(self)["__lock__"]:
            if loader := vars(self).pop("__late__", None):
                loader.exec_module(self)
        return super().__getattribute__(name)
