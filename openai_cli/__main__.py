"""The `openai` command."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from types import ModuleType

import openai_cli


def main() -> None:
    """Run the command line of this process and exit with its code."""
    if sys.argv[1:] in (["--version"], ["-v"]) and _print_version():
        return
    # Loading leaves no garbage, and one look at its 70,000 objects takes 20 ms.
    gc.set_threshold(100_000)
    _leave(_run())


def _skip_modules() -> None:
    """Keep libraries from loading modules that are of no use here."""
    import typing
    from functools import cache

    from openai_cli.late_modules import load_late

    # If click is installed, httpx imports its own command line, and rich with it: 60 ms.
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # None forbids the import
    # pydantic looks through all installed packages for plugins of its own: 35 ms.
    no_plugins = ModuleType("pydantic.plugin._loader")
    vars(no_plugins)["get_plugins"] = tuple
    sys.modules.setdefault(no_plugins.__name__, no_plugins)
    # httpx is used without asyncio: 3 ms.
    no_async = ModuleType("httpcore._async")
    vars(no_async)["__getattr__"] = lambda name: type(name, (), {})
    sys.modules.setdefault(no_async.__name__, no_async)
    # typing compiles annotations that are texts, 591 of 837 of them the same as one before: 4 ms.
    vars(typing)["compile"] = cache(compile)
    load_late()


def _leave(code: int) -> None:
    """End the process without taking 400 modules apart: 40 ms.

    Streams, connections and stores are closed by now.
    """
    threads = sys.modules.get("threading")
    if threads and all(one.daemon for one in threads.enumerate() if one.name != "MainThread"):
        atexit._run_exitfuncs()  # temporary folders, and who measures coverage
        os._exit(code)
    sys.exit(code)


def _run() -> int:
    try:
        # Imported here, so that Ctrl-C while modules load is handled too.
        from openai_cli.cli.interrupts import watched

        with watched() as interrupted:
            _skip_modules()
            from openai_cli.cli.main import run

            return run(tuple(sys.argv[1:]), interrupted)
    except KeyboardInterrupt:
        return 130
    except (ImportError, AttributeError, TypeError):
        # A file that hides a package breaks the loading of the others in such ways.
        from openai_cli.shadowed_modules import hidden_package

        hidden = hidden_package()
        if not hidden:
            raise
        sys.stderr.write(f"error: {hidden}\n")
        return 1


def _print_version() -> bool:
    """Print the version before anything is loaded; False if stdout does not take it."""
    try:
        os.write(1, openai_cli.version_line().encode())
    except OSError:
        return False
    return True


if __name__ == "__main__":
    main()
