"""Loads some modules lazily: libraries import them, but most commands do not use them."""

from __future__ import annotations

import sys
from _thread import RLock
from collections.abc import Collection, Sequence
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
