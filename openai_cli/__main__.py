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
    # Loading leaves no garbage, and one collection of its 70,000 objects takes 20 ms.
    gc.set_threshold(100_000)
    _leave(_run())


def _skip_modules() -> None:
    """Prevent libraries from loading modules that this tool does not need."""
    import typing
    from functools import cache

    from openai_cli.late_loading import compile_methods_late, load_late

    # If click is installed, httpx imports its own command line, and rich with it: 60 ms.
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # None forbids the import
    # pydantic searches all installed packages for its plugins: 35 ms.
    no_plugins = ModuleType("pydantic.plugin._loader")
    vars(no_plugins)["get_plugins"] = tuple
    sys.modules.setdefault(no_plugins.__name__, no_plugins)
    # httpx is used without asyncio: 3 ms.
    no_async = ModuleType("httpcore._async")
    vars(no_async)["__getattr__"] = lambda name: type(name, (), {})
    sys.modules.setdefault(no_async.__name__, no_async)
    # typing compiles annotations given as text; 591 of 837 are repetitions: 4 ms.
    vars(typing)["compile"] = cache(compile)
    load_late()
    compile_methods_late()


def _leave(code: int) -> None:
    """End the process without the clean-up of 400 modules: 40 ms.

    Streams, connections and stores are closed by now.
    """
    threads = sys.modules.get("threading")
    if threads and all(one.daemon for one in threads.enumerate() if one.name != "MainThread"):
        atexit._run_exitfuncs()  # removes temporary folders, saves coverage data
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
        # A file that shadows a package causes such errors in other packages.
        from openai_cli.shadowed_modules import hidden_package

        hidden = hidden_package()
        if not hidden:
            raise
        sys.stderr.write(f"error: {hidden}\n")
        return 1


def _print_version() -> bool:
    """Print the version before loading other modules; False if writing to stdout fails."""
    try:
        os.write(1, openai_cli.version_line().encode())
    except OSError:
        return False
    return True


if __name__ == "__main__":
    main()
