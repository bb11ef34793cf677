"""Modules of other programs that hide a package this one needs, as a file on PYTHONPATH may."""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path

_NEEDED = ("typer", "httpx", "httpcore", "h11", "anyio", "certifi", "idna", "pydantic",
           "pydantic_core", "annotated_types", "typing_extensions", "rich", "ruamel",
           "platformdirs", "shellingham")  # fmt: skip
_PART_OF = {"ruamel": "ruamel.yaml"}


def hidden_package() -> str:
    """One sentence about the first package that is hidden, and by which file; empty if none is."""
    # Modules of Python come first: reading the metadata of packages needs some of them.
    for name in sorted(sys.modules, key=lambda name: (name not in sys.stdlib_module_names, name)):
        module = sys.modules[name]
        file = getattr(module, "__file__", None)
        if file and "." not in name and _hides(name, Path(file)):
            return (
                f"{file} hides the module {name} that this command needs: rename it, or take its "
                "folder out of PYTHONPATH"
            )
    return ""


def _hides(name: str, file: Path) -> bool:
    if name in sys.stdlib_module_names:
        homes = [Path(sysconfig.get_path(kind)) for kind in ("stdlib", "platstdlib")]
        # Extension modules may live elsewhere; they are never a user's plain files.
        return file.suffix == ".py" and not any(file.is_relative_to(home) for home in homes)
    if name not in _NEEDED:
        return False
    from importlib import metadata

    try:
        home = Path(str(metadata.distribution(_PART_OF.get(name, name)).locate_file("")))
    except metadata.PackageNotFoundError:
        return False
    return not file.is_relative_to(home)
